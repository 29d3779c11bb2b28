// What comes in on standard input: a text log while it is written. What goes out: one line of JSON, how long lines took from their event to here.
// Only every 64th line is looked at, so that the looking costs nothing; the first and the last tenth of the time are left out: hosts start and end there.

const EVERY = 64;
const NEWLINE = 0x0a;

export interface Delays {
  readonly lines: number;
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

const delays: { readonly atMs: number; readonly delayMs: number }[] = [];
let lines = 0;
/** The beginning of a line that the chunk's end has cut. */
let rest = '';

process.stdin.on('data', (chunk: Buffer) => {
  const nowMs = performance.timeOrigin + performance.now();
  let start = 0;
  for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
    if (lines % EVERY === 0) {
      const time = (rest + chunk.toString('latin1', start, Math.min(end, start + 27))).slice(0, 27);
      delays.push({ atMs: nowMs, delayMs: nowMs - Date.parse(`${time.slice(0, 19)}Z`) - Number(`0${time.slice(19, 26)}`) * 1000 });
    }
    rest = '';
    lines += 1;
    start = end + 1;
  }
  rest = (rest + chunk.toString('latin1', start, start + 27)).slice(0, 27);
});
process.stdin.on('end', () => {
  const seconds = Number(process.argv[2]);
  const endMs = delays.at(-1)?.atMs ?? 0;
  const kept = delays.filter(({ atMs }) => endMs - atMs < 900 * seconds && endMs - atMs > 100 * seconds).map(({ delayMs }) => delayMs).sort((left, right) => left - right);
  const at = (share: number): number => kept[Math.min(kept.length - 1, Math.floor(share * kept.length))] ?? Number.NaN;
  console.log(JSON.stringify({ lines, samples: kept.length, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) } satisfies Delays));
});
