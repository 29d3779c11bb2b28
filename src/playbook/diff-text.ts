// What comes in: the diffs of a module's result. What goes out: one text, as Ansible's callbacks write it (plugins/callback/__init__.py, _get_diff). Pure.
import { linesWithEnds, unifiedDiff } from '../base/python-difflib.js';
import type { HostText } from '../base/host-text.js';
import type { ModuleDiff } from '../modules/module.js';

/** @param context lines around a change */
export function diffText(diffs: ModuleDiff | readonly ModuleDiff[], context: number): HostText {
  return (Array.isArray(diffs) ? (diffs as readonly ModuleDiff[]) : [diffs as ModuleDiff]).map((diff) => one(diff, context)).join('') as HostText;
}

function one({ before, after, before_header, after_header, prepared, ...skipped }: ModuleDiff, context: number): string {
  const why = [
    ...(skipped.dst_binary === undefined ? [] : ['diff skipped: destination file appears to be binary\n']),
    ...(skipped.src_binary === undefined ? [] : ['diff skipped: source file appears to be binary\n']),
    ...(skipped.dst_larger === undefined ? [] : [`diff skipped: destination file size is greater than ${skipped.dst_larger}\n`]),
    ...(skipped.src_larger === undefined ? [] : [`diff skipped: source file size is greater than ${skipped.src_larger}\n`]),
  ].join('');
  const header = (word: string, text: string | undefined) => (text === undefined ? word : `${word}: ${text}`);
  const lines = before === undefined || after === undefined ? [] : unifiedDiff(sides(before), sides(after), header('before', before_header), header('after', after_header), context);
  return `${why}${lines.length === 0 ? '' : `${lines.join('')}\n`}${prepared ?? ''}`;
}

function sides(side: string | Readonly<Record<string, unknown>>): string[] {
  const lines = linesWithEnds(typeof side === 'string' ? side : serialized(side));
  const last = lines.at(-1);
  if (last !== undefined && !last.endsWith('\n')) lines[lines.length - 1] = `${last}\n\\ No newline at end of file\n`;
  return lines;
}

/** JSON with sorted keys, as it shows the attributes of a file. */
function serialized(values: Readonly<Record<string, unknown>>): string {
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)])) : value;
  return `${JSON.stringify(sorted(values), null, 4)}\n`;
}
