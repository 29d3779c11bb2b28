// What comes in: ansible.cfg and ANSIBLE_* variables. What goes out: the settings that concern inventory, connection, become, forks, output and vault.
// Guaranteed: Ansible's search order ($ANSIBLE_CONFIG, ./ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg; the first that exists is the only
// one) and its order of sources (environment over file, the last name of one thing over those before it); never a file of a world-writable folder
// we are in (CVE-2018-10875), with a warning. Relative paths are those of the file's folder; of the environment, of the folder we are in.
// What is set there and cannot be honoured is refused, or told with its place (config-limits.ts).
import { booleanOf } from '../base/boolean-words.js';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { expandPath } from './written-path.js';
import { readConfigFile, type Setting, type WrittenSetting } from './config-file.js';
import { checkLimits } from './config-limits.js';
import type { Vars } from './host.js';
import type { InventoryRules } from './load.js';
import type { UnknownNames } from './pattern.js';

/** Facts at the beginning of a play: implicit, of each play; explicit, where the play asks for them; smart, once a host. */
export type Gathering = 'implicit' | 'explicit' | 'smart';

/** What ansible-playbook's lines leave out or say elsewhere; what is not set is shown, on standard output. */
export interface ShownResults {
  readonly skipped?: boolean;
  readonly ok?: boolean;
  /** Failures go to standard error. */
  readonly failedToStderr?: boolean;
  /** The place of a task that failed, before its result. */
  readonly taskPath?: boolean;
  /** What set_stats has collected, behind the recap. */
  readonly stats?: boolean;
}

export interface AnsibleConfig {
  readonly inventory?: readonly string[];
  readonly user?: string;
  readonly privateKey?: string;
  readonly timeout?: number;
  readonly forks?: number;
  readonly hostKeyChecking?: 'no';
  readonly become?: boolean;
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
  readonly connectionPasswordFile?: string;
  readonly becomePasswordFile?: string;
  readonly askVaultPass?: boolean;
  readonly vaultPasswordFile?: readonly string[];
  readonly vaultId?: readonly string[];
  readonly diff?: boolean;
  readonly export?: boolean;
  readonly playbookDir?: string;
  /** Folders with roles, in place of Ansible's own. */
  readonly rolesPath?: readonly string[];
  /** Levels of -v. */
  readonly verbose?: number;
  readonly rules?: InventoryRules;
  /** A plain name in a pattern that is neither host nor group. */
  readonly unknownNames?: UnknownNames;
  /** false: no colours (nocolor, NO_COLOR); true: even where nobody looks (force_color). */
  readonly colour?: boolean;
  /** Handlers that were notified run although a task has failed. */
  readonly forceHandlers?: boolean;
  /** What a play does that says nothing of gather_facts. */
  readonly gathering?: Gathering;
  /** Tags that every run takes and leaves out, besides those that are typed. */
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly shownResults?: ShownResults;
  /** What a task may take that says nothing; 0: no limit. */
  readonly taskTimeoutSec?: number;
  /** Lines of a diff around a change. */
  readonly diffContext?: number;
  /** A playbook in which hosts fail leaves their names in a file of its name: in this folder, or where it is itself. */
  readonly retryFiles?: { readonly folder: string | undefined };
  /** The text that templates get as `ansible_managed`. */
  readonly managed?: string;
  /** What has no option of its own, as the variables that it stands for; a host's own, and options, go before them. */
  readonly connectionVars: Vars;
  /** The file that was read. */
  readonly configFile?: string;
}

/** Of DEFAULT_ROLES_PATH, those that are not below Ansible's home. */
const SYSTEM_ROLES = ['/usr/share/ansible/roles', '/etc/ansible/roles'];
/** Folders with roles besides roles/ beside the playbook, where no setting says others. */
export const ROLES_PATH = ['~/.ansible/roles', ...SYSTEM_ROLES];

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly home: string;
  readonly warn: (message: string) => void;
  /** Whether playbooks of the user are played: settings that concern nothing else are passed over in silence otherwise. */
  readonly playsPlaybooks?: boolean;
}

