// fleet-tap demo: the main job on a small simulated fleet in this process, so that a newcomer sees it in seconds.
// The hosts are simulated (demo/), and it says so. All else is real: inventory, host keys, SSH on loopback, setup's playbook, clocks, merge.
// Guaranteed: nothing of this machine is touched but one temporary folder, which is removed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.js';
import { SimulatedFleet } from '../demo/simulated-fleet.js';
import { SimulatedTraffic } from '../demo/traffic.js';
import { capture } from './capture.js';
import type { CommandContext, ExitStatus } from './context.js';
import { checkWritable } from './open-sinks.js';
import { setup } from './setup.js';

export interface DemoOptions {
  /** Seconds. */
  readonly forSec: number;
  /** HTML page of what was captured. */
  readonly report?: string | undefined;
}

/** Their clocks are wrong on purpose: the log is in true order all the same. */
const FLEET = {
  web: { name: 'web01', address: '10.20.0.10', skewSec: 3.7 },
  app: { name: 'app01', address: '10.20.0.20', skewSec: -1.2 },
  db: { name: 'db01', address: '10.20.0.30', skewSec: 0 },
};
const FORKS = 10;
const LIMIT_SEC = 600;

export async function demo(options: DemoOptions, context: CommandContext): Promise<ExitStatus> {
  if (options.report !== undefined) await checkWritable(options.report);
  const say = (line: string) => void context.stderr.write(`${line}\n`);
  const members = Object.values(FLEET);
  say(`These ${members.length} hosts are simulated, in this process; SSH, setup's playbook, clocks and merge are real.`);
  say(`Their clocks are wrong: ${members.map(({ name, skewSec }) => `${name} ${skewSec < 0 ? '' : '+'}${skewSec} s`).join(', ')}.`);
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-demo-'));
  let fleet: SimulatedFleet | undefined;
  try {
    const clock = systemClock();
    fleet = await SimulatedFleet.start(members, folder, clock, new SimulatedTraffic(FLEET, clock.nowNs()));
    // Only the log goes to stdout; the caches and agents of the person who tries this are left alone.
    const own: CommandContext = { ...context, cacheDirectory: join(folder, 'cache'), stateDirectory: join(folder, 'runs'), agentSocket: undefined, ask: undefined, askSecret: undefined, askLine: undefined, drawnBy: undefined };
    const chosen = { inventory: [fleet.inventoryFile], forks: FORKS };
    say('\n$ fleet-tap setup -i inventory.yml');
    const status = await setup({ ...chosen, check: false, diff: false }, { ...own, stdout: context.stderr });
    if (status !== 0) return status;
    say(`\n$ fleet-tap capture -i inventory.yml --for ${options.forSec}s`);
    const captured = await capture({ ...chosen, pattern: 'all', forSec: options.forSec, output: [], probes: 'by-inventory', order: 'live', limitSec: LIMIT_SEC, report: options.report }, own);
    if (captured === 0) say('\nYour own hosts: write an inventory as for Ansible, then  fleet-tap setup -i inventory.yml  and  fleet-tap capture -i inventory.yml');
    return captured;
  } finally {
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  }
}
