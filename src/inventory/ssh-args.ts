// What comes in: the options that a person wrote for `ssh` (ansible_ssh_args, ansible_ssh_common_args, ansible_ssh_extra_args).
// What goes out: the few of them that this program honours, by their ssh_config(5) name.
// Guaranteed: an option that would change the connection and is not honoured is an error; none is dropped.
// Harmless here, and so accepted: connection sharing (there is one connection a host anyway), compression, keepalive, LogLevel.
import { FleetTapError } from '../base/errors.js';

/** ssh_config(5) keywords. Each holds its values in the order in which they stand; ssh takes the first, except for IdentityFile. */
export type SshOptions = Partial<Record<Honoured, string[]>>;

type Honoured = (typeof HONOURED)[number];

const HONOURED = [
  'ConnectTimeout',
  'HostKeyAlias',
  'HostName',
  'IdentityFile',
  'Port',
  'StrictHostKeyChecking',
  'User',
  'UserKnownHostsFile',
] as const;

const HARMLESS = new Set(
  ['Compression', 'ControlMaster', 'ControlPath', 'ControlPersist', 'LogLevel', 'ServerAliveCountMax', 'ServerAliveInterval', 'TCPKeepAlive'].map(
    (name) => name.toLowerCase(),
  ),
);
const HARMLESS_LETTERS = new Set(['-C', '-q', '-T']);
const LETTERS: Readonly<Record<string, Honoured>> = { '-i': 'IdentityFile', '-l': 'User', '-p': 'Port' };

/**
 * Splits and reads one value of these variables.
 * @param name the variable, for errors
 * @throws FleetTapError kind `input`, code `ssh-args-unsupported`
 */
export function readSshArgs(text: string, name: string, host: string): SshOptions {
  const options: SshOptions = {};
  const words = splitWords(text);
  if (words === undefined) throw unsupported(host, name, `${name} has a quote that is not closed`);
  const argument = (letter: string, word: string): string => {
    const value = word.length > 2 ? word.slice(2) : words.shift();
    if (value === undefined || value === '') throw unsupported(host, name, `${name} has ${letter} without a value`);
    return value;
  };
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (HARMLESS_LETTERS.has(word)) continue;
    const letter = word.slice(0, 2);
    const keyword = LETTERS[letter];
    if (keyword !== undefined) add(options, keyword, argument(letter, word));
    else if (letter === '-o') readOption(options, argument(letter, word), name, host);
    else throw unsupported(host, name, `${name} has the ssh option "${word}", which is not supported yet`);
  }
  return options;
}

/** `Key=Value` or `Key Value`, as `ssh -o` takes it. */
function readOption(options: SshOptions, text: string, name: string, host: string): void {
  const match = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/s.exec(text);
  const key = match?.[1];
  const value = match?.[2];
  if (key === undefined || value === undefined || value === '') throw unsupported(host, name, `${name} has -o "${text}", which is not Key=Value`);
  if (HARMLESS.has(key.toLowerCase())) return;
  const keyword = HONOURED.find((known) => known.toLowerCase() === key.toLowerCase());
  if (keyword === undefined) throw unsupported(host, name, `${name} has the ssh option ${key}, which is not supported yet`);
  const values = keyword === 'UserKnownHostsFile' ? splitWords(value) : [unquote(value)];
  for (const one of values ?? [value]) add(options, keyword, one);
}

function add(options: SshOptions, keyword: Honoured, value: string): void {
  const values = options[keyword] ?? [];
  values.push(value);
  options[keyword] = values;
}

function unquote(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

/** Words as a shell splits them (Python's shlex, which Ansible uses here): quotes and backslashes, no variables. */
function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)|\s*$/gsy;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const word = match[1];
    if (word === undefined) break;
    words.push(
      word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, (_all, single?: string, double?: string, escaped?: string) => {
        return single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? '';
      }),
    );
  }
  return words;
}

function unsupported(host: string, name: string, message: string): FleetTapError {
  const hint = `honoured: ${HONOURED.join(', ')}; remove it from ${name}, or say it with its own ansible_ variable`;
  return new FleetTapError('input', 'ssh-args-unsupported', message, { place: { host }, hint });
}
