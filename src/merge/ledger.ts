// What comes in: what was counted of each host on the way (capture, merge, sinks). What goes out: whether every line is accounted for,
// and a table for the person. The equations are G3's; each has its sentence when it does not hold.
import type { HostCounters } from '../base/counters.js';
import type { MergeCounts } from './host-queue.js';

export interface LedgerRow {
  readonly host: string;
  readonly counters: HostCounters;
  readonly merged: Readonly<MergeCounts>;
  /** Records and markers still in the merge's queue; 0 at the end. */
  readonly held: number;
  /** Gap markers put into the host's stream beside its own records. */
  readonly gaps: number;
  /** Markers of which nobody knows how many lines they stand for. */
  readonly unknownGaps: number;
  /** Packets of which no line came, since the script on the host could not read them. */
  readonly unread: number;
  /** Host clock minus ours in nanoseconds, and the widest error bound of a record; undefined when it was never measured. */
  readonly clock: { readonly offsetNs: number; readonly errorNs: number } | undefined;
}

/**
 * One sentence for each equation that does not hold; empty = the books balance.
 * @param aside rows that came out of the merge and were not for the sinks (--late)
 */
export function unbalanced(rows: readonly LedgerRow[], sinks: readonly { readonly name: string; readonly written: number; readonly missed: number }[], aside = 0): string[] {
  const sentences: string[] = [];
  for (const { host, counters: c, merged, held, gaps } of rows) {
    const kinds = c.records + c.marks + c.notes + c.malformed + c.truncated + c.ownEcho;
    if (c.received !== kinds) sentences.push(`${host}: ${c.received} lines received, but ${kinds} accounted for`);
    if (c.records + gaps + merged.markers !== merged.taken) sentences.push(`${host}: ${c.records} records and ${gaps + merged.markers} markers, but ${merged.taken} went into the merge`);
    const [{ taken, emitted, dropped }, outOf] = [merged, merged.dropped === 0 ? '' : `, ${merged.dropped} were dropped`];
    if (taken !== emitted + dropped + held) sentences.push(`${host}: ${taken} went into the merge, but ${emitted} came out${outOf} and ${held} are held`);
  }
  const emitted = rows.reduce((sum, row) => sum + row.merged.emitted, 0) - aside;
  for (const sink of sinks) {
    if (sink.written + sink.missed !== emitted) sentences.push(`${sink.name}: ${emitted} records came out of the merge, but ${sink.written} were written and ${sink.missed} missed`);
  }
  return sentences;
}

/** Lines that are known to be lost; a loss makes the exit status 2. */
export function lostLines(rows: readonly LedgerRow[]): number {
  return rows.reduce((sum, row) => sum + row.counters.lost + row.counters.malformed + row.counters.truncated + row.unread + row.merged.dropped, 0);
}

/** The table at the end of a capture. */
export function formatLedger(rows: readonly LedgerRow[]): string {
  const cells = [
    ['host', 'lines', 'late', 'lost', 'unread', 'own', 'clock'],
    ...rows.map(({ host, counters, merged, clock, unknownGaps, unread }) => [
      host,
      String(counters.records),
      String(merged.late),
      lostText(counters.lost + merged.dropped, unknownGaps),
      String(counters.malformed + counters.truncated + unread),
      String(counters.ownEcho),
      clock === undefined ? 'not measured' : `${signedSeconds(clock.offsetNs)} ± ${Number.isFinite(clock.errorNs) ? (clock.errorNs / 1e6).toFixed(1) : '?'} ms`,
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 || column === row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  return cells.map(line).join('\n');
}

/** `?`: nobody knows; `5+?`: five, and more that nobody can count. */
function lostText(lines: number, unknownGaps: number): string {
  if (unknownGaps === 0) return String(lines);
  return lines === 0 ? '?' : `${lines}+?`;
}

function signedSeconds(ns: number): string {
  const seconds = ns / 1e9;
  return `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(4)} s`;
}
