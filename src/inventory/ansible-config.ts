// What comes in: ansible.cfg and ANSIBLE_* variables. What goes out: the settings that concern inventory, connection, become, forks and vault.
// Guaranteed: Ansible's search order ($ANSIBLE_CONFIG, ./ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg; the first that exists is the only
// one) and its order of sources (environment over file); never a file of a world-writable folder we are in (CVE-2018-10875), with a warning.
// Relative paths are those of the file's folder; of the environment, of the folder we are in.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FleetTapError, type Place } from '../base/errors.js';
import type { Vars } from './host.js';

export interface AnsibleConfig {
  readonly inventory?: readonly string[];
  readonly user?: string;
  readonly privateKey?: string;
  readonly timeout?: number;
  readonly forks?: number;
  readonly hostKeyChecking?: 'no';
  readonly become?: boolean;
  readonly becomeMethod?: string;
  readonly becomeUser?: string;
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
  readonly askVaultPass?: boolean;
  readonly vaultPasswordFile?: readonly string[];
  readonly vaultId?: readonly string[];
  /** What has no option of its own, as the variables that it stands for; a host's own go before them. */
  readonly connectionVars: Vars;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly home: string;
  readonly warn: (message: string) => void;
}

interface Setting {
  readonly text: string;
  /** For paths. */
  readonly folder: string;
  readonly name: string;
  readonly place: Place;
}

/** Environment variables, then `section.key` of the file (ansible-core's config/base.yml and its ssh plugin). */
const NAMES = {
  inventory: ['ANSIBLE_INVENTORY', 'defaults.inventory'],
  user: ['ANSIBLE_REMOTE_USER', 'defaults.remote_user'],
  privateKey: ['ANSIBLE_PRIVATE_KEY_FILE', 'defaults.private_key_file'],
  timeout: ['ANSIBLE_TIMEOUT', 'defaults.timeout'],
  forks: ['ANSIBLE_FORKS', 'defaults.forks'],
  hostKeyChecking: ['ANSIBLE_HOST_KEY_CHECKING', 'ANSIBLE_SSH_HOST_KEY_CHECKING', 'defaults.host_key_checking', 'ssh_connection.host_key_checking'],
  become: ['ANSIBLE_BECOME', 'privilege_escalation.become'],
  becomeMethod: ['ANSIBLE_BECOME_METHOD', 'privilege_escalation.become_method'],
  becomeUser: ['ANSIBLE_BECOME_USER', 'privilege_escalation.become_user'],
  askPass: ['ANSIBLE_ASK_PASS', 'defaults.ask_pass'],
  askBecomePass: ['ANSIBLE_BECOME_ASK_PASS', 'privilege_escalation.become_ask_pass'],
  askVaultPass: ['ANSIBLE_ASK_VAULT_PASS', 'defaults.ask_vault_pass'],
  vaultPasswordFile: ['ANSIBLE_VAULT_PASSWORD_FILE', 'defaults.vault_password_file'],
  vaultId: ['ANSIBLE_VAULT_IDENTITY_LIST', 'defaults.vault_identity_list'],
} as const;

const CONNECTION_VARS = {
  ansible_port: ['ANSIBLE_REMOTE_PORT', 'defaults.remote_port'],
  ansible_ssh_args: ['ANSIBLE_SSH_ARGS', 'ssh_connection.ssh_args'],
  ansible_ssh_common_args: ['ANSIBLE_SSH_COMMON_ARGS', 'ssh_connection.ssh_common_args'],
  ansible_ssh_extra_args: ['ANSIBLE_SSH_EXTRA_ARGS', 'ssh_connection.ssh_extra_args'],
} as const;

