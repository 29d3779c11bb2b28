// What the parts of the loader hand on: the file they are in, what is around it, and what the play collects.
import type { Node } from 'yaml';
import type { FleetTapError } from '../base/errors.js';
import type { Vault } from '../base/vault.js';
import type { YamlFile } from '../base/yaml.js';
import type { NamesOf } from './names-of.js';
import type { Directives, Handler, Role, Step } from './playbook.js';

/** One for each play. */
export interface PlayContext {
  /** `playbook_dir`. */
  readonly folder: string;
  /** Where roles are looked for besides the playbook's own folder. */
  readonly rolesPath: readonly string[];
  /** What names of imported files and roles may use: -e and the play's own variables. */
  readonly names: NamesOf;
  /** Hosts go through it one by one. */
  readonly isFree: boolean;
  readonly roles: Role[];
  /** Of roles: ; those of import_role stand behind the play's own. */
  readonly handlers: Handler[];
  readonly importedHandlers: Handler[];
  /** By the role's key: two uses of one role with the same parameters have one set of handlers. */
  readonly handlersOf: Map<string, readonly Handler[]>;
  /** Told about each mistake; without it the first one is thrown. */
  readonly onMistake: ((error: FleetTapError) => void) | undefined;
  /** Told about each task, supported or not. */
  readonly onTask: ((task: TaskSeen) => void) | undefined;
  readonly vault: Vault;
  /** Files being loaded: one that includes itself is loaded when it runs. */
  readonly open: readonly string[];
  /** Handed in: files of tasks name roles, and roles have files of tasks. */
  readonly loadSteps: (context: LoadContext, node: Node | null, what: string) => Promise<Step[]>;
}

/** For `lint`. */
export interface TaskSeen {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly name: string;
  /** What it includes is known only when it runs. */
  readonly isDynamic: boolean;
  /** Why it is refused. */
  readonly mistake: FleetTapError | undefined;
}

export interface LoadContext {
  readonly yaml: YamlFile;
  readonly play: PlayContext;
  readonly role: Role | undefined;
  /** The innermost first. */
  readonly around: readonly Directives[];
  readonly kind: 'task' | 'handler';
  /** Folders of the files of tasks around it, as includes and imports name them, the innermost first. Default: none. */
  readonly namedFolders?: readonly string[];
}
