// What comes in: a command line. What goes out: what it cost this machine: wall time, CPU time of it and all children it waited for, and
// the memory of its largest process, as the kernel counts them (getrusage(2), through GNU time).
// Not counted: processes that detach themselves (ssh's ControlPersist masters): that favours those who leave some behind.
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

export interface Cost {
  readonly wallMs: number;
  /** User and system time. */
  readonly cpuMs: number;
  readonly maxRssMb: number;
}

export interface Measured extends Cost {
  readonly status: number;
  /** The output's file. */
  readonly stdoutFile: string;
  readonly stderr: string;
}

const TIME = '/usr/bin/time';

/** @param folder where the output is kept while it runs: a pipe to this process would make the reader part of what is measured */
export async function measure(command: readonly [string, ...string[]], env: Readonly<Record<string, string>>, folder: string): Promise<Measured> {
  const file = (name: string) => join(folder, name);
  const [stdout, stderr] = [createWriteStream(file('stdout')), createWriteStream(file('stderr'))];
  await Promise.all([stdout, stderr].map((stream) => new Promise((opened) => void stream.once('open', opened))));
  const startedMs = performance.now();
  const child = spawn(TIME, ['-q', '-o', file('time'), '-f', '%U %S %M', ...command], { env: { ...process.env, ...env }, stdio: ['ignore', stdout, stderr] });
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => void resolve(code ?? 255));
  });
  const wallMs = performance.now() - startedMs;
  await Promise.all([stdout, stderr].map((stream) => finished(stream.end())));
  const [userSec = 0, systemSec = 0, maxRssKb = 0] = (await readFile(file('time'), 'utf8')).trim().split(' ').map(Number);
  return {
    wallMs,
    cpuMs: (userSec + systemSec) * 1000,
    maxRssMb: maxRssKb / 1024,
    status,
    stdoutFile: file('stdout'),
    stderr: await readFile(file('stderr'), 'utf8'),
  };
}

/** Each figure's own median. */
export function medianOf(costs: readonly Cost[]): Cost {
  const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
  return {
    wallMs: median(costs.map((cost) => cost.wallMs)),
    cpuMs: median(costs.map((cost) => cost.cpuMs)),
    maxRssMb: median(costs.map((cost) => cost.maxRssMb)),
  };
}

/** Lines of a file that may be too large for memory. */
export async function countLines(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) lines += 1;
  }
  return lines;
}