/** @throws FleetTapError kind `input`, code `ansible-config` */
export function readAnsibleConfig(around: Surroundings): AnsibleConfig {
  const path = configFile(around);
  const file = path === undefined ? new Map<string, string>() : readIni(path);
  const find = (names: readonly string[]): Setting | undefined => {
    for (const name of names) {
      const isVariable = name.startsWith('ANSIBLE_');
      const text = isVariable ? around.env[name] : file.get(name);
      if (text === undefined || (text === '' && isVariable)) continue;
      return { text, name, folder: isVariable || path === undefined ? around.folder : dirname(path), place: isVariable ? {} : { file: path ?? '' } };
    }
    return undefined;
  };
  const pathOf = (word: string, { folder }: Setting): string => resolve(folder, word.replace(/^~(?=\/|$)/, around.home).replaceAll('{{CWD}}', around.folder));
  const list = (setting: Setting): string[] => setting.text.split(',').map((word) => word.trim()).filter((word) => word !== '');
  const read = <T>(names: readonly string[], convert: (setting: Setting) => T): T | undefined => {
    const setting = find(names);
    return setting === undefined ? undefined : convert(setting);
  };
  const text = (setting: Setting): string => setting.text;
  const vaultId = (setting: Setting): string[] => list(setting).map((word) => word.replace(/^([^@]*@)?(?!prompt)(.+)$/, (_all, label: string | undefined, source: string) => `${label ?? ''}${pathOf(source, setting)}`));
  const found = {
    inventory: read(NAMES.inventory, (setting) => list(setting).map((word) => pathOf(word, setting))),
    user: read(NAMES.user, text),
    privateKey: read(NAMES.privateKey, (setting) => pathOf(setting.text, setting)),
    timeout: read(NAMES.timeout, wholeNumber),
    forks: read(NAMES.forks, wholeNumber),
    hostKeyChecking: read(NAMES.hostKeyChecking, boolean) === false ? 'no' : undefined,
    become: read(NAMES.become, boolean),
    becomeMethod: read(NAMES.becomeMethod, text),
    becomeUser: read(NAMES.becomeUser, text),
    askPass: read(NAMES.askPass, boolean),
    askBecomePass: read(NAMES.askBecomePass, boolean),
    askVaultPass: read(NAMES.askVaultPass, boolean),
    vaultPasswordFile: read(NAMES.vaultPasswordFile, (setting) => [pathOf(setting.text, setting)]),
    vaultId: read(NAMES.vaultId, vaultId),
  };
  const vars = Object.entries(CONNECTION_VARS).map(([name, names]) => [name, find(names)?.text] as const);
  const isSet = ([, value]: readonly [string, unknown]): boolean => value !== undefined;
  return { ...Object.fromEntries(Object.entries(found).filter(isSet)), connectionVars: Object.fromEntries(vars.filter(isSet)) };
}

function configFile({ env, folder, home, warn }: Surroundings): string | undefined {
  const own = join(folder, 'ansible.cfg');
  const named = env.ANSIBLE_CONFIG;
  if (named !== undefined && named !== '') {
    const path = resolve(folder, named.replace(/^~(?=\/|$)/, home));
    const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'ansible.cfg') : path;
    if (existsSync(file)) return file;
  }
  if (existsSync(own)) {
    if ((statSync(folder).mode & 0o002) === 0) return own;
    warn(`${own} is not read: everybody may write to this folder; name the file with ANSIBLE_CONFIG if you trust it`);
  }
  return [join(home, '.ansible.cfg'), '/etc/ansible/ansible.cfg'].find((path) => existsSync(path));
}

/** Python's configparser, with `;` for comments behind values; `section.key` → text. */
function readIni(path: string): Map<string, string> {
  const values = new Map<string, string>();
  let section = '';
  let last: string | undefined;
  for (const [index, written] of readFileSync(path, 'utf8').split(/\r?\n/).entries()) {
    const line = written.replace(/(^|\s);.*$/, '').trimEnd();
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    if (/^\s/.test(line) && last !== undefined) {
      values.set(last, `${values.get(last) ?? ''}\n${line.trim()}`.trim());
      continue;
    }
    const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    const entry = /^\s*([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    last = undefined;
    if (header !== undefined) section = header;
    else if (entry?.[1] !== undefined) {
      last = `${section}.${entry[1].toLowerCase()}`;
      values.set(last, entry[2] ?? '');
    } else throw new FleetTapError('input', 'ansible-config', 'this line is neither a [section] nor key = value', { place: { file: path, line: index + 1 }, sourceLine: written });
  }
  return values;
}

function boolean({ text, name, place }: Setting): boolean {
  const word = text.trim().toLowerCase();
  if (['y', 'yes', 'on', '1', 'true', 't'].includes(word)) return true;
  if (['n', 'no', 'off', '0', 'false', 'f'].includes(word)) return false;
  throw new FleetTapError('input', 'ansible-config', `${name} must be yes or no, not "${text}"`, { place });
}

function wholeNumber({ text, name, place }: Setting): number {
  if (/^\s*\d+\s*$/.test(text) && Number(text) > 0) return Number(text);
  throw new FleetTapError('input', 'ansible-config', `${name} must be a whole number above 0, not "${text}"`, { place });
}
