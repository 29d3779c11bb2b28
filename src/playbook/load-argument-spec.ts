// What comes in: a role and the entry point of it that is used. What goes out: the task that checks the role's variables against its argument
// specification, with which the role then begins (playbook/role/__init__.py, _prepend_validation_task); or none.
import { join } from 'node:path';
import { isMap, type Node } from 'yaml';
import { resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { validateArgumentSpec } from '../modules/validate-argument-spec.js';
import { NO_DIRECTIVES } from './directives.js';
import type { LoadContext } from './load-context.js';
import type { Role, Task } from './playbook.js';
import { readYaml, roleFiles } from './read-file.js';
import { entriesOf, INVALID, textOf } from './read-keys.js';
import { compileNode } from './template.js';

/** argument_specs: of meta/main.yml. */
export interface WrittenSpecs {
  readonly yaml: YamlFile;
  readonly node: Node | null;
}

/**
 * meta/argument_specs.yml, which goes before meta/main.yml.
 * @throws FleetTapError kind `input`
 */
export async function readArgumentSpecs({ play }: LoadContext, rolePath: string, ofMeta: WrittenSpecs | undefined): Promise<WrittenSpecs | undefined> {
  const [file] = await roleFiles(join(rolePath, 'meta'), 'argument_specs', false);
  if (file === undefined) return ofMeta;
  const yaml = await readYaml(file, 'argument specification', play.vault);
  const root = resolveAlias(yaml, yaml.root);
  return isMap(root) ? { yaml, node: entriesOf(yaml, root, 'an argument specification').get('argument_specs')?.value ?? null } : undefined;
}

/** @param entryPoint as tasks_from says it */
export function validationTask(context: LoadContext, role: Role, specs: WrittenSpecs | undefined, entryPoint: string): Task[] {
  if (specs === undefined || !isMap(resolveAlias(specs.yaml, specs.node))) return [];
  const { yaml } = specs;
  const entry = entriesOf(yaml, specs.node, 'argument_specs').get(entryPoint);
  if (entry === undefined || !isMap(resolveAlias(yaml, entry.value))) return [];
  const spec = entriesOf(yaml, entry.value, 'an argument specification');
  const options = spec.get('options');
  if (options !== undefined && options.value !== null) {
    for (const [name, { value, keyNode }] of entriesOf(yaml, options.value, 'options')) if (!isMap(resolveAlias(yaml, value))) throw yamlError(yaml, keyNode, `the option "${name}" is described by a mapping`, { code: INVALID, hint: `${name}: {type: str}` });
  }
  const short = textOf(yaml, spec, 'short_description');
  const place = yamlPlace(yaml, entry.keyNode);
  const value = (one: unknown) => ({ kind: 'value', value: one, place, sourceLine: undefined }) as const;
  return [{
    kind: 'task',
    name: `Validating arguments against arg spec '${entryPoint}'${short === undefined ? '' : ` - ${short}`}`,
    action: 'ansible.builtin.validate_argument_spec',
    own: { ...NO_DIRECTIVES, tags: ['always'] },
    around: context.around,
    role,
    loop: undefined,
    register: undefined,
    listen: [],
    place,
    module: validateArgumentSpec as unknown as Task['module'],
    args: {
      argument_spec: value(options === undefined ? {} : (compileNode(yaml, options.value) ?? {})),
      provided_arguments: value(role.params),
      validate_args_context: value({ argument_spec_name: entryPoint, name: role.name, path: role.path, type: 'role' }),
    },
    moreArgs: undefined,
    mayLackArgs: false,
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    retries: undefined,
    delaySec: undefined,
    notify: undefined,
  }];
}
