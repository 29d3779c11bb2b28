import { describe, expect, it } from 'vitest';
import type { PacketRecord } from '../../src/base/record.js';
import { parseWireLine } from '../capture/wire-line.js';
import { SimulatedTraffic } from '../../src/demo/traffic.js';

const FLEET = {
  web: { name: 'web01', address: '10.20.0.10' },
  app: { name: 'app01', address: '10.20.0.20' },
  db: { name: 'db01', address: '10.20.0.30' },
};
const HOSTS = Object.values(FLEET);
const START_NS = 5e9;
const END_NS = START_NS + 120e9;

type Taken = ReturnType<SimulatedTraffic['takeUntil']>[number];

/** Everything until END_NS, taken in steps. */
function take(stepNs: number): Map<string, Taken[]> {
  const traffic = new SimulatedTraffic(FLEET, START_NS);
  const taken = new Map<string, Taken[]>(HOSTS.map(({ name }) => [name, []]));
  for (let now = START_NS; now < END_NS + stepNs; now += stepNs) {
    for (const { name } of HOSTS) {
      const packets = traffic.takeUntil(name, Math.min(now, END_NS));
      for (const packet of packets) expect(packet.atNs).toBeLessThanOrEqual(now);
      taken.get(name)?.push(...packets);
    }
  }
  return taken;
}
const parse = (packet: Taken) => parseWireLine(`${packet.letter} 1795440880303117235 ${packet.rest}`) as PacketRecord;

describe('the simulated traffic', () => {
  const taken = take(1e9);
  const all = [...taken.values()].flat().toSorted((a, b) => a.atNs - b.atNs);

  it('gives each host its own packets, in order, in the wire format', () => {
    for (const { name, address } of HOSTS) {
      const packets = taken.get(name) ?? [];
      expect(packets.length).toBeGreaterThan(100);
      for (const [index, packet] of packets.entries()) {
        expect(packet.receiver).toBe(name);
        expect(parse(packet)).toMatchObject({ type: 'packet', destination: address, protocol: packet.letter === 'T' ? 'tcp' : 'udp' });
        if (index > 0) expect(packet.atNs).toBeGreaterThan(packets[index - 1]?.atNs ?? 0);
      }
    }
  });

  it('is the same each time, however it is asked for', () => {
    expect(take(20e6)).toEqual(taken);
    expect(take(END_NS)).toEqual(taken);
  });

  it('gives a packet once', () => {
    const traffic = new SimulatedTraffic(FLEET, START_NS);
    expect(traffic.takeUntil('web01', END_NS)).not.toEqual([]);
    expect(traffic.takeUntil('web01', END_NS)).toEqual([]);
    expect(traffic.takeUntil('nobody', END_NS)).toEqual([]);
  });

  it('completes each handshake inside the fleet, or refuses it', () => {
    const inside = new Set(HOSTS.map(({ address }) => address));
    const parsed = all.map(parse).filter((packet) => packet.protocol === 'tcp' && inside.has(packet.source));
    const heading = (packet: PacketRecord) => `${packet.source} ${packet.sourcePort} ${packet.destination} ${packet.destinationPort}`;
    const answering = (packet: PacketRecord) => `${packet.destination} ${packet.destinationPort} ${packet.source} ${packet.sourcePort}`;
    let refused = 0;
    let complete = 0;
    for (const [index, packet] of parsed.entries()) {
      if (packet.flags !== '000010') continue;
      const rest = parsed.slice(index + 1);
      const answer = rest.find((other) => heading(other) === answering(packet));
      if (answer?.flags === '010100') {
        refused += 1;
        continue;
      }
      expect(answer?.flags, heading(packet)).toBe('010010');
      expect(rest.slice(rest.indexOf(answer as PacketRecord)).find((other) => heading(other) === heading(packet))?.flags).toBe('010000');
      complete += 1;
    }
    expect(complete).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(complete);
  });

  it('comes from outside to web01 only, but for the name server', () => {
    const outside = all.filter((packet) => !HOSTS.some(({ address }) => address === parse(packet).source));
    expect(new Set(outside.map((packet) => `${packet.letter} ${packet.receiver}`))).toEqual(new Set(['T web01', 'U app01']));
  });
});
