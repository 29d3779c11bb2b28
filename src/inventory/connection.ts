// What comes in: a host's merged variables and the command line's flags. What goes out: what Ansible would call `ssh` with, every value checked.
// Guaranteed: pure; a wrong or unsupported value is an error that names host and variable, never a default taken silently; what nobody said
// stays undefined, since the user's ssh_config comes next (ssh/target.ts).
// Order, as in Ansible: `-e` over inventory variables over flags. Of two names for one thing, Ansible's later name wins.
// Not here: templates (commands/ renders them before), `~` and relative paths, ssh_config itself.
import { type Become, becomeOf, type BecomeFlags } from './become.js';
import { checkUnsupported, defaultsOf, isLocal, isParamiko, readBoolean, readInteger, readSeconds, readText, readWords, type VariableSource } from './connection-values.js';
import type { Host, Vars } from './host.js';
import { quoteValue, readSshArgs, type SshArgs, type SshOption } from './ssh-args.js';

/** What to do about a host key; ssh_config(5) StrictHostKeyChecking. */
export type HostKeyChecking =
  | 'yes' // an unknown key is refused
  | 'ask' // a person is asked; refused where nobody can answer
  | 'accept-new' // an unknown key is taken and remembered; a changed key is refused
  | 'no'; // any key is taken: whoever answers at the address is believed

/** From the command line. */
export interface ConnectionFlags extends BecomeFlags {
  /** -u */
  readonly user?: string | undefined;
  /** --private-key */
  readonly privateKeyFile?: string | undefined;
  readonly hostKeyChecking?: HostKeyChecking | undefined;
  /** -T */
  readonly connectTimeoutSec?: number | undefined;
  /** --ssh-common-args and --ssh-extra-args: where a host has none of its own. */
  readonly sshCommonArgs?: string | undefined;
  readonly sshExtraArgs?: string | undefined;
  /** -e: over every other variable. */
  readonly extraVars?: Vars | undefined;
  /** ansible.cfg and ANSIBLE_*, as variables: under every other variable, and under these flags. */
  readonly defaultVars?: Vars | undefined;
}

export interface Connection {
  /** The name in the inventory. */
  host: string;
  /** What ssh is asked for: a name, an address, or an alias of ssh_config. */
  address: string;
  /** 1–65535 */
  port?: number | undefined;
  user?: string | undefined;
  /** The private key; `~` stands as written. */
  identityFiles: string[];
  password?: string;
  /** In place of the user's own. */
  knownHostsFiles?: string[] | undefined;
  hostKeyChecking?: HostKeyChecking | undefined;
  connectTimeoutMs?: number | undefined;
  /** Ansible puts ssh_args before its own options, and the others after them; ssh takes the first. */
  sshArgsBefore?: readonly SshOption[];
  sshArgsAfter?: readonly SshOption[];
  /** -F: in place of the user's and the system's ssh_config. */
  configFile?: string | undefined;
  become: Become;
  /** ansible_connection: local: this machine itself, without SSH. */
  isLocal?: boolean;
  /** Of the flags: they hold for jump hosts as well. */
  flags?: Pick<ConnectionFlags, 'hostKeyChecking' | 'connectTimeoutSec'>;
}

/**
 * How to reach a host: Ansible's connection variables (its ssh plugin and become plugins) and flags as one value.
 * @throws FleetTapError kind `input`: `connection-variable` (wrong value), `connection-unsupported`, `ssh-args-unsupported`
 */
export function connectionOf(host: Host, flags: ConnectionFlags = {}): Connection {
  const source = { host: host.name, vars: { ...host.vars, ...flags.extraVars }, defaults: flags.defaultVars ?? {} };
  const defaults = defaultsOf(source);
  checkUnsupported(source);
  const args = (name: string, otherwise?: string): SshArgs => {
    const text = readWords(source, [name]) ?? otherwise ?? readWords(defaults, [name]);
    return text === undefined ? { options: [] } : readSshArgs(text, name, host.name);
  };
  const [before, common, extra] = [args('ansible_ssh_args'), args('ansible_ssh_common_args', flags.sshCommonArgs), args('ansible_ssh_extra_args', flags.sshExtraArgs)];
  /** With this connection, names of its own come last, and so win. */
  const paramiko = (...names: string[]): string[] => (isParamiko(source) ? names.map((name) => `ansible_paramiko_${name}`) : []);
  const keyFile = readText(source, ['ansible_private_key_file', 'ansible_ssh_private_key_file', ...paramiko('private_key_file')]) ?? flags.privateKeyFile;
  const timeoutSec = readSeconds(source, ['ansible_timeout', 'ansible_ssh_timeout', ...paramiko('timeout')]) ?? flags.connectTimeoutSec;
  const password = readText(source, ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password', ...paramiko('pass', 'password')]);
  return {
    host: host.name,
    address: readText(source, ['ansible_host', 'ansible_ssh_host', ...paramiko('host')]) ?? host.name,
    port: readInteger(source, ['ansible_port', 'ansible_ssh_port', ...paramiko('port')], 1, 65535) ?? readInteger(defaults, ['ansible_port'], 1, 65535),
    user: readText(source, ['ansible_user', 'ansible_ssh_user', ...paramiko('user')]) ?? flags.user,
    identityFiles: keyFile === undefined ? [] : [keyFile],
    ...(password === undefined ? {} : { password }),
    hostKeyChecking: checkingVariable(source),
    connectTimeoutMs: timeoutSec === undefined ? undefined : timeoutSec * 1000,
    sshArgsBefore: before.options,
    sshArgsAfter: [...common.options, ...extra.options, ...otherOptions(source)],
    configFile: extra.configFile ?? common.configFile ?? before.configFile,
    become: becomeOf(source, flags),
    ...(isLocal(source) ? { isLocal: true } : {}),
    flags: { hostKeyChecking: flags.hostKeyChecking, connectTimeoutSec: flags.connectTimeoutSec },
  };
}

/** Variables that say the same as a keyword of ssh_config. */
function otherOptions(source: VariableSource): SshOption[] {
  const options: SshOption[] = [];
  const retries = readInteger(source, ['ansible_ssh_retries'], 0, 1_000) ?? readInteger(defaultsOf(source), ['ansible_ssh_retries'], 0, 1_000);
  if (retries !== undefined && retries > 0) options.push({ keyword: 'ConnectionAttempts', value: String(retries + 1), from: 'ansible_ssh_retries' });
  const provider = readText(source, ['ansible_ssh_pkcs11_provider']) ?? readText(defaultsOf(source), ['ansible_ssh_pkcs11_provider']);
  if (provider !== undefined) options.push({ keyword: 'PKCS11Provider', value: quoteValue(provider), from: 'ansible_ssh_pkcs11_provider' });
  const proxy = isParamiko(source) ? readText(source, ['ansible_paramiko_proxy_command']) : undefined;
  if (proxy !== undefined) options.push({ keyword: 'ProxyCommand', value: proxy, from: 'ansible_paramiko_proxy_command' });
  return options;
}

/** Ansible's variable is a boolean: false is ssh's `no`; true adds nothing of its own. */
function checkingVariable(source: VariableSource): HostKeyChecking | undefined {
  const names = ['ansible_host_key_checking', 'ansible_ssh_host_key_checking', ...(isParamiko(source) ? ['ansible_paramiko_host_key_checking'] : [])];
  return readBoolean(source, names) === false ? 'no' : undefined;
}
