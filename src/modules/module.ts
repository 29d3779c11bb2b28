// What a playbook module is: a table of parameters, and a function from parameters to one sh script and the pure parser of its answer.
// Rules for every script: it looks first, changes only what differs, and answers in the format of `answer.ts`; in check mode it only looks.
import type { HostText } from '../base/host-text.js';
import type { CommandResult } from '../ssh/session.js';
import type { Parameters, ParamsOf } from './params.js';

export interface ModuleContext {
  /** Look, and say what would change. */
  readonly check: boolean;
  readonly diff: boolean;
  /** How often -v was given. */
  readonly verbosity: number;
  /** Parameters may be secrets: they stay out of the script's label. */
  readonly noLog: boolean;
  /** It is not the task's turn yet: what costs more than a moment is not worth doing, and a plan without a `look` will do. Default: false. */
  readonly isAhead?: boolean;
  /** Somebody watches programs while they run: see program-output.ts. Default: false. */
  readonly isShown?: boolean;
  /** As the inventory names it. */
  readonly hostName: string;
  /** The playbook's folder: relative paths of the controller begin there. */
  readonly localFolder: string;
  /**
   * Where a file of the controller is: below the role's folder of that name, the role, the folder of the task's file, the playbook's.
   * @throws FleetTapError kind `host`, code `file-missing`
   */
  readonly findLocal: (folder: 'files' | 'templates' | 'vars', path: string) => Promise<string>;
  /** A file of the controller, decrypted where Ansible Vault has encrypted it. @param path as `findLocal` gave it. @throws FleetTapError kind `host` */
  readonly readLocal: (path: string) => Promise<Buffer>;
  /** A file of the controller as a template, rendered with the task's variables and `more`. @param path as `findLocal` gave it */
  readonly renderTemplate: (path: string, more?: Readonly<Record<string, unknown>>, options?: TemplateOptions) => Promise<string>;
  /** The value of a variable of the task, as a task takes it; undefined where nobody has set it. @throws FleetTapError kind `host` where it is made of something undefined */
  readonly variable: (name: string) => unknown;
  /** A YAML or JSON file of the controller: variables that the user wrote, which may hold templates. @param path as `findLocal` gave it */
  readonly readVars: (path: string) => Promise<Readonly<Record<string, unknown>>>;
}

/** How a template is read; the defaults are those of Ansible's module template. */
export interface TemplateOptions {
  readonly trimBlocks?: boolean;
  readonly lstripBlocks?: boolean;
  /** What stands for a newline in the result. */
  readonly newlineSequence?: string;
  readonly variableStart?: string | undefined;
  readonly variableEnd?: string | undefined;
  readonly blockStart?: string | undefined;
  readonly blockEnd?: string | undefined;
  readonly commentStart?: string | undefined;
  readonly commentEnd?: string | undefined;
}

/** What the engine does with a result besides registering it. Each is done once for each loop item. */
export type Effect =
  /** add_host: in the inventory from now on, and in these groups. */
  | { readonly kind: 'add-host'; readonly host: string; readonly groups: readonly string[]; readonly vars: Readonly<Record<string, unknown>> }
  /** group_by: this host is in the group. */
  | { readonly kind: 'add-group'; readonly group: string; readonly parents: readonly string[] }
  /** set_stats: for the host, or for the run. */
  | { readonly kind: 'stats'; readonly data: Readonly<Record<string, unknown>>; readonly isPerHost: boolean; readonly aggregates: boolean }
  /** include_vars: what `readVars` gave, with the precedence of include_vars; `shown` is what stands for it in the result. */
  | { readonly kind: 'include-vars'; readonly vars: Readonly<Record<string, unknown>>; readonly shown: unknown }
  /**
   * setup, package_facts, service_facts: into `ansible_facts`, names without `ansible_`. `areBare`: variables of their own have these names as they are;
   * else `ansible_` stands before them.
   */
  | { readonly kind: 'ansible-facts'; readonly facts: Readonly<Record<string, unknown>>; readonly areBare?: boolean };

/** How a script of a plan is run. */
export interface StepOptions {
  readonly input?: Buffer;
  readonly timeoutMs?: number;
  /** Ctrl-C ends it: it changes nothing, or is the user's own program. Default: it is waited for. */
  readonly mayEnd?: boolean;
  /** What stands before this on standard output, and all of standard error, is the user's program's: shown as it comes. */
  readonly shownUntil?: string | undefined;
  /** As in RunOptions. */
  readonly leavesNothing?: boolean;
}

/** What an action has: the connection of the task's host (or of delegate_to), and the person. */
export interface ActionHost {
  /** The task's, as it is told. */
  readonly taskName: string;
  /** It is this machine, without SSH. */
  readonly isLocal: boolean;
  /** One script, as the become user of the task. @throws FleetTapError kind `unreachable` when the connection is lost */
  run(script: string, options?: StepOptions): Promise<CommandResult>;
  /** Gives up the connection and makes a new one. @throws FleetTapError kind `unreachable` */
  reconnect(): Promise<void>;
  /** The host's facts, asked anew. @param localFrom the folder of the host's own facts */
  gatherFacts(localFrom: string): Promise<Readonly<Record<string, unknown>>>;
  sleep(sec: number): Promise<void>;
  /** A line for whoever watches. */
  say(line: string): void;
  /** One line that a person types; undefined where there is nobody. */
  readonly ask: ((prompt: string, hidden: boolean) => Promise<string>) | undefined;
}