/** Environment variables, then `section.key` of the file (ansible-core's config/base.yml and its plugins); of each kind the last that is set counts. */
const NAMES = {
  inventory: ['ANSIBLE_INVENTORY', 'defaults.inventory'],
  user: ['ANSIBLE_REMOTE_USER', 'defaults.remote_user'],
  privateKey: ['ANSIBLE_PRIVATE_KEY_FILE', 'defaults.private_key_file'],
  timeout: ['ANSIBLE_TIMEOUT', 'ANSIBLE_SSH_TIMEOUT', 'defaults.timeout', 'ssh_connection.timeout'],
  forks: ['ANSIBLE_FORKS', 'defaults.forks'],
  hostKeyChecking: ['ANSIBLE_HOST_KEY_CHECKING', 'ANSIBLE_SSH_HOST_KEY_CHECKING', 'defaults.host_key_checking', 'ssh_connection.host_key_checking'],
  become: ['ANSIBLE_BECOME', 'privilege_escalation.become'],
  askPass: ['ANSIBLE_ASK_PASS', 'defaults.ask_pass'],
  askBecomePass: ['ANSIBLE_BECOME_ASK_PASS', 'privilege_escalation.become_ask_pass'],
  connectionPasswordFile: ['ANSIBLE_CONNECTION_PASSWORD_FILE', 'defaults.connection_password_file'],
  becomePasswordFile: ['ANSIBLE_BECOME_PASSWORD_FILE', 'defaults.become_password_file'],
  askVaultPass: ['ANSIBLE_ASK_VAULT_PASS', 'defaults.ask_vault_pass'],
  vaultPasswordFile: ['ANSIBLE_VAULT_PASSWORD_FILE', 'defaults.vault_password_file'],
  vaultId: ['ANSIBLE_VAULT_IDENTITY_LIST', 'defaults.vault_identity_list'],
  diff: ['ANSIBLE_DIFF_ALWAYS', 'diff.always'],
  export: ['ANSIBLE_INVENTORY_EXPORT', 'inventory.export'],
  playbookDir: ['ANSIBLE_PLAYBOOK_DIR', 'defaults.playbook_dir'],
  rolesPath: ['ANSIBLE_ROLES_PATH', 'defaults.roles_path'],
  verbose: ['ANSIBLE_VERBOSITY', 'defaults.verbosity'],
  ignoredEndings: ['ANSIBLE_INVENTORY_IGNORE', 'defaults.inventory_ignore_extensions', 'inventory.ignore_extensions'],
  ignoredNames: ['ANSIBLE_INVENTORY_IGNORE_REGEX', 'defaults.inventory_ignore_patterns', 'inventory.ignore_patterns'],
  repeatedKeys: ['ANSIBLE_DUPLICATE_YAML_DICT_KEY', 'defaults.duplicate_dict_key'],
  unknownNames: ['ANSIBLE_HOST_PATTERN_MISMATCH', 'inventory.host_pattern_mismatch'],
  taskTimeoutSec: ['ANSIBLE_TASK_TIMEOUT', 'defaults.task_timeout'],
  diffContext: ['ANSIBLE_DIFF_CONTEXT', 'diff.context'],
  retryFiles: ['ANSIBLE_RETRY_FILES_ENABLED', 'defaults.retry_files_enabled'],
  retryFolder: ['ANSIBLE_RETRY_FILES_SAVE_PATH', 'defaults.retry_files_save_path'],
  home: ['ANSIBLE_HOME', 'defaults.home'],
  noColour: ['NO_COLOR', 'ANSIBLE_NOCOLOR', 'defaults.nocolor'],
  forceHandlers: ['ANSIBLE_FORCE_HANDLERS', 'defaults.force_handlers'],
  gathering: ['ANSIBLE_GATHERING', 'defaults.gathering'],
  tags: ['ANSIBLE_RUN_TAGS', 'tags.run'],
  skipTags: ['ANSIBLE_SKIP_TAGS', 'tags.skip'],
  managed: ['defaults.ansible_managed'],
  showSkipped: ['ANSIBLE_DISPLAY_SKIPPED_HOSTS', 'defaults.display_skipped_hosts'],
  showOk: ['ANSIBLE_DISPLAY_OK_HOSTS', 'defaults.display_ok_hosts'],
  failedToStderr: ['ANSIBLE_DISPLAY_FAILED_STDERR', 'defaults.display_failed_stderr'],
  showTaskPath: ['ANSIBLE_SHOW_TASK_PATH_ON_FAILURE', 'defaults.show_task_path_on_failure'],
  showStats: ['ANSIBLE_SHOW_CUSTOM_STATS', 'defaults.show_custom_stats'],
  forceColour: ['ANSIBLE_FORCE_COLOR', 'defaults.force_color'],
} as const;

