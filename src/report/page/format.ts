// Numbers and times as the page shows them.
const COUNT = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return COUNT.format(value);
}

/** `2026-11-23 10:00:00.123456`, UTC. @param digits of the fraction, 0 to 9 */
export function timeText(ns: number, originSec: number, digits: number): string {
  const sec = Math.floor(ns / 1e9);
  const day = new Date((originSec + sec) * 1000).toISOString();
  const fraction = digits === 0 ? '' : `.${String(Math.floor(ns - sec * 1e9)).padStart(9, '0').slice(0, digits)}`;
  return `${day.slice(0, 10)} ${day.slice(11, 19)}${fraction}`;
}

/** The time of day alone. */
export function clockText(ns: number, originSec: number, digits: number): string {
  return timeText(ns, originSec, digits).slice(11);
}

/** Digits that tell two times that far apart from each other. */
export function digitsFor(spanNs: number): number {
  if (spanNs >= 1e9) return 0;
  return spanNs >= 1e6 ? 3 : 6;
}

export function durationText(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e6) return `${(ns / 1e3).toFixed(0)} µs`;
  if (size < 1e9) return `${(ns / 1e6).toFixed(size < 1e8 ? 1 : 0)} ms`;
  if (size < 120e9) return `${(ns / 1e9).toFixed(size < 10e9 ? 2 : 0)} s`;
  return `${(ns / 60e9).toFixed(0)} min`;
}

export function bytesText(bytes: number | null): string {
  if (bytes === null) return '?';
  if (bytes < 10_000) return count(bytes);
  const [size, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}

/** Bits of UAPRSF as the columns of the table show them: `A P`. */
export function flagsText(bits: number): string {
  return ['URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'].filter((_, index) => (bits & (32 >> index)) !== 0).join(' ');
}