/** As Ansible's modules give it: texts, or mappings of attributes; `prepared` is shown as it is. */
export interface ModuleDiff {
  readonly before?: HostText | Readonly<Record<string, unknown>>;
  readonly after?: HostText | Readonly<Record<string, unknown>>;
  readonly before_header?: HostText;
  readonly after_header?: HostText;
  readonly prepared?: HostText;
  /** Why a side is missing: it is binary, or has more bytes than this. */
  readonly dst_binary?: 1;
  readonly src_binary?: 1;
  readonly dst_larger?: number;
  readonly src_larger?: number;
}

export interface ModuleResult {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly skipped?: boolean;
  /** One sentence. It may hold what the host said: printed through `printable` only. */
  readonly msg?: HostText;
  /** What a person is told in place of `msg`; not registered. */
  readonly said?: HostText;
  readonly hint?: string;
  /** What `register` gets besides changed, failed, skipped and msg. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Its stdout is nobody's: without stdout_lines. */
  readonly hasNoLines?: boolean;
  readonly diff?: ModuleDiff | readonly ModuleDiff[];
  readonly warnings?: readonly HostText[];
  /** set_fact only: variables for this host. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly effects?: readonly Effect[];
  /** Whether a plain line shows the result: with -v (default), always (debug, assert), never (setup). */
  readonly shows?: 'always' | 'never';
}

export type ModulePlan =
  /** Nothing to ask the host. */
  | { readonly kind: 'done'; readonly result: ModuleResult }
  /** More than one script, or something that is no script: reboot, pause, setup. */
  | { readonly kind: 'action'; run(host: ActionHost): Promise<ModuleResult> }
  | {
      readonly kind: 'script';
      readonly script: string;
      readonly input?: Buffer;
      readonly timeoutMs?: number;
      /**
       * The same with nothing done: it changes nothing on the host, takes no input, and says all on standard output. Where `parse` finds in its answer that
       * nothing is to be changed and nothing failed, that is the task's result. Equal to `script`: that one only looks, and any answer is the task's.
       */
      readonly look?: string;
      /** A path that `look` asks for by OWN's functions (ownership.ts, seenScript). */
      readonly seen?: string | undefined;
      /** Standard error is part of the answer: nothing else may run beside it. Default: false. */
      readonly isAlone?: boolean;
      /** These as in StepOptions. What only looks may be ended anyway, and leaves nothing. */
      readonly mayEnd?: boolean;
      readonly leavesNothing?: boolean;
      readonly shownUntil?: string | undefined;
      /**
       * Pure. The result; or, where the first script has only looked and something is to be done, the next one: a task that changes nothing costs
       * one round trip. @throws FleetTapError when the answer is not one
       */
      parse(result: CommandResult): ModuleResult | ModulePlan;
    };

/** What a plan has to be asked of the host, once. */
export type PlanStep = Exclude<ModulePlan, { readonly kind: 'done' }>;
export type ScriptStep = Extract<ModulePlan, { readonly kind: 'script' }>;

/** Runs a plan to its end: one step after the other. @param take how a step is taken */
export async function finishPlan(plan: ModulePlan, host: ActionHost, take: (step: PlanStep) => Promise<ModuleResult | ModulePlan> = (step) => takeStep(step, host)): Promise<ModuleResult> {
  let next: ModuleResult | ModulePlan = plan;
  while ('kind' in next) next = next.kind === 'done' ? next.result : await take(next);
  return next;
}

export async function takeStep(step: PlanStep, host: ActionHost): Promise<ModuleResult | ModulePlan> {
  return step.kind === 'action' ? step.run(host) : step.parse(await host.run(step.script, scriptOptions(step)));
}

export function scriptOptions({ input, timeoutMs, mayEnd, leavesNothing, shownUntil, look, script }: ScriptStep): StepOptions {
  return { leavesNothing: leavesNothing === true || look === script, ...(input === undefined ? {} : { input }), ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(mayEnd === true || look === script ? { mayEnd: true } : {}), ...(shownUntil === undefined ? {} : { shownUntil }) };
}

export interface PlaybookModule<P extends Parameters = Parameters> {
  readonly name: string;
  /** Whose it is, in its full name. Default: ansible.builtin. */
  readonly collection?: string;
  readonly parameters: P;
  /** The parameter that a plain string stands for: `command: uname -r`. */
  readonly freeForm?: string;
  /** Any name is a parameter: set_fact. */
  readonly takesAnyName?: boolean;
  /**
   * Whether a run may look at the tasks behind it before it is its turn. `looks`: its plan may have a `look`, and making that plan twice harms nobody;
   * `local`: it asks the host nothing. Default: no.
   */
  readonly ahead?: 'looks' | 'local';
  /** Once for all hosts of the play: add_host, pause (Ansible's BYPASS_HOST_LOOP). */
  readonly runsOnce?: boolean;
  /** A rule that concerns more than one parameter, or the text before templates are rendered. Returns what is wrong. */
  checkWritten?(written: Readonly<Record<string, unknown>>): { readonly message: string; readonly hint?: string; readonly parameter?: string } | undefined;
  plan(params: ParamsOf<P>, context: ModuleContext): ModulePlan | Promise<ModulePlan>;
}

/** For the table: a module whose parameters have been checked by the table itself. */
export type AnyModule = PlaybookModule<Parameters>;
