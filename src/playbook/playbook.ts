// A playbook as it was loaded: everything checked that can be checked without a host.
import type { Place } from '../base/errors.js';
import type { Vault } from '../base/vault.js';
import type { MapEntry, YamlFile } from '../base/yaml.js';
import type { AnyModule } from '../modules/module.js';
import type { Condition } from './condition.js';
import type { Template, TemplateValue } from './template.js';

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}

/** Variables by name, as written; a string may be a template. */
export type WrittenVars = Readonly<Record<string, TemplateValue>>;

type Switch = boolean | Template | undefined;

/** The keys that plays, roles, blocks and tasks have in common. */
export interface Directives {
  readonly when: readonly Condition[];
  readonly tags: readonly TemplateValue[];
  readonly environment: readonly TemplateValue[];
  readonly vars: WrittenVars;
  /** `vars:` of an include: they win over set_fact. */
  readonly params?: WrittenVars;
  readonly become: Switch;
  readonly becomeUser: TemplateValue;
  readonly becomeMethod: TemplateValue;
  readonly becomeFlags: TemplateValue;
  readonly becomeExe: TemplateValue;
  readonly ignoreErrors: Switch;
  readonly ignoreUnreachable: Switch;
  readonly checkMode: Switch;
  readonly diff: Switch;
  readonly noLog: Switch;
  readonly runOnce: Switch;
  readonly delegateTo: TemplateValue;
  readonly delegateFacts: Switch;
  readonly anyErrorsFatal: Switch;
  readonly timeoutSec: TemplateValue;
  readonly connection: TemplateValue;
  readonly throttle: TemplateValue;
  readonly remoteUser: TemplateValue;
  readonly port: TemplateValue;
  /** Which handlers a change of the tasks within notifies. */
  readonly notify: TemplateValue;
  /** By the module's name; the innermost that names a module counts, whole. */
  readonly moduleDefaults: ReadonlyMap<string, WrittenDefaults> | undefined;
}

/** module_defaults of one module: its parameters, where they stand. */
export type WrittenDefaults = ReadonlyMap<string, { readonly yaml: YamlFile; readonly item: MapEntry }>;

/** A role as it is used once. */
export interface Role {
  readonly name: string;
  /** Its folder. */
  readonly path: string;
  readonly defaults: WrittenVars;
  /** vars/main.yml */
  readonly vars: WrittenVars;
  /** `vars:` where it is used. */
  readonly ownVars: WrittenVars;
  /** `{role: x, name: value}` where it is used. */
  readonly params: WrittenVars;
  readonly own: Directives;
  /** Who needs it, the outermost first. */
  readonly parents: readonly Role[];
  readonly dependencies: readonly Role[];
  readonly allowDuplicates: boolean;
  /** Equal for two uses that are the same role with the same parameters. */
  readonly key: string;
}

/** A question of vars_prompt. */
export interface VarsPrompt {
  readonly name: string;
  readonly prompt: TemplateValue;
  readonly default: TemplateValue;
  readonly isPrivate: boolean;
  readonly confirm: boolean;
  /** The answer is no template. */
  readonly isUnsafe: boolean;
  /** The variable is the answer's hash. */
  readonly encrypt: TemplateValue;
  readonly salt: TemplateValue;
  readonly saltSize: TemplateValue;
}

/** Which facts a play gathers; undefined: all. */
export interface FactChoice {
  readonly subset: TemplateValue;
  /** The folder of the host's own facts. */
  readonly path: TemplateValue;
  readonly filter: TemplateValue;
}

export interface Play {
  readonly name: TemplateValue;
  /** Host patterns; may be a template over extra variables. */
  readonly hosts: TemplateValue;
  readonly hostsPlace: Place;
  readonly own: Directives;
  /** undefined: the play does not say. */
  readonly gatherFacts: boolean | Template | undefined;
  readonly gathers: FactChoice;
  readonly serial: TemplateValue;
  readonly maxFailPercentage: TemplateValue;
  readonly strategy: 'linear' | 'free';
  readonly forceHandlers: boolean | Template | undefined;
  readonly order: string | undefined;
  readonly vars: WrittenVars;
  readonly varsFiles: readonly VarsFile[];
  readonly varsPrompt: readonly VarsPrompt[];
  /** Those of roles: and of import_role, whose variables the whole play sees; include_role with public adds more. */
  readonly roles: Role[];
  readonly preTasks: readonly Step[];
  /** roles:, then tasks:. */
  readonly tasks: readonly Step[];
  readonly postTasks: readonly Step[];
  /** Of roles, then the play's; a dynamic include_role adds more. */
  readonly handlers: Handler[];
  /** The playbook's folder: `playbook_dir`. */
  readonly folder: string;
  /** Of files that are read while it runs. */
  readonly vault: Vault;
  readonly place: Place;
}

/** An entry of vars_files: the first of the candidates that is there. */
export interface VarsFile {
  readonly candidates: readonly TemplateValue[];
  /** Where all names are known before the run. */
  readonly vars: WrittenVars | undefined;
  readonly place: Place;
}

