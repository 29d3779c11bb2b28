// What comes in: a name and a pid of a process that the lab started. What goes out: whether it still runs, and its end.
// Guaranteed: a pid is only ever signalled when it is still the same process (start time in /proc/PID/stat), never a later one.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN_DIR } from './places.js';

interface Started {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks after boot. */
  readonly startTicks: string;
}

async function startTicksOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not looked yet.
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}

function fileOf(name: string): string {
  return join(RUN_DIR, `${name}.process`);
}

export async function remember(name: string, pid: number): Promise<void> {
  const startTicks = await startTicksOf(pid);
  if (startTicks === undefined) throw new Error(`${name} ended as soon as it was started; see ${RUN_DIR}`);
  await mkdir(RUN_DIR, { recursive: true });
  await writeFile(fileOf(name), JSON.stringify({ pid, startTicks } satisfies Started));
}

/** The pid when the process still runs, else undefined. */
export async function runningPid(name: string): Promise<number | undefined> {
  const text = await readFile(fileOf(name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const started = JSON.parse(text) as Started;
  return (await startTicksOf(started.pid)) === started.startTicks ? started.pid : undefined;
}

/** Ends it: SIGTERM, and SIGKILL after `graceMs`. Nothing happens when it does not run. */
export async function endProcess(name: string, graceMs: number): Promise<void> {
  const pid = await runningPid(name);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    for (let waitedMs = 0; (await runningPid(name)) !== undefined; waitedMs += 100) {
      if (waitedMs === graceMs) process.kill(pid, 'SIGKILL');
      if (waitedMs > graceMs + 5_000) throw new Error(`${name} (pid ${pid}) does not end`);
      await sleep(100);
    }
  }
  await rm(fileOf(name), { force: true });
}
