// What comes in: what staprun printed on stderr. What goes out: the losses and troubles it speaks of, for the ledger and the person.
// The texts stand in SystemTap's source (runtime/transport, staprun/relay.c), in our script and in supervisor.ts; a count of 0 is no warning.
import { type HostText, printable } from '../base/host-text.js';

export interface RunWarning {
  readonly kind:
    | 'lost' // output that the kernel or staprun threw away: lines are missing
    | 'skipped' // probes that did not run: packets are missing, nobody knows which
    | 'unread' // packets that our script met and could not read
    | 'error' // the script or its runtime complains
    | 'other';
  /** Messages, probes, packets or errors; 0 when the text gives no number. */
  readonly count: number;
  readonly text: string;
}

/** The first group is the count; a line whose groups are all 0 is no warning. */
const PATTERNS: readonly { readonly kind: RunWarning['kind']; readonly pattern: RegExp }[] = [
  { kind: 'lost', pattern: /There were (\d+) transport failures/ },
  // "Unexpected sequences", which newer ones count too, have been waited for in vain, and come after all: a line is missing only where it is among the lost.
  { kind: 'lost', pattern: /There were (\d+) lost messages(?:(?:,| and) (\d+) lost bytes)?/ },
  { kind: 'skipped', pattern: /Number of errors: \d+, skipped probes: ([1-9]\d*)/ },
  { kind: 'error', pattern: /Number of errors: (\d+), skipped probes: 0\b/ },
  { kind: 'lost', pattern: /^WARNING: probe .* registration error/ }, // the script runs on, and this probe never fires
  { kind: 'lost', pattern: /^ERROR: the last lines found no way out/ }, // supervisor.ts
  { kind: 'unread', pattern: /^WARNING: (\d+) packets could not be read/ }, // stap/tcpdumplike.stp
  { kind: 'error', pattern: /^ERROR: / },
  { kind: 'other', pattern: /^WARNING: / },
];

/** One entry for each line that matters. */
export function runWarnings(stderr: HostText): RunWarning[] {
  const warnings: RunWarning[] = [];
  for (const line of stderr.split('\n')) {
    const found = PATTERNS.map(({ kind, pattern }) => ({ kind, match: pattern.exec(line) })).find(({ match }) => match !== null);
    if (found === undefined || found.match === null) continue;
    const count = Number(found.match[1] ?? 0);
    const numbers = found.match.slice(1).filter((group) => group !== undefined);
    if (numbers.length > 0 && numbers.every((number) => Number(number) === 0)) continue;
    warnings.push({ kind: found.kind, count, text: printable(line) });
  }
  return warnings;
}
