// What comes in: what stands after --limit. What goes out: the same as one host pattern, with each `@file` replaced by the lines of that file.
// Guaranteed: Ansible's rule (inventory/manager.py, subset): a line is one word, never split at colons; empty lines are skipped, and
// an empty file limits nothing.
import { readText } from '../base/read-text.js';
import { splitPattern } from './split-pattern.js';

/** @throws FleetTapError kind `input`, code `file-…` */
export async function readLimit(limit: string | undefined): Promise<string | undefined> {
  if (limit === undefined || !limit.includes('@')) return limit;
  const words: string[] = [];
  for (const word of splitPattern(limit)) {
    if (!word.startsWith('@')) words.push(word);
    else words.push(...(await readText(word.slice(1), 'limit file')).split('\n').map((line) => line.trim()));
  }
  // The comma at the end makes it a list even of one word, which then keeps its colons.
  return words.filter((word) => word !== '').map((word) => `${word},`).join('');
}
