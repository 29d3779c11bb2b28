// validate_argument_spec: the values of a role's variables against its argument specification (meta/argument_specs.yml). Asks the host nothing.
// A role with a specification begins with a task of this (load-role.ts).
import { checkArguments, type Spec } from './argument-spec.js';
import { isMapping } from './argument-types.js';
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';

const parameters = {
  argument_spec: { type: 'mapping', required: true },
  provided_arguments: { type: 'mapping', default: {} },
  validate_args_context: { type: 'mapping', default: {} },
} as const satisfies Parameters;

export const validateArgumentSpec: PlaybookModule<typeof parameters> = {
  name: 'validate_argument_spec',
  ahead: 'local',
  parameters,
  plan: ({ argument_spec, provided_arguments, validate_args_context }, { variable }) => {
    for (const [name, option] of Object.entries(argument_spec)) if (!isMapping(option)) throw new ParameterError(`the option "${name}" of the argument specification is not a mapping`, 'argument_spec');
    const given = Object.fromEntries(Object.keys(argument_spec).flatMap((name) => {
      const value = variable(name);
      return value === undefined ? [] : [[name, value] as const];
    }));
    const errors = checkArguments(argument_spec as Spec, { ...given, ...provided_arguments });
    if (errors.length === 0) return { kind: 'done', result: { changed: false, msg: 'The arg spec validation passed', values: { validate_args_context } } };
    const msg = `Validation of arguments failed:\n${errors.join('\n')}`;
    return { kind: 'done', result: { changed: false, failed: true, msg, values: { validate_args_context, argument_spec_data: argument_spec, argument_errors: errors } } };
  },
};

