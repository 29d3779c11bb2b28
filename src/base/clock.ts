// What comes in: the machine's clocks. What goes out: time as plain numbers, taken through a parameter so that tests own it.
// Guaranteed: `nowNs` never goes back, even when somebody sets this machine's clock.
// Unit everywhere: nanoseconds since the origin, as a Number; exact for 104 days either side of it (2^53 ns).

/** Controller time. */
export interface Clock {
  /** Whole seconds since 1970 (UTC) that nanosecond 0 stands for. */
  readonly originSec: number;
  /** Nanoseconds since the origin, monotonic. */
  nowNs(): number;
}

/** The controller's clock: `process.hrtime` anchored once to wall time, so that a step of the wall clock moves nothing. */
export function systemClock(): Clock {
  const wallMs = performance.timeOrigin + performance.now();
  const anchor = process.hrtime.bigint();
  const originSec = Math.floor(wallMs / 1000);
  const anchorNs = Math.round((wallMs - originSec * 1000) * 1e6);
  return { originSec, nowNs: () => anchorNs + Number(process.hrtime.bigint() - anchor) };
}

/**
 * A kernel's decimal nanoseconds since 1970 as nanoseconds since the origin, without BigInt.
 * @param digits 10 digits of seconds and 9 of nanoseconds, for example `1795440880303117235`
 * @returns NaN when it is not such a number
 */
export function parseEpochNs(digits: string, originSec: number): number {
  if (digits.length !== 19) return Number.NaN;
  const sec = Number(digits.slice(0, 10));
  const ns = Number(digits.slice(10));
  return (sec - originSec) * 1e9 + ns;
}

/** RFC 3339 in UTC with microseconds: `2026-11-23T10:00:00.123456Z`; nanoseconds are cut, not rounded, so that order stays. */
export function formatTime(ns: number, originSec: number): string {
  const sec = Math.floor(ns / 1e9);
  const restUs = Math.floor((ns - sec * 1e9) / 1000);
  return `${new Date((originSec + sec) * 1000).toISOString().slice(0, 19)}.${String(restUs).padStart(6, '0')}Z`;
}