const CONNECTION_VARS = {
  ansible_connection: ['ANSIBLE_TRANSPORT', 'defaults.transport'],
  ansible_port: ['ANSIBLE_REMOTE_PORT', 'defaults.remote_port'],
  ansible_ssh_args: ['ANSIBLE_SSH_ARGS', 'ssh_connection.ssh_args'],
  ansible_ssh_common_args: ['ANSIBLE_SSH_COMMON_ARGS', 'ssh_connection.ssh_common_args'],
  ansible_ssh_extra_args: ['ANSIBLE_SSH_EXTRA_ARGS', 'ssh_connection.ssh_extra_args'],
  ansible_ssh_executable: ['ANSIBLE_SSH_EXECUTABLE', 'ssh_connection.ssh_executable'],
  ansible_ssh_retries: ['ANSIBLE_SSH_RETRIES', 'connection.retries', 'ssh_connection.retries'],
  ansible_ssh_pkcs11_provider: ['ANSIBLE_PKCS11_PROVIDER', 'ssh_connection.pkcs11_provider'],
  ansible_su_prompt_l10n: ['ANSIBLE_SU_PROMPT_L10N', 'su_become_plugin.localized_prompts'],
  ansible_become_method: ['ANSIBLE_BECOME_METHOD', 'privilege_escalation.become_method'],
  ...becomeNames('become', 'privilege_escalation', 'become_'),
  ...becomeNames('sudo', 'sudo_become_plugin', ''),
  ...becomeNames('su', 'su_become_plugin', ''),
  ...becomeNames('doas', 'doas_become_plugin', ''),
};

function becomeNames(variable: string, section: string, prefix: string): Record<string, readonly string[]> {
  const of = (name: string, key: string): [string, readonly string[]] => [`ansible_${variable}_${name}`, [`ANSIBLE_${variable.toUpperCase()}_${name.toUpperCase()}`, `${section}.${prefix}${key}`]];
  // Of the general section, become_exe is the program, and there is no password.
  return Object.fromEntries([of('user', 'user'), of('exe', prefix === '' ? 'executable' : 'exe'), of('flags', 'flags'), of('pass', prefix === '' ? 'password' : 'no such key')]);
}

/** @throws FleetTapError kind `input`, code `ansible-config` */
export function readAnsibleConfig(around: Surroundings): AnsibleConfig {
  const path = configFile(around);
  const file = path === undefined ? new Map<string, WrittenSetting>() : readConfigFile(textOf(path), path);
  const find = (names: readonly string[]): Setting | undefined => {
    const isVariable = (name: string): boolean => /^[A-Z]/.test(name);
    for (const name of names.filter(isVariable).toReversed()) {
      const text = around.env[name];
      if (text !== undefined && text !== '') return { text, name, folder: around.folder, place: {} };
    }
    for (const name of names.filter((one) => !isVariable(one)).toReversed()) {
      const found = file.get(name) ?? file.get(name.replace(/^[^.]*/, 'DEFAULT'));
      if (found !== undefined) return { text: found.text, name, folder: dirname(path ?? ''), place: { file: path ?? '', line: found.line } };
    }
    return undefined;
  };
  const pathOf = (word: string, { folder }: Setting): string => resolve(folder, expandPath(word.replaceAll('{{CWD}}', around.folder), around.home, around.env));
  const read = <T>(names: readonly string[], convert: (setting: Setting) => T): T | undefined => {
    const setting = find(names);
    return setting === undefined ? undefined : convert(setting);
  };
  const onePath = (setting: Setting): string => pathOf(unquoted(setting.text), setting);
  const vaultId = (setting: Setting): string[] => list(setting).map((word) => word.replace(/^([^@]*@)?(?!prompt)(.+)$/, (_all, label: string | undefined, source: string) => `${label ?? ''}${pathOf(source, setting)}`));
  checkLimits(find, around.warn, around.playsPlaybooks ?? false);
  const noColour = (setting: Setting): boolean => setting.name === 'NO_COLOR' || boolean(setting);
  const found = {
    inventory: read(NAMES.inventory, (setting) => setting.text.split(',').map((word) => pathOf(word.trim(), setting))),
    user: read(NAMES.user, text),
    privateKey: read(NAMES.privateKey, onePath),
    timeout: read(NAMES.timeout, wholeNumber),
    forks: read(NAMES.forks, wholeNumber),
    hostKeyChecking: read(NAMES.hostKeyChecking, boolean) === false ? ('no' as const) : undefined,
    become: read(NAMES.become, boolean),
    askPass: read(NAMES.askPass, boolean),
    askBecomePass: read(NAMES.askBecomePass, boolean),
    connectionPasswordFile: read(NAMES.connectionPasswordFile, onePath),
    becomePasswordFile: read(NAMES.becomePasswordFile, onePath),
    askVaultPass: read(NAMES.askVaultPass, boolean),
    vaultPasswordFile: read(NAMES.vaultPasswordFile, (setting) => [onePath(setting)]),
    vaultId: read(NAMES.vaultId, vaultId),
    diff: read(NAMES.diff, boolean),
    export: read(NAMES.export, boolean),
    playbookDir: read(NAMES.playbookDir, onePath),
    rolesPath: read(NAMES.rolesPath, (setting) => unquoted(setting.text).split(':').map((word) => pathOf(word, setting))) ?? read(NAMES.home, (setting) => [join(onePath(setting), 'roles'), ...SYSTEM_ROLES]),
    verbose: read(NAMES.verbose, count),
    rules: setOf({ ignoredEndings: read(NAMES.ignoredEndings, list), ignoredNames: read(NAMES.ignoredNames, list), repeatedKeys: read(NAMES.repeatedKeys, oneOf('error', 'warn', 'ignore')) }),
    // `warning`, Ansible's default, is `error` here: docs/ansible-differences.md.
    unknownNames: read(NAMES.unknownNames, oneOf('warning', 'error', 'ignore')) === 'ignore' ? ('nobody' as const) : undefined,
    taskTimeoutSec: read(NAMES.taskTimeoutSec, count),
    diffContext: read(NAMES.diffContext, count),
    retryFiles: read(NAMES.retryFiles, boolean) === true ? { folder: read(NAMES.retryFolder, onePath) } : undefined,
    colour: read(NAMES.forceColour, boolean) === true ? true : read(NAMES.noColour, noColour) === true ? false : undefined,
    forceHandlers: read(NAMES.forceHandlers, boolean),
    gathering: read(NAMES.gathering, oneOf('implicit', 'explicit', 'smart')),
    tags: read(NAMES.tags, list),
    skipTags: read(NAMES.skipTags, list),
    managed: read(NAMES.managed, text),
    shownResults: setOf({
      skipped: read(NAMES.showSkipped, boolean),
      ok: read(NAMES.showOk, boolean),
      failedToStderr: read(NAMES.failedToStderr, boolean),
      taskPath: read(NAMES.showTaskPath, boolean),
      stats: read(NAMES.showStats, boolean),
    }),
    configFile: path,
  };
  const vars = Object.fromEntries(Object.entries(CONNECTION_VARS).map(([name, names]) => [name, read(names, text)]));
  return { ...setOf(found), connectionVars: setOf(vars) };
}

