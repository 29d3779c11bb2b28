// What comes in: the name of a log that is rotated, and what lies in its folder. What goes out: the name of its next file.
// Guaranteed: no name that an earlier file has, whole or .part, whichever run wrote it: numbers go on after the highest one there is, as
// newsyslog's and Wireshark's do. (tcpdump -C begins again at 0 and overwrites; whoever starts a capture anew would lose the one before.)
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const DIGITS = 4;

export interface RotatedName {
  readonly path: string;
  readonly number: number;
}

/**
 * `fleet.log.gz` → `fleet-0001.log.gz`, or with a time `fleet-20261125T160000Z.log.gz`, or with both `fleet-20261125T160000Z-0001.log.gz`.
 * A time whose file is there already gets a number too, from 2 on.
 * @param time begin of the stretch in seconds since 1970; undefined = not rotated by time
 * @param isNumbered rotated by size
 * @param before the highest number that this run has used
 */
export async function nextRotatedName(name: string, time: number | undefined, isNumbered: boolean, before: number): Promise<RotatedName> {
  const [folder, file] = [dirname(name), basename(name)];
  const [, stem = file, ending = ''] = /^(.+?)((?:\.[a-z]+(?:\.(?:gz|zst))?)?)$/.exec(file) ?? [];
  const stamp = time === undefined ? undefined : new Date(time * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
  const there = await readdir(folder).catch(() => []);
  const marks = there.flatMap((other) => {
    const whole = other.endsWith('.part') ? other.slice(0, -'.part'.length) : other;
    return whole.startsWith(`${stem}-`) && whole.endsWith(ending) ? [whole.slice(stem.length + 1, whole.length - ending.length)] : [];
  });
  const numbers = marks.flatMap((mark) => {
    const match = /^(?:(\d{8}T\d{6}Z)(?:-|$))?(\d{4,})?$/.exec(mark);
    if (match === null || (match[1] === undefined) !== (stamp === undefined)) return [];
    // By time alone, each time's files are counted for themselves.
    if (!isNumbered && match[1] !== stamp) return [];
    return [match[2] === undefined ? 1 : Number(match[2])];
  });
  const number = Math.max(0, ...numbers, isNumbered ? before : 0) + 1;
  const isBare = stamp !== undefined && !isNumbered && number === 1;
  const mark = [stamp, isBare ? undefined : String(number).padStart(DIGITS, '0')].filter((part) => part !== undefined).join('-');
  return { path: join(folder, `${stem}-${mark}${ending}`), number };
}
