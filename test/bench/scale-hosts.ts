// A process of simulated hosts for scale.ts: what comes in is a JSON argument; what goes out is a folder for each process with inventory and keys,
// and a line on standard output once all listen. It ends with its standard input.
import { mkdir } from 'node:fs/promises';
import { systemClock } from '../../src/base/clock.js';
import { SimulatedFleet } from '../../src/demo/simulated-fleet.js';
import type { PacketSource, SimulatedPacket } from '../../src/demo/traffic.js';

/** Their kernel modules are "compiled" at once: the first host has all that it takes. */
const READY = {
  stap: 'Systemtap translator/driver (version 5.1/0.192, simulated)\nstaprun 5.1-5\n',
  headers: '6.12.0-demo-amd64\n6.12.0-demo-amd64\n',
  symbols: '6.12.0-demo-amd64\n/usr/lib/debug/boot/vmlinux-6.12.0-demo-amd64\n',
};
const CLOCK_ERRORS_SEC = [0, 1.7, -0.4, 61, -3600];

export interface ScaleHosts {
  readonly folder: string;
  readonly names: readonly string[];
  /** Lines a second of each host. */
  readonly rate: number;
}

/** Packets evenly in time, from the moment on at which somebody first asks. */
class SteadyTraffic implements PacketSource {
  readonly #pauseNs: number;
  readonly #next = new Map<string, { atNs: number; count: number }>();

  constructor(rate: number) {
    this.#pauseNs = 1e9 / rate;
  }

  takeUntil(receiver: string, atNs: number): SimulatedPacket[] {
    const next = this.#next.get(receiver) ?? { atNs, count: 0 };
    this.#next.set(receiver, next);
    const packets: SimulatedPacket[] = [];
    for (; next.atNs <= atNs; next.atNs += this.#pauseNs) {
      next.count += 1;
      packets.push({ atNs: next.atNs, receiver, letter: 'T', rest: `10.9.${next.count & 255}.7 10.20.0.10 ${32_768 + (next.count % 28_000)} 443 011000 ${(next.count * 1448) % 4_294_967_296} 1 501 1448` });
    }
    return packets;
  }
}

const { folder, names, rate } = JSON.parse(process.argv[2] ?? '') as ScaleHosts;
await mkdir(folder);
const members = names.map((name, index) => ({ name, address: '10.20.0.10', skewSec: CLOCK_ERRORS_SEC[index % CLOCK_ERRORS_SEC.length] ?? 0, facts: READY }));
await SimulatedFleet.start(members, folder, systemClock(), new SteadyTraffic(rate));
console.log('listening');
process.stdin.resume().on('end', () => process.exit(0));
