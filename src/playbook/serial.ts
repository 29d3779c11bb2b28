// serial: a number, a percentage, or a list of them; the last one holds for all further batches (executor/playbook_executor.py).
import { FleetTapError } from '../base/errors.js';
import type { Host } from '../inventory/host.js';
import { Omit } from './expression/kinds.js';
import { toText } from './expression/values.js';
import type { Names } from './expression/evaluate.js';
import type { Play } from './playbook.js';
import { render } from './template.js';

/** @throws FleetTapError kind `input` */
export function batchesOf(play: Play, hosts: readonly Host[], names: Names): Host[][] {
  const written = render(play.serial, names);
  const sizes = [written].flat().filter((size) => size !== undefined && size !== null && !(size instanceof Omit)).map((size) => sizeOf(toText(size), hosts.length, play));
  if (sizes.length === 0) return [[...hosts]];
  const batches: Host[][] = [];
  for (let at = 0; at < hosts.length; ) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? 0;
    const batch = size <= 0 ? hosts.slice(at) : hosts.slice(at, at + size);
    batches.push(batch);
    at += batch.length;
  }
  return batches;
}

/** A percentage is at least one host (utils/helpers.py, pct_to_int). */
function sizeOf(text: string, hosts: number, play: Play): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  if (percent !== null) return Math.floor((Number(percent[1]) / 100) * hosts) || 1;
  if (/^-?\d+$/.test(text.trim())) return Number(text);
  throw new FleetTapError('input', 'playbook-invalid', `serial takes numbers and percentages, not "${text}"`, { place: play.place, hint: 'serial: 2, serial: 10%, or a list of those' });
}
