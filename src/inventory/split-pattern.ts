// What comes in: a host pattern, `web:&prod:!db*` or `web1,web2`. What goes out: its words.
// Guaranteed: Ansible's rule (inventory/manager.py, split_host_pattern): commas separate; without one, colons and white space do, unless
// the whole is one name or address, with a port or not. Added: a comma inside of a folded name (`web[1,4-5]`) separates nothing.
import { parseAddress } from './address.js';

/** `[1,4-5]`: how folded names write several numbers. */
const PIECES = /(?:\[\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*\]|[^,])+/g;

export function splitPattern(pattern: string): string[] {
  const pieces = pattern.match(PIECES) ?? [];
  const hasComma = pieces.join('').length < pattern.length;
  const words = hasComma || isFolded(pattern) || parseAddress(pattern) !== undefined ? pieces : (pattern.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? []);
  return words.map((word) => word.trim()).filter((word) => word !== '');
}

/** One folded name: `web[01-40]`, `a[1-2]-ib[0,3]`. */
function isFolded(pattern: string): boolean {
  return pattern.includes('[') && /^(?:[\p{L}\p{N}_.-]|\[\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*\])+$/u.test(pattern);
}
