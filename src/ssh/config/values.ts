// What comes in: a directive's words. What goes out: its value in one form of writing, or what is wrong with it in half a sentence. Pure, but for the names of ports.
import { parseJump } from './jump.js';
import type { ValueKind } from './keywords.js';
import { portOf } from './services.js';

/** Texts; of most keywords one. Flags are `yes` and `no`, times whole seconds or `none`. */
export type Value = readonly string[];

export class WrongValue extends Error {}

const FLAG: Readonly<Record<string, string>> = { yes: 'yes', true: 'yes', no: 'no', false: 'no' };
const WORDS: Readonly<Partial<Record<ValueKind, Readonly<Record<string, string>>>>> = {
  flag: FLAG,
  'yes-no-ask': { ...FLAG, ask: 'ask' },
  checking: { ...FLAG, ask: 'ask', off: 'no', 'accept-new': 'accept-new' },
  pubkey: { ...FLAG, unbound: 'yes', 'host-bound': 'yes' },
  family: { any: 'any', inet: 'inet', inet6: 'inet6' },
  canonicalize: { ...FLAG, always: 'always' },
};
const UNIT_SEC: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const INT_MAX = 2 ** 31 - 1;

/**
 * @param rest the line after the keyword, for commands
 * @param words the same, split
 * @throws WrongValue
 */
export function readValue(kind: ValueKind, words: readonly string[], rest: string): Value {
  if (kind === 'command') return [rest.replace(/^[ \t\r\n=]+/, '')];
  if (kind === 'ignored' || kind === 'block') return words;
  if (kind === 'jump') {
    const text = jumpText(rest);
    if (parseJump(text) === undefined) throw new WrongValue(`is "${text}", which is no list of [user@]host[:port]`);
    return [text];
  }
  if (kind === 'files') return readFiles(words);
  const [word, more] = words;
  if (word === undefined || word === '') throw new WrongValue('has no value');
  if (more !== undefined) throw new WrongValue(`has more than one value: "${more}"`);
  const known = WORDS[kind];
  if (known !== undefined) {
    const value = known[word.toLowerCase()];
    if (value === undefined) throw new WrongValue(`is "${word}"; it must be one of ${Object.keys(known).join(', ')}`);
    return [value];
  }
  if (kind === 'time') return [readTime(word)];
  if (kind === 'integer') return [readInteger(word)];
  if (kind === 'port') return [readPort(word)];
  return [word];
}

function readFiles(words: readonly string[]): Value {
  if (words.includes('')) throw new WrongValue('has an empty word');
  if (words.length > 1 && words.some((word) => word.toLowerCase() === 'none')) throw new WrongValue('has "none", which must stand alone');
  return words;
}

/** `90`, `1m30s`, `1h`; @returns whole seconds */
function readTime(text: string): string {
  if (text === 'none') return text;
  let total = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([smhdw]?)/gi)) total += Number(digits) * (UNIT_SEC[unit.toLowerCase()] ?? 1);
  if (!/^(\d+[smhdw]?)+$/i.test(text) || total > INT_MAX) throw new WrongValue(`is "${text}", which is no time such as 30 or 1m30s`);
  return String(total);
}

function readInteger(text: string): string {
  const number = Number(text);
  if (!/^[+-]?\d+$/.test(text) || Math.abs(number) > INT_MAX) throw new WrongValue(`is "${text}", which is no whole number`);
  return String(number);
}

function readPort(text: string): string {
  const number = portOf(text);
  if (number === undefined) throw new WrongValue(`is "${text}", which is no port from 1 to 65535`);
  return String(number);
}

function jumpText(rest: string): string {
  return rest
    .replace(/^[ \t\r\n=]+/, '')
    .replace(/#.*$/s, '')
    .trimEnd();
}
