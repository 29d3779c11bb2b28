// What a playbook module is: a table of parameters, and a function from parameters to one sh script and the pure parser of its answer.
// Rules for every script: it looks first, changes only what differs, and answers in the format of `answer.ts`; in check mode it only looks.
import type { HostText } from '../base/host-text.js';
import type { CommandResult } from '../ssh/session.js';
import type { Parameters, ParamsOf } from './params.js';

export interface ModuleContext {
  /** Look, and say what would change. */
  readonly check: boolean;
  readonly diff: boolean;
  /** Parameters may be secrets: they stay out of the script's label. */
  readonly noLog: boolean;
  /** Reads a file of the controller, for `src`; relative to the playbook. */
  readonly readLocal: (path: string) => Promise<Buffer>;
}

export interface ModuleResult {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly skipped?: boolean;
  /** One sentence. It may hold what the host said: printed through `printable` only. */
  readonly msg?: HostText;
  readonly hint?: string;
  /** What `register` gets besides changed, failed, skipped and msg. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly diff?: HostText;
  readonly warnings?: readonly HostText[];
  /** set_fact only: variables for this host. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

export type ModulePlan =
  /** Nothing to ask the host. */
  | { readonly kind: 'done'; readonly result: ModuleResult }
  | {
      readonly kind: 'script';
      readonly script: string;
      readonly input?: Buffer;
      readonly timeoutMs?: number;
      /** Pure. @throws FleetTapError when the answer is not one */
      parse(result: CommandResult): ModuleResult;
    };

export interface PlaybookModule<P extends Parameters = Parameters> {
  readonly name: string;
  readonly parameters: P;
  /** The parameter that a plain string stands for: `command: uname -r`. */
  readonly freeForm?: string;
  /** Any name is a parameter: set_fact. */
  readonly takesAnyName?: boolean;
  /** A rule that concerns more than one parameter, or the text before templates are rendered. Returns what is wrong. */
  checkWritten?(written: Readonly<Record<string, unknown>>): { readonly message: string; readonly hint?: string; readonly parameter?: string } | undefined;
  plan(params: ParamsOf<P>, context: ModuleContext): ModulePlan | Promise<ModulePlan>;
}

/** For the table: a module whose parameters have been checked by the table itself. */
export type AnyModule = PlaybookModule<Parameters>;