export type Step = Task | Include | Meta | Block | RoleSteps;
export type Handler = Task | Include | Meta;

/** What tasks of every kind have. */
export interface TaskBase {
  readonly name: string | Template | undefined;
  /** As it was written: `apt`, `ansible.builtin.apt`. */
  readonly action: string;
  readonly own: Directives;
  /** Around it, the innermost first: blocks, includes, roles, the play. */
  readonly around: readonly Directives[];
  readonly role: Role | undefined;
  readonly loop: Loop | undefined;
  readonly register: string | undefined;
  /** Handlers only: other names under which they are notified. */
  readonly listen: readonly string[];
  readonly place: Place;
}

export interface Task extends TaskBase {
  readonly kind: 'task';
  readonly module: AnyModule;
  readonly args: Readonly<Record<string, Argument>>;
  /** `args: "{{ mapping }}"`: parameters that are known when it runs. */
  readonly moreArgs: TemplateValue;
  /** Which parameters are there is known in the run only: `omit`, or moreArgs. The module's rules about more than one are looked at then. */
  readonly mayLackArgs: boolean;
  readonly changedWhen: readonly Condition[] | undefined;
  readonly failedWhen: readonly Condition[] | undefined;
  readonly until: readonly Condition[] | undefined;
  readonly retries: TemplateValue;
  readonly delaySec: TemplateValue;
  readonly notify: TemplateValue;
}

/** include_tasks and include_role: what they name is known when they run, or was loaded before to be checked. */
export interface Include extends TaskBase {
  readonly kind: 'include';
  readonly what: 'tasks' | 'role';
  /** File or role. */
  readonly target: TemplateValue;
  readonly roleOptions: RoleOptions;
  /** `apply:`: what holds for the tasks included. */
  readonly apply: Directives | undefined;
  isThere(target: string): Promise<boolean>;
  /** Loads for a rendered target, and for rendered names of the role's files. */
  load(target: string, from: RoleFiles): Promise<Included>;
}

/** `tasks_from` and its like: what is not there is `main`. */
export type RoleFiles = Readonly<Partial<Record<RoleFolder, string>>>;

export type RoleFolder = 'tasks' | 'vars' | 'defaults' | 'handlers';

export interface RoleOptions {
  readonly isPublic: boolean;
  readonly from: ReadonlyMap<RoleFolder, TemplateValue>;
}

export interface Included {
  /** The file, or the role's name. */
  readonly shown: string;
  readonly steps: readonly Step[];
  readonly handlers: readonly Handler[];
  readonly role: Role | undefined;
}

export type MetaAction = 'flush_handlers' | 'noop' | 'end_play' | 'end_host' | 'end_batch' | 'clear_host_errors' | 'clear_facts' | 'refresh_inventory' | 'reset_connection' | 'end_role';

export interface Meta extends TaskBase {
  readonly kind: 'meta';
  readonly meta: MetaAction;
}

export interface Block {
  readonly kind: 'block';
  readonly own: Directives;
  readonly around: readonly Directives[];
  readonly tasks: readonly Step[];
  readonly rescue: readonly Step[];
  readonly always: readonly Step[];
}

/** The tasks of one use of a role; run once a host unless it may be run again. */
export interface RoleSteps {
  readonly kind: 'role';
  readonly role: Role;
  readonly steps: readonly Step[];
}

export interface Loop {
  readonly kind: 'loop' | 'items' | 'list' | 'flattened' | 'dict' | 'fileglob' | 'together' | 'nested' | 'sequence' | 'indexed' | 'subelements' | 'first_found' | 'file' | 'ini' | 'csvfile' | 'pipe' | 'lines' | 'hostnames' | 'random';
  readonly value: TemplateValue;
  readonly place: Place;
  readonly loopVar: TemplateValue;
  readonly indexVar: TemplateValue;
  /** Behind an item where these hold no further one begins. */
  readonly breakWhen: readonly Condition[];
  readonly label: TemplateValue;
  readonly pauseSec: TemplateValue;
  readonly isExtended: Switch;
  /** `extended_allitems`: whether ansible_loop holds the whole list; where nothing is said it does. */
  readonly hasAllItems: Switch;
}

export interface WrittenValue {
  readonly kind: 'value';
  readonly value: TemplateValue;
  readonly place: Place;
  readonly sourceLine: string | undefined;
  readonly keyTemplate?: Template;
  readonly isDefault?: true;
  /** What another name of the parameter says, for when this is omitted. */
  readonly otherwise?: WrittenValue;
}

/** The value of a parameter: data with templates in it, or expressions. */
export type Argument =
  | WrittenValue
  | { readonly kind: 'conditions'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'expression'; readonly expression: Condition }
  /** The expression's text comes from a template: only what the user wrote is one. */
  | { readonly kind: 'named-expression'; readonly template: Template };
