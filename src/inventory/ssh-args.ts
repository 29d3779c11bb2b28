// What comes in: the options that a person wrote for `ssh` (ansible_ssh_args, ansible_ssh_common_args, ansible_ssh_extra_args).
// What goes out: the same as keywords of ssh_config(5), in their order; the room ssh/ checks and honours them as it does the config's.
// Guaranteed: a letter that would make another connection out of it (-W, -L, -N …) is an error; those that concern terminals and logs are passed over.
import { FleetTapError } from '../base/errors.js';

export interface SshOption {
  /** A keyword of ssh_config(5), as written. */
  readonly keyword: string;
  /** As it would stand in a config file, quotes and all. */
  readonly value: string;
  /** The variable, for messages. */
  readonly from: string;
}

export interface SshArgs {
  readonly options: readonly SshOption[];
  /** -F; the last one counts. */
  readonly configFile?: string;
}

/** Letters with a value, by the keyword that means the same; undefined: of no matter here. */
const WITH_VALUE: Readonly<Record<string, string | undefined>> = {
  b: 'BindAddress', B: 'BindInterface', c: 'Ciphers', i: 'IdentityFile', I: 'PKCS11Provider', J: 'ProxyJump', l: 'User', m: 'MACs', p: 'Port', P: 'Tag',
  E: undefined, e: undefined, S: undefined,
};
/** Letters without one. */
const ALONE: Readonly<Record<string, readonly [string, string] | undefined>> = {
  '4': ['AddressFamily', 'inet'], '6': ['AddressFamily', 'inet6'], C: ['Compression', 'yes'],
  A: undefined, a: undefined, K: undefined, k: undefined, M: undefined, n: undefined, q: undefined, T: undefined, t: undefined, v: undefined, X: undefined, x: undefined, Y: undefined, y: undefined,
};
/** Values that stand for themselves to the end of the line: no quotes are taken off them. */
const TO_THE_END = new Set(['ProxyJump']);

/**
 * Splits and reads one value of these variables.
 * @param name the variable, for errors
 * @throws FleetTapError kind `input`, code `ssh-args-unsupported`
 */
export function readSshArgs(text: string, name: string, host: string): SshArgs {
  const options: SshOption[] = [];
  let configFile: string | undefined;
  const words = splitWords(text);
  if (words === undefined) throw unsupported(host, name, `${name} has a quote that is not closed`);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!/^-[A-Za-z0-9]/.test(word)) throw unsupported(host, name, `${name} has "${word}", which is no option of ssh`);
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] ?? '';
      if (letter in ALONE) {
        const option = ALONE[letter];
        if (option !== undefined) options.push({ keyword: option[0], value: option[1], from: name });
        continue;
      }
      if (letter !== 'o' && letter !== 'F' && !(letter in WITH_VALUE)) throw unsupported(host, name, `${name} has the ssh option "-${letter}", which makes no sense here`);
      const value = at + 1 < word.length ? word.slice(at + 1) : words.shift();
      if (value === undefined || value === '') throw unsupported(host, name, `${name} has -${letter} without a value`);
      if (letter === 'F') configFile = value;
      else if (letter === 'o') options.push(readOption(value, name, host));
      else {
        const keyword = WITH_VALUE[letter];
        if (keyword !== undefined) options.push({ keyword, value: TO_THE_END.has(keyword) ? value : quoteValue(value), from: name });
      }
      break;
    }
  }
  return { options, ...(configFile === undefined ? {} : { configFile }) };
}

/** `Key=Value` or `Key Value`, as `ssh -o` takes it. */
function readOption(text: string, name: string, host: string): SshOption {
  const match = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/s.exec(text);
  const keyword = match?.[1];
  const value = match?.[2];
  if (keyword === undefined || value === undefined || value === '') throw unsupported(host, name, `${name} has -o "${text}", which is not Key=Value`);
  return { keyword, value, from: name };
}

/** One word for ssh_config, whatever stands in it. */
export function quoteValue(value: string): string {
  return /^[\w@%+=:,./~${}-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** Words as a shell splits them (Python's shlex, which Ansible uses here): quotes and backslashes, no variables. @returns undefined when a quote is open */
export function splitWords(text: string): string[] | undefined {
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
  const hint = `remove it from ${name}, or say it as -o Keyword=value of ssh_config(5)`;
  return new FleetTapError('input', 'ssh-args-unsupported', message, { place: { host }, hint });
}
