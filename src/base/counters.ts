// What one host's stream is made of, line by line: filled by capture, balanced by merge/ledger.ts.
// received = records + marks + notes + malformed + truncated + ownEcho: nothing else can happen to a line (an oversized one is counted as such too).

export interface HostCounters {
  /** Lines that the host sent, the last one without a newline included. */
  received: number;
  /** Lines that became records. */
  records: number;
  /** Heartbeats, begin and end. */
  marks: number;
  /** Text that is no record: banners and warnings. */
  notes: number;
  /** Lines that should have been records and could not be read. */
  malformed: number;
  /** Lines beyond the limit of a line. */
  oversized: number;
  /** A last line without a newline. */
  truncated: number;
  /** Lines about our own connection, left out on our side (scripts that cannot leave it out themselves). */
  ownEcho: number;
  /** Lines that the kernel says it has printed; null for scripts that do not say. */
  announced: number | null;
  /** Lines that the kernel printed and that never came, as far as heartbeats tell. */
  lost: number;
}

export function newCounters(): HostCounters {
  return { received: 0, records: 0, marks: 0, notes: 0, malformed: 0, oversized: 0, truncated: 0, ownEcho: 0, announced: null, lost: 0 };
}
