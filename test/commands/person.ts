// A person at the terminal who runs a command against a simulated fleet: what they see, and where they press Ctrl-C.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import type { CommandContext } from '../../src/commands/context.js';
import { SimulatedFleet, type SimulatedMember } from '../../src/demo/simulated-fleet.js';
import { type PacketSource, SimulatedTraffic } from '../../src/demo/traffic.js';

export interface Person {
  readonly context: CommandContext;
  readonly folder: string;
  stdout(): string;
  stderr(): string;
  /** Resolves when stderr matches. */
  sees(pattern: RegExp): Promise<void>;
  interrupt(): void;
}

class Screen extends Writable {
  text = '';
  readonly #waiting = new Map<RegExp, () => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    for (const [pattern, resolve] of this.#waiting) if (pattern.test(this.text)) resolve();
    done();
  }

  shows(pattern: RegExp): Promise<void> {
    return pattern.test(this.text) ? Promise.resolve() : new Promise((resolve) => void this.#waiting.set(pattern, resolve));
  }
}

/** With a folder of their own, which goes with the test. */
export async function newPerson(): Promise<Person> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const stdout = new Screen();
  const stderr = new Screen();
  const interrupted = new AbortController();
  return {
    context: { stdout, stderr, interrupted: interrupted.signal, ask: undefined, askSecret: undefined, agentSocket: undefined, cacheDirectory: join(folder, 'cache'), stateDirectory: join(folder, 'runs'), words: ['test'] },
    folder,
    stdout: () => stdout.text,
    stderr: () => stderr.text,
    sees: (pattern) => stderr.shows(pattern),
    interrupt: () => interrupted.abort(),
  };
}

const ADDRESSES = { web: { name: 'web01', address: '10.20.0.10' }, app: { name: 'app01', address: '10.20.0.20' }, db: { name: 'db01', address: '10.20.0.30' } };

/** web01, app01 and db01, each with a clock of its own; `facts` by host name. */
export async function startFleet(person: Person, facts: Readonly<Record<string, Readonly<Record<string, string>>>> = {}, traffic?: PacketSource): Promise<SimulatedFleet> {
  const clock = systemClock();
  const skewSec: Readonly<Record<string, number>> = { web01: 3.7, app01: -1.2, db01: 0 };
  const members = Object.values(ADDRESSES).map(({ name, address }): SimulatedMember => ({ name, address, skewSec: skewSec[name] ?? 0, facts: facts[name] ?? {} }));
  const fleet = await SimulatedFleet.start(members, person.folder, clock, traffic ?? new SimulatedTraffic(ADDRESSES, clock.nowNs()));
  onTestFinished(() => fleet.close());
  return fleet;
}

/** What a host that setup has been to answers. */
export const READY_FACTS: Readonly<Record<string, string>> = {
  stap: 'Systemtap translator/driver (version 5.1/0.192, simulated)\nstaprun 5.1-5\n',
  headers: '6.12.0-demo-amd64\n6.12.0-demo-amd64\n',
  symbols: '6.12.0-demo-amd64\n/usr/lib/debug/boot/vmlinux-6.12.0-demo-amd64\n',
};
export const ALL_READY = { web01: READY_FACTS, app01: READY_FACTS, db01: READY_FACTS };
