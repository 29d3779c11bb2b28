// What comes in: a host pattern, `web:&prod:!db*` or `web1,web2`. What goes out: its words.
// Guaranteed: Ansible's rule (inventory/manager.py, split_host_pattern): commas separate; without one, colons and white space do, unless
// the whole is one name or address, with a port or not. Added: a comma inside of a folded name (`web[1,4-5]`) separates nothing.
import { FleetTapError } from '../base/errors.js';
import { parseAddress } from './address.js';

/** Anything but white space, colons and brackets, or one whole bracket. */
const WORDS = /(?:[^\s:[\]]|\[[^\]]*\])+/g;

/** `[1,4-5]`: how folded names write several numbers. */
const PIECES = /(?:\[\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*\]|[^,])+/g;

/** @throws FleetTapError kind `input`, code `pattern-invalid`, for a bracket that stands alone: Ansible drops it, and takes what is left */
export function splitPattern(pattern: string): string[] {
  const pieces = pattern.match(PIECES) ?? [];
  const hasComma = pieces.join('').length < pattern.length;
  const isWhole = hasComma || isFolded(pattern) || parseAddress(pattern) !== undefined;
  const words = isWhole ? pieces : (pattern.match(WORDS) ?? []);
  const alone = isWhole ? -1 : pattern.replace(WORDS, (word) => ' '.repeat(word.length)).search(/[[\]]/);
  if (alone !== -1) throw bracketAlone(pattern, alone);
  return words.map((word) => word.trim()).filter((word) => word !== '');
}

/** @param at where it stands, from 0 */
export function bracketAlone(pattern: string, at: number): FleetTapError {
  const isOpen = pattern[at] === '[';
  const message = `the "${pattern[at]}" in column ${[...pattern.slice(0, at)].length + 1} of the host pattern "${pattern}" ${isOpen ? 'is not closed' : 'has no "[" before it'}`;
  return new FleetTapError('input', 'pattern-invalid', message, { hint: 'write web[0], web[0:2], web[01-03] or [2001:db8::1]; in quotes, so that your shell leaves the brackets alone' });
}

/** One folded name: `web[01-40]`, `a[1-2]-ib[0,3]`. */
function isFolded(pattern: string): boolean {
  return pattern.includes('[') && /^(?:[\p{L}\p{N}_.-]|\[\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*\])+$/u.test(pattern);
}
