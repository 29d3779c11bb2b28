// The shape of a filter and of a test, and what they may ask of the evaluator. Tables of them: filter-table.ts, test-table.ts.
import type { CallArguments } from './objects.js';
import { bind, type Bound } from './signature.js';

/** What a filter may use besides its input: other filters by name (`map('upper')`), variables, the folder of the playbook. */
export interface PluginContext {
  filter(name: string, input: unknown, args: CallArguments): unknown;
  /** Yes or no, or Undefined. */
  test(name: string, input: unknown, args: CallArguments): unknown;
  /** The value of a variable, or Undefined. */
  variable(name: string): unknown;
  /** A file of the controller, decrypted where Ansible Vault has encrypted it. @throws FleetTapError kind `host` */
  readFile(path: string): Buffer;
  readonly renderFile: RenderFile;
  /** @throws FleetTapError before the run, and where a task is looked at ahead */
  controller(): Controller;
}

export interface ProgramOutput {
  readonly status: number | string;
  readonly stdout: Buffer;
}

/** What lookups do on this machine besides reading. */
export interface Controller {
  /** A line for sh, in the playbook's folder. */
  run(line: string): ProgramOutput;
  /** A file that its owner alone may read; folders that are missing are made. @throws FleetTapError kind `host` */
  write(path: string, text: string): void;
}

/**
 * A template of the controller, rendered with the variables (not with names of the template that asks).
 * @param marks as the template module's parameters of these names @throws FleetTapError
 */
export type RenderFile = (text: string, path: string, more: Readonly<Record<string, unknown>>, marks: TemplateMarks) => unknown;

export interface TemplateMarks {
  readonly trimBlocks: boolean;
  readonly variableStart: string | undefined;
  readonly variableEnd: string | undefined;
  readonly commentStart: string | undefined;
  readonly commentEnd: string | undefined;
}

export interface Filter {
  /** Takes an undefined input; all others stop with an error there. */
  readonly takesUndefined?: boolean;
  apply(input: unknown, args: CallArguments, context: PluginContext): unknown;
}

export interface Test {
  readonly takesUndefined?: boolean;
  apply(input: unknown, args: CallArguments, context: PluginContext): boolean;
}

/** A filter whose arguments may be given by position or by name. */
export function filter(parameters: readonly string[], apply: (input: unknown, args: Bound, context: PluginContext) => unknown): Filter {
  return { apply: (input, args, context) => apply(input, bind(parameters, args), context) };
}

export function test(parameters: readonly string[], apply: (input: unknown, args: Bound, context: PluginContext) => boolean): Test {
  return { apply: (input, args, context) => apply(input, bind(parameters, args), context) };
}
