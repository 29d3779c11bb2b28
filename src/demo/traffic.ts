// What comes in: a true clock. What goes out: the packets of a small fleet, each with the moment at which a host's kernel received it.
// A browser asks web01, web01 asks app01, app01 asks db01 and a name server; now and then db01 refuses. Deterministic but for the seed.

export interface SimulatedPacket {
  /** True nanoseconds since the origin. */
  readonly atNs: number;
  readonly receiver: string;
  /** The wire format from the source address on (capture/wire-format.ts), without the time. */
  readonly letter: 'T' | 'U';
  readonly rest: string;
}

/** Where simulated hosts get their packets from. */
export interface PacketSource {
  /** Takes out what a host's kernel has received until a moment (true time), in order. */
  takeUntil(receiver: string, atNs: number): SimulatedPacket[];
}

interface SimulatedAddress {
  readonly name: string;
  readonly address: string;
}

const HOP_NS = 350_000;
/** A visit is over after 10 ms at most: visits do not overlap. */
const PAUSE_NS = 250e6;
const SYN = '000010';
const SYN_ACK = '010010';
const ACK = '010000';
const DATA = '011000';
const FIN = '010001';
const RST = '010100';

/** Small and repeatable: mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Addresses {
  readonly web: SimulatedAddress;
  readonly app: SimulatedAddress;
  readonly db: SimulatedAddress;
}

/** Visits one after the other, for as long as somebody asks for packets. */
export class SimulatedTraffic implements PacketSource {
  readonly #fleet: Addresses;
  readonly #random = seededRandom(1);
  readonly #waiting = new Map<string, SimulatedPacket[]>();
  #nextVisitNs: number;

  /** @param startNs nanoseconds since the origin at which the first visit begins */
  constructor(fleet: Addresses, startNs: number) {
    this.#fleet = fleet;
    this.#nextVisitNs = startNs;
  }

  takeUntil(receiver: string, atNs: number): SimulatedPacket[] {
    while (this.#nextVisitNs <= atNs) {
      for (const packet of visit(this.#nextVisitNs, this.#fleet, this.#random)) {
        const packets = this.#waiting.get(packet.receiver) ?? [];
        this.#waiting.set(packet.receiver, packets);
        packets.push(packet);
      }
      this.#nextVisitNs += PAUSE_NS * (0.5 + this.#random());
    }
    const packets = this.#waiting.get(receiver) ?? [];
    const later = packets.findIndex((packet) => packet.atNs > atNs);
    return packets.splice(0, later === -1 ? packets.length : later);
  }
}

/** One visit of a browser, from its first SYN on, in time order for each receiver. */
function visit(startNs: number, hosts: Addresses, random: () => number): SimulatedPacket[] {
  const packets: SimulatedPacket[] = [];
  const port = () => 32_768 + Math.floor(random() * 28_000);
  const delay = () => HOP_NS * (0.8 + 0.4 * random());
  let now = startNs;
  /** The sequence number that each direction of each connection goes on with. */
  const next = new Map<string, number>();
  const send = (from: SimulatedAddress, to: SimulatedAddress, fromPort: number, toPort: number, flags: string, bytes: number) => {
    now += delay();
    const there = `${from.address}:${fromPort}>${to.address}:${toPort}`;
    const seq = next.get(there) ?? Math.floor(random() * 2 ** 32);
    const ack = flags === SYN ? 0 : (next.get(`${to.address}:${toPort}>${from.address}:${fromPort}`) ?? 0);
    next.set(there, (seq + bytes + ([SYN, SYN_ACK, FIN].includes(flags) ? 1 : 0)) >>> 0);
    packets.push({ atNs: now, receiver: to.name, letter: 'T', rest: `${from.address} ${to.address} ${fromPort} ${toPort} ${flags} ${seq} ${ack} 64240 ${bytes}` });
  };
  const exchange = (client: SimulatedAddress, server: SimulatedAddress, serverPort: number, inside: () => void) => {
    const clientPort = port();
    send(client, server, clientPort, serverPort, SYN, 0);
    send(server, client, serverPort, clientPort, SYN_ACK, 0);
    send(client, server, clientPort, serverPort, ACK, 0);
    send(client, server, clientPort, serverPort, DATA, 180 + Math.floor(random() * 400));
    inside();
    send(server, client, serverPort, clientPort, DATA, 900 + Math.floor(random() * 500));
    send(client, server, clientPort, serverPort, FIN, 0);
    send(server, client, serverPort, clientPort, FIN, 0);
  };
  const browser = { name: 'browser', address: `203.0.113.${10 + Math.floor(random() * 40)}` };
  const names = { name: 'names', address: '192.0.2.53' };
  exchange(browser, hosts.web, 443, () =>
    exchange(hosts.web, hosts.app, 8080, () => {
      now += delay();
      packets.push({ atNs: now, receiver: hosts.app.name, letter: 'U', rest: `${names.address} ${hosts.app.address} 53 ${port()} 64` });
      if (random() < 0.15) {
        const refused = port();
        send(hosts.app, hosts.db, refused, 5432, SYN, 0);
        send(hosts.db, hosts.app, 5432, refused, RST, 0);
      } else exchange(hosts.app, hosts.db, 5432, () => {});
    }),
  );
  return packets.filter((packet) => [hosts.web.name, hosts.app.name, hosts.db.name].includes(packet.receiver));
}