/** Only what is set. */
function setOf<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

function configFile({ env, folder, home, warn }: Surroundings): string | undefined {
  const named = env.ANSIBLE_CONFIG;
  if (named !== undefined && named !== '') {
    const path = resolve(folder, expandPath(named, home, env));
    const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'ansible.cfg') : path;
    if (isReadable(file)) {
      if (!['.cfg', '.ini'].includes(extname(file))) throw new FleetTapError('input', 'ansible-config', 'ANSIBLE_CONFIG names a file that does not end in .cfg or .ini', { place: { file } });
      return file;
    }
    warn(`ANSIBLE_CONFIG names ${file}, which cannot be read`);
  }
  const own = join(folder, 'ansible.cfg');
  if (existsSync(own)) {
    if ((statSync(folder).mode & 0o002) === 0 && isReadable(own)) return own;
    if ((statSync(folder).mode & 0o002) !== 0) warn(`${own} is not read: everybody may write to this folder; name the file with ANSIBLE_CONFIG if you trust it`);
  }
  return [join(home, '.ansible.cfg'), '/etc/ansible/ansible.cfg'].find(isReadable);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function textOf(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'is not text in UTF-8' : `cannot be read: ${(cause as Error).message}`;
    throw new FleetTapError('input', 'ansible-config', `the configuration ${reason}`, { place: { file: path }, cause });
  }
}

/** Python's unquote of ansible-core (parsing/quoting.py): one pair of quotes around the whole. */
function unquoted(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}

function text(setting: Setting): string {
  return unquoted(setting.text);
}

function list(setting: Setting): string[] {
  return setting.text.split(',').map((word) => unquoted(word.trim())).filter((word) => word !== '');
}

function boolean({ text, name, place }: Setting): boolean {
  const truth = booleanOf(text);
  if (truth !== undefined) return truth;
  throw new FleetTapError('input', 'ansible-config', `${name} must be yes or no, not "${text}"`, { place });
}

function oneOf<Word extends string>(...words: readonly Word[]): (setting: Setting) => Word {
  return ({ text: written, name, place }) => {
    const found = words.find((one) => one === written.trim().toLowerCase());
    if (found !== undefined) return found;
    throw new FleetTapError('input', 'ansible-config', `${name} must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, not "${written}"`, { place });
  };
}

function count(setting: Setting): number {
  return setting.text.trim() === '0' ? 0 : wholeNumber(setting);
}

function wholeNumber({ text, name, place }: Setting): number {
  if (/^\s*\d+\s*$/.test(text) && Number(text) > 0) return Number(text);
  throw new FleetTapError('input', 'ansible-config', `${name} must be a whole number above 0, not "${text}"`, { place });
}
