// What comes in: a host key of an inventory: `web[01:10]`, `db[a:c]-[1:2]`, `gateway:2222`, `[2001:db8::1]:22`. What goes out: names and port.
// Guaranteed: the names that ansible-core gives (plugins/inventory/__init__.py expand_hostname_range, parsing/utils/addresses.py), its quirks
// included: a range that begins after its end is no host at all, and one of several letters is taken by its first.
import { parseAddress } from './address.js';
import { Mistake } from './mistake.js';

export interface HostNames {
  readonly names: readonly string[];
  /** From `name:port`; undefined when none is written. */
  readonly port: number | undefined;
}

const LIMIT_NAMES = 1_000_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** What Python's int() reads. */
const INTEGER = /^\s*[-+]?\d+(?:_\d+)*\s*$/;

/** @throws Mistake */
export function readHostKey(key: string): HostNames {
  const { name, port } = parseAddress(key) ?? { name: key, port: undefined };
  return { names: name.includes('[') ? expandRange(name) : [name], port };
}

/** Every name of a pattern; several ranges give their product, the first range slowest. */
function expandRange(pattern: string): string[] {
  const open = pattern.indexOf('[');
  if (open === -1) return [pattern];
  if (pattern.includes('|')) throw new Mistake(`"${pattern}" has a "|" beside a range, which Ansible does not accept`);
  const close = pattern.indexOf(']');
  if (close === -1) throw new Mistake(`the range in "${pattern}" is not closed`, 'write it as web[01:10]');
  if (close < open) throw new Mistake(`"${pattern}" has a "]" before its "["`, 'write it as web[01:10]');
  const head = pattern.slice(0, open);
  const words = rangeWords(pattern.slice(open + 1, close), pattern);
  if (words.length === 0) return [];
  const tails = expandRange(pattern.slice(close + 1));
  if (words.length * tails.length > LIMIT_NAMES) throw new Mistake(`"${pattern}" stands for more than ${LIMIT_NAMES} hosts`);
  return words.flatMap((word) => tails.map((tail) => `${head}${word}${tail}`));
}

function rangeWords(range: string, pattern: string): string[] {
  const bounds = range.split(':');
  if (bounds.length !== 2 && bounds.length !== 3) {
    throw new Mistake(`the range [${range}] must be begin:end or begin:end:step`, nodesetHint(range, pattern));
  }
  const begin = bounds[0] === '' ? '0' : (bounds[0] ?? '0');
  const end = bounds[1] ?? '';
  if (end === '') throw new Mistake(`the range [${range}] has no end`, 'write begin and end: web[1:3]');
  const step = integer(bounds[2] ?? '1');
  if (step === undefined || step === 0) throw new Mistake(`the step of the range [${range}] must be a whole number other than 0`);
  const isPadded = begin.length > 1 && begin.startsWith('0');
  if (isPadded && begin.length !== end.length) {
    throw new Mistake(`begin and end of the range [${range}] must have the same number of digits`, 'write web[01:10], not web[01:9]');
  }
  const [first, last] = [LETTERS.indexOf(begin), LETTERS.indexOf(end)];
  if (first !== -1 && last !== -1) {
    if (first > last) throw new Mistake(`the range [${range}] begins after its end`, 'swap the two');
    return step < 0 ? [] : [...LETTERS.slice(first, last + 1)].filter((_, index) => index % step === 0);
  }
  const [from, to] = [integer(begin), integer(end)];
  if (from === undefined || to === undefined) {
    throw new Mistake(`the range [${range}] must go from number to number or from letter to letter`, nodesetHint(range, pattern));
  }
  if ((to - from) / step > LIMIT_NAMES) throw new Mistake(`the range [${range}] stands for more than ${LIMIT_NAMES} hosts`);
  const words: string[] = [];
  for (let value = from; step > 0 ? value <= to : value > to + 1; value += step) words.push(String(value).padStart(isPadded ? begin.length : 0, '0'));
  return words;
}

function integer(text: string): number | undefined {
  return INTEGER.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}

/** `[1-3,5]` is how ClusterShell writes it. */
function nodesetHint(range: string, pattern: string): string {
  if (!/^[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*$/.test(range)) return 'write it as web[01:10]';
  const parts = range.split(',').map((part) => pattern.replace(`[${range}]`, part.includes('-') ? `[${part.replace('-', ':')}]` : part));
  return `in an inventory this is written ${parts.join(' and ')}`;
}
