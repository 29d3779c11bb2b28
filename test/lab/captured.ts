// Captures while the lab's machines talk, and what a capture leaves behind. Shared by the lab's tests.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Finished, skippedIn, startFleetTap } from './fleet-tap.js';
import { difference, framesSoFar, type Reception, talkByDump } from './oracle.js';
import { BUILD_HOSTS, LAB_DIR, MACHINES } from './places.js';
import { remote } from './remote.js';
import { makeTraffic, type Sent } from './traffic.js';

/** How much each machine sends to the next one during a capture, unless the test says otherwise. */
export const SENT: Sent = { connections: 12, datagrams: 20 };

export interface Captured {
  readonly finished: Finished;
  /** What `-o` has written. */
  readonly log: string;
  /** What the machines received on the common network meanwhile, as QEMU's dump has it. */
  readonly dump: readonly Reception[];
  /** And what they sent there; waits until what the log has has passed the hub: a machine that gets no CPU sends late. */
  sent(logged: readonly Reception[]): Promise<readonly Reception[]>;
}

/** The last segments of closed connections come within this time. */
const TAIL_MS = 3_000;
const PASS_LIMIT_MS = 30_000;

/** Runs `capture`, makes the traffic when the scripts run on all hosts that are named, and ends the capture as a person does, with Ctrl-C. */
export async function captureTraffic(inventory: string, hosts: readonly string[], words: readonly string[], sent: Sent = SENT): Promise<Captured> {
  const before = await framesSoFar();
  const file = join(LAB_DIR, 'run', 'capture.log');
  const running = startFleetTap(['capture', '-i', inventory, '-o', file, ...words]);
  await running.saysAll(hosts.map((host) => new RegExp(`^\\+ ${host}$`, 'm')));
  // Another script has no first line that we know: that it runs shows in what it prints.
  if (words.includes('--script')) await running.saysAll(hosts.map((host) => new RegExp(`Z ${host} observed `)), 'stdout');
  await makeTraffic(sent);
  await sleep(TAIL_MS);
  running.process.kill('SIGINT');
  const finished = await running.finished;
  const talk = await talkByDump(before);
  const sentNow = async (logged: readonly Reception[]) => {
    const limitMs = performance.now() + PASS_LIMIT_MS;
    for (let { sent } = talk; ; { sent } = await talkByDump(before)) {
      if (difference(sent, logged).extra.length === 0 || performance.now() > limitMs) return sent;
      await sleep(500);
    }
  };
  return { finished, log: await readFile(file, 'utf8'), dump: talk.received, sent: sentNow };
}

/** Nothing was lost that is not said: status 0, or 2 where probes were skipped. */
export function expectWhole(finished: { readonly status: number | null; readonly stderr: string }): void {
  expect(finished.status, finished.stderr).toBe(skippedIn(finished.stderr) === 0 ? 0 : 2);
}

/** The log has what the dump has, and nothing else; it lacks no more than the kernels said they skipped. */
export function expectExactly(finished: Finished, dump: readonly string[], found: readonly string[]): void {
  expectWhole(finished);
  const { missing, extra } = difference(dump, found);
  expect(extra).toEqual([]);
  expect(missing.length, missing.join('\n')).toBeLessThanOrEqual(skippedIn(finished.stderr));
}

/** Kernel modules and processes of ours on the machines, and what lies in our folder beside its lock, which is empty and goes with the boot. */
export async function leftovers(): Promise<string[]> {
  const look = 'lsmod | grep -E "^(fleet_tap|stap_)"; pgrep -a "^stap(run|io)?$"; pgrep -af "fleet-ta[p] supervise"; ls /run/fleet-tap 2>/dev/null | grep -vx lock; true';
  const found = await Promise.all(MACHINES.map(async (machine) => (await remote(machine, look)).split('\n').filter((line) => line !== '').map((line) => `${machine.name}: ${line}`)));
  return found.flat();
}

/**
 * Looking takes seconds on an emulated machine: what a look finds that began before the limit may have gone within it.
 * @returns milliseconds until nothing of ours was left, or nothing of one kind
 */
export async function untilNothingIsLeft(limitMs: number, kind: (line: string) => boolean = () => true): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const lookedMs = performance.now() - startedMs;
    const found = (await leftovers()).filter(kind);
    if (found.length === 0) return performance.now() - startedMs;
    if (lookedMs > limitMs) throw new Error(`still there after ${limitMs} ms:\n${found.join('\n')}`);
    await sleep(300);
  }
}

/** The settings that staprun changes, on each machine. */
export async function settings(): Promise<string[]> {
  return Promise.all(MACHINES.map((machine) => remote(machine, 'cat /proc/sys/kernel/kptr_restrict /proc/sys/debug/kprobes-optimization')));
}

/** What is installed on a machine, and every file of /etc with its content's sum, its mode and owner. */
export async function packagesAndSettings(machine: Parameters<typeof remote>[0]): Promise<string[]> {
  const look = `dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' | grep '^installed'; find /etc -type f -exec stat -c '%n %a %U:%G' {} + -exec sha256sum {} + | sort`;
  return (await remote(machine, look)).split('\n');
}

const BARE_FILE = join(LAB_DIR, 'run', 'bare.json');

/** Writes down what all machines and build hosts are before setup, for the test of teardown. */
export async function keepBare(): Promise<void> {
  const entries = await Promise.all([...MACHINES, ...BUILD_HOSTS].map(async (machine) => [machine.name, await packagesAndSettings(machine)] as const));
  await writeFile(BARE_FILE, JSON.stringify(Object.fromEntries(entries)));
}

export async function bareBefore(): Promise<Readonly<Record<string, readonly string[]>>> {
  return JSON.parse(await readFile(BARE_FILE, 'utf8')) as Record<string, string[]>;
}
