// What comes in: a host key of an inventory: `web[01:10]`, `db[a:c]-[1:2]`, `gateway:2222`, `[2001:db8::1]:22`. What goes out: names and port.
// Guaranteed: the names that ansible-core gives (plugins/inventory/__init__.py expand_hostname_range, parsing/utils/addresses.py).
// Stricter than Ansible, which takes these without a word: a begin after the end (it gives no host at all) and ranges of several letters.

/** A range that cannot be read: one sentence without a place; who reads the file adds it. */
export class RangeMistake extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

export interface HostNames {
  readonly names: readonly string[];
  /** From `name:port`; undefined when none is written. */
  readonly port: number | undefined;
}

const LIMIT_NAMES = 1_000_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const NUMERIC = String.raw`\[[0-9]+:[0-9]+(?::[0-9]+)?\]`;
const ALPHANUMERIC = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const OCTET = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${NUMERIC})`;
const LABEL = String.raw`(?:[\p{L}\p{N}_]|${ALPHANUMERIC})(?:[\p{L}\p{N}_-]|${ALPHANUMERIC})*(?<![_-])`;
const IPV4 = new RegExp(String.raw`^(?:${OCTET}\.){3}${OCTET}$`, 'u');
const HOSTNAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, 'iu');
const BRACKETED_PORT = /^\[(.+)\]:([0-9]+)$/;
const NAME_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/;

/** @throws RangeMistake */
export function readHostKey(key: string): HostNames {
  const { name, port } = splitPort(key);
  return { names: name.includes('[') ? expandRange(name) : [name], port };
}

/** The port is split off only where the rest is a host name or an address; else the whole text is the name, as in Ansible. */
export function splitPort(key: string): { name: string; port: number | undefined } {
  const bracketed = BRACKETED_PORT.exec(key);
  if (bracketed?.[1] !== undefined && /^[0-9a-f:.]+$/i.test(bracketed[1])) return { name: bracketed[1], port: Number(bracketed[2]) };
  const match = bracketed ?? NAME_PORT.exec(key);
  const name = match?.[1];
  if (name === undefined || !(IPV4.test(name) || HOSTNAME.test(name))) return { name: key, port: undefined };
  return { name, port: Number(match?.[2]) };
}

/** Every name of a pattern; several ranges give their product, the first range slowest. */
function expandRange(pattern: string): string[] {
  const open = pattern.indexOf('[');
  if (open === -1) return [pattern];
  const close = pattern.indexOf(']', open);
  if (close === -1) throw new RangeMistake(`the range in "${pattern}" is not closed`, 'write it as web[01:10]');
  const head = pattern.slice(0, open);
  const words = rangeWords(pattern.slice(open + 1, close), pattern);
  const names: string[] = [];
  for (const tail of expandRange(pattern.slice(close + 1))) names.push(tail);
  if (words.length * names.length > LIMIT_NAMES) throw new RangeMistake(`"${pattern}" stands for more than ${LIMIT_NAMES} hosts`);
  return words.flatMap((word) => names.map((tail) => `${head}${word}${tail}`));
}

function rangeWords(range: string, pattern: string): string[] {
  const bounds = range.split(':');
  if (bounds.length !== 2 && bounds.length !== 3) {
    throw new RangeMistake(`the range [${range}] must be begin:end or begin:end:step`, nodesetHint(range, pattern));
  }
  const begin = bounds[0] === '' ? '0' : (bounds[0] ?? '0');
  const end = bounds[1] ?? '';
  const stepText = bounds[2] ?? '1';
  if (end === '') throw new RangeMistake(`the range [${range}] has no end`, 'write begin and end: web[1:3]');
  if (!/^\d+$/.test(stepText) || Number(stepText) === 0) throw new RangeMistake(`the step of the range [${range}] must be a whole number above 0`);
  const step = Number(stepText);
  const first = begin.length === 1 ? LETTERS.indexOf(begin) : -1;
  const last = end.length === 1 ? LETTERS.indexOf(end) : -1;
  if (first !== -1 && last !== -1) {
    checkOrder(first, last, range);
    return [...LETTERS.slice(first, last + 1)].filter((_, index) => index % step === 0);
  }
  if (!/^\d+$/.test(begin) || !/^\d+$/.test(end)) {
    throw new RangeMistake(`the range [${range}] must go from number to number or from letter to letter`, nodesetHint(range, pattern));
  }
  const isPadded = begin.length > 1 && begin.startsWith('0');
  if (isPadded && begin.length !== end.length) {
    throw new RangeMistake(`begin and end of the range [${range}] must have the same number of digits`, 'write web[01:10], not web[01:9]');
  }
  checkOrder(Number(begin), Number(end), range);
  if ((Number(end) - Number(begin)) / step > LIMIT_NAMES) throw new RangeMistake(`the range [${range}] stands for more than ${LIMIT_NAMES} hosts`);
  const words: string[] = [];
  for (let value = Number(begin); value <= Number(end); value += step) words.push(String(value).padStart(isPadded ? begin.length : 0, '0'));
  return words;
}

function checkOrder(begin: number, end: number, range: string): void {
  if (begin > end) throw new RangeMistake(`the range [${range}] begins after its end`, 'Ansible reads this as no host at all; swap the two');
}

/** `[1-3,5]` is how ClusterShell writes it. */
function nodesetHint(range: string, pattern: string): string {
  if (!/^[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*$/.test(range)) return 'write it as web[01:10]';
  const parts = range.split(',').map((part) => pattern.replace(`[${range}]`, part.includes('-') ? `[${part.replace('-', ':')}]` : part));
  return `in an inventory this is written ${parts.join(' and ')}`;
}
