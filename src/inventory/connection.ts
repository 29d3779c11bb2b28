// What comes in: a host's merged variables and the command line's flags. What goes out: how to reach it, every value checked.
// Guaranteed: pure; a wrong or unsupported value is an error that names host and variable, never a default taken silently.
// Order, as in Ansible: `-e` over inventory variables over flags. Of two names for one thing, Ansible's later name wins.
// Not here: `~` and relative paths (ssh/ resolves them), ssh_config, jump hosts, templates in these variables.
import { FleetTapError } from '../base/errors.js';
import type { Host, Vars } from './host.js';
import { readSshArgs, type SshOptions } from './ssh-args.js';
import { checkUnsupported, readBoolean, readInteger, readSeconds, readText } from './connection-values.js';

/** What to do about a host key; ssh_config(5) StrictHostKeyChecking. */
export type HostKeyChecking =
  | 'yes' // an unknown key is refused
  | 'ask' // a person is asked; refused where nobody can answer
  | 'accept-new' // an unknown key is taken and remembered; a changed key is refused
  | 'no'; // any key is taken: whoever answers at the address is believed

/** From the command line. */
export interface ConnectionFlags {
  /** -u */
  readonly user?: string | undefined;
  /** --private-key */
  readonly privateKeyFile?: string | undefined;
  /** -b */
  readonly become?: boolean | undefined;
  /** -K, as typed */
  readonly becomePassword?: string | undefined;
  /** Default: `ask`. */
  readonly hostKeyChecking?: HostKeyChecking | undefined;
  /** -T; default: 10 s, as Ansible. */
  readonly connectTimeoutSec?: number | undefined;
  /** -e: over every other variable. */
  readonly extraVars?: Vars | undefined;
}

export interface Connection {
  /** The name in the inventory. */
  host: string;
  /** Where to dial: a name or an address. */
  address: string;
  /** 1–65535 */
  port: number;
  /** undefined: the user who runs this program. */
  user: string | undefined;
  /** Tried in this order. `~` stands as written. */
  identityFiles: string[];
  password?: string;
  /** undefined: the user's and the system's own. `~` stands as written. */
  knownHostsFiles: string[] | undefined;
  hostKeyAlias?: string;
  hostKeyChecking: HostKeyChecking;
  connectTimeoutMs: number;
  become: boolean;
  becomePassword?: string;
}

const CONNECT_TIMEOUT_SEC = 10;

/**
 * How to reach a host: Ansible's connection variables (its ssh plugin and sudo plugin) and flags as one value.
 * @throws FleetTapError kind `input`: `connection-variable` (wrong value), `connection-unsupported`, `ssh-args-unsupported`
 */
export function connectionOf(host: Host, flags: ConnectionFlags = {}): Connection {
  const source = { host: host.name, vars: { ...host.vars, ...flags.extraVars } };
  const { vars } = source;
  checkUnsupported(source);
  const args = (name: string): SshOptions => {
    const text = readText(source, [name]);
    return text === undefined ? {} : readSshArgs(text, name, host.name);
  };
  // ssh takes the first value that it is given: Ansible puts ssh_args before its own options and the other two after them.
  const before = args('ansible_ssh_args');
  const after = joinOptions(args('ansible_ssh_common_args'), args('ansible_ssh_extra_args'));
  const fromArgs = (keyword: keyof SshOptions, own: string | undefined): string | undefined => before[keyword]?.[0] ?? own ?? after[keyword]?.[0];

  const port = fromArgs('Port', numberText(readInteger(source, ['ansible_port', 'ansible_ssh_port'], 1, 65535)));
  const user = fromArgs('User', readText(source, ['ansible_user', 'ansible_ssh_user']) ?? flags.user);
  const keyFile = readText(source, ['ansible_private_key_file', 'ansible_ssh_private_key_file']) ?? flags.privateKeyFile;
  const timeout = fromArgs('ConnectTimeout', numberText(readSeconds(source, ['ansible_timeout', 'ansible_ssh_timeout'])));
  const alias = fromArgs('HostKeyAlias', undefined);
  const password = readText(source, ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password']);
  const becomePassword = readText(source, ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass']) ?? flags.becomePassword;
  const become = readBoolean(source, ['ansible_become']) ?? flags.become ?? false;
  const check = (name: string, value: string, low: number, high: number): number =>
    readInteger({ host: host.name, vars: { [name]: value } }, [name], low, high) ?? low;
  return {
    host: host.name,
    address: fromArgs('HostName', undefined) ?? readText(source, ['ansible_host', 'ansible_ssh_host']) ?? host.name,
    port: port === undefined ? 22 : check('-o Port', port, 1, 65535),
    user,
    identityFiles: [...(before.IdentityFile ?? []), ...(keyFile === undefined ? [] : [keyFile]), ...(after.IdentityFile ?? [])],
    ...(password === undefined ? {} : { password }),
    knownHostsFiles: before.UserKnownHostsFile ?? after.UserKnownHostsFile,
    ...(alias === undefined ? {} : { hostKeyAlias: alias }),
    hostKeyChecking: hostKeyCheckingOf(source.host, vars, fromArgs('StrictHostKeyChecking', checkingVariable(source)), flags),
    connectTimeoutMs: (timeout === undefined ? (flags.connectTimeoutSec ?? CONNECT_TIMEOUT_SEC) : check('-o ConnectTimeout', timeout, 1, 86_400)) * 1000,
    become,
    ...(becomePassword === undefined ? {} : { becomePassword }),
  };
}

/** Ansible's variable is a boolean: false is ssh's `no`; true adds nothing of its own. */
function checkingVariable(source: { host: string; vars: Vars }): string | undefined {
  return readBoolean(source, ['ansible_host_key_checking', 'ansible_ssh_host_key_checking']) === false ? 'no' : undefined;
}

function hostKeyCheckingOf(host: string, vars: Vars, word: string | undefined, flags: ConnectionFlags): HostKeyChecking {
  const byDefault = flags.hostKeyChecking ?? 'ask';
  if (word === undefined) {
    const saysTrue = vars.ansible_host_key_checking !== undefined || vars.ansible_ssh_host_key_checking !== undefined;
    return saysTrue && byDefault === 'no' ? 'ask' : byDefault;
  }
  const lower = word.toLowerCase();
  if (lower === 'no' || lower === 'off') return 'no';
  if (lower === 'yes' || lower === 'ask' || lower === 'accept-new') return lower;
  const message = `StrictHostKeyChecking is "${word}"; it must be yes, ask, accept-new or no`;
  throw new FleetTapError('input', 'connection-variable', message, { place: { host } });
}

function joinOptions(first: SshOptions, second: SshOptions): SshOptions {
  const joined: SshOptions = { ...second, ...first };
  if (first.IdentityFile !== undefined && second.IdentityFile !== undefined) joined.IdentityFile = [...first.IdentityFile, ...second.IdentityFile];
  return joined;
}

function numberText(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
