// What comes in: a host's variables. What goes out: one of them, checked for its type and range.
// Guaranteed: what Ansible would take, or an error that names host and variable; a password's value stands in no error.
import { booleanOf } from '../base/boolean-words.js';
import { DateTime } from '../base/datetime.js';
import { PythonFloat } from '../base/python-repr.js';
import { plainTexts, UnsafeText } from '../base/unsafe-text.js';
import { FleetTapError } from '../base/errors.js';
import type { Vars } from './host.js';

export interface VariableSource {
  readonly host: string;
  readonly vars: Vars;
  /** What ansible.cfg and ANSIBLE_* say, where neither the host nor an option does. */
  readonly defaults?: Vars;
}

/** Only what ansible.cfg and ANSIBLE_* say. */
export function defaultsOf(source: VariableSource): VariableSource {
  return { host: source.host, vars: source.defaults ?? {} };
}

/** Connection types that mean "over SSH"; Ansible's names with and without their collection. */
const SSH_CONNECTIONS = new Set(['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh', 'ansible.builtin.paramiko_ssh']);

const LOCAL_CONNECTIONS = new Set(['local', 'ansible.builtin.local']);

/** What a connection type means; undefined: it is none of ours. */
export function connectionKind(type: string): 'ssh' | 'local' | undefined {
  if (LOCAL_CONNECTIONS.has(type)) return 'local';
  return SSH_CONNECTIONS.has(type) ? 'ssh' : undefined;
}

const PARAMIKO_CONNECTIONS = new Set(['paramiko', 'paramiko_ssh', 'ansible.builtin.paramiko_ssh']);

/** ansible-core 2.19 gives it to an agent of its own. */
const KEY_TEXTS = ['ansible_private_key', 'ansible_ssh_private_key'];

/** Ansible's shell plugins that are POSIX shells; what is run on a host is run by its sh anyway. */
const SHELL_TYPES = new Set(['sh', 'ansible.builtin.sh', 'csh', 'fish', 'ansible.posix.csh', 'ansible.posix.fish']);

/** @throws FleetTapError code `connection-unsupported` for a variable, or a value of it, that this program cannot honour */
export function checkUnsupported(source: VariableSource): void {
  const refuse = (name: string, message: string, hint: string): never => {
    throw new FleetTapError('input', 'connection-unsupported', `${name} ${message}`, { place: { host: source.host }, hint });
  };
  const connection = connectionType(source);
  if (connection !== undefined && connectionKind(connection) === undefined) {
    refuse('ansible_connection', `is "${connection}"; ssh and local are supported`, 'leave this host out with --limit, or run sshd on it');
  }
  const program = readText(source, ['ansible_ssh_executable']) ?? readText(defaultsOf(source), ['ansible_ssh_executable']);
  if (program !== undefined && !/(^|\/)ssh$/.test(program)) refuse('ansible_ssh_executable', `is "${program}"; only ssh itself is supported`, 'remove the variable from this host');
  const key = lastOf(source, KEY_TEXTS);
  if (key !== undefined && key.value !== '') refuse(key.name, 'holds a key itself; keys come from files and from the agent', 'write it to a file, and name that with ansible_private_key_file');
  const folder = readText(source, ['ansible_sudo_chdir']);
  if (folder !== undefined) refuse('ansible_sudo_chdir', `is "${folder}"; commands run where the login began`, 'write chdir: in the tasks that need it');
  const shell = readText(source, ['ansible_shell_type']);
  if (shell !== undefined && !SHELL_TYPES.has(shell)) refuse('ansible_shell_type', `is "${shell}"; hosts must have a POSIX sh`, 'leave this host out with --limit');
}

export function isLocal(source: VariableSource): boolean {
  return connectionKind(connectionType(source) ?? '') === 'local';
}

export function isParamiko(source: VariableSource): boolean {
  return PARAMIKO_CONNECTIONS.has(connectionType(source) ?? '');
}

function connectionType(source: VariableSource): string | undefined {
  return readText(source, ['ansible_connection']) ?? readText(defaultsOf(source), ['ansible_connection']);
}

/** The last of these names that is set; null counts as not set. */
function lastOf(source: VariableSource, names: readonly string[]): { name: string; value: unknown } | undefined {
  let found: { name: string; value: unknown } | undefined;
  for (const name of names) {
    const written = source.vars[name];
    if (written === undefined || written === null) continue;
    const value = written instanceof UnsafeText ? written.text : written;
    if (value === written && typeof value === 'string' && value.includes('{{')) {
      throw wrong(source, name, 'has a template that nobody has rendered', 'write the value itself');
    }
    found = { name, value };
  }
  return found;
}

/** A text on one line. A whole number is taken as its digits, as Ansible does; an empty text counts as not set. */
export function readText(source: VariableSource, names: readonly string[]): string | undefined {
  const text = readWords(source, names);
  if (text !== undefined && /[\r\n]/.test(text)) throw wrong(source, names.findLast((name) => source.vars[name] !== undefined) ?? '', 'holds a line break', 'write it on one line');
  return text;
}

/** A text that is split into words: lines are as good as spaces. */
export function readWords(source: VariableSource, names: readonly string[]): string | undefined {
  const found = lastOf(source, names);
  if (found === undefined || found.value === '') return undefined;
  if (typeof found.value === 'number' && Number.isSafeInteger(found.value)) return String(found.value);
  if (found.value instanceof PythonFloat || found.value instanceof DateTime) return String(found.value);
  if (typeof found.value !== 'string') throw wrong(source, found.name, `must be a text, not ${kindOf(found.value)}`, 'put it in quotes');
  if (found.value.includes('\0')) throw wrong(source, found.name, 'holds a NUL');
  return found.value;
}

export function readInteger(source: VariableSource, names: readonly string[], low: number, high: number): number | undefined {
  const found = lastOf(source, names);
  if (found === undefined || found.value === '') return undefined;
  const text = String(found.value).trim();
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw wrong(source, found.name, `must be a whole number from ${low} to ${high}, not ${JSON.stringify(found.value)}`);
  }
  return value;
}

/** Texts; one text is split at commas, as Ansible does. */
export function readList(source: VariableSource, names: readonly string[]): string[] | undefined {
  const found = lastOf(source, names);
  if (found === undefined || found.value === '') return undefined;
  const items = typeof found.value === 'string' ? found.value.split(',').map((item) => item.trim()) : plainTexts(found.value);
  if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return items;
  throw wrong(source, found.name, 'must be a list of texts');
}

/** Seconds, at least 1. */
export function readSeconds(source: VariableSource, names: readonly string[]): number | undefined {
  return readInteger(source, names, 1, 86_400);
}

/** Ansible's booleans: true, yes, on, 1, t, y and their opposites, in any case. */
export function readBoolean(source: VariableSource, names: readonly string[]): boolean | undefined {
  const found = lastOf(source, names);
  if (found === undefined) return undefined;
  const truth = booleanOf(String(found.value));
  if (truth !== undefined) return truth;
  throw wrong(source, found.name, `must be yes or no, not ${JSON.stringify(found.value)}`);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}

export function wrong(source: VariableSource, name: string, message: string, hint?: string): FleetTapError {
  const details = { place: { host: source.host }, ...(hint === undefined ? {} : { hint }) };
  return new FleetTapError('input', 'connection-variable', `${name} ${message}`, details);
}
