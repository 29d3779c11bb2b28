// What comes in: packet records in the log's order. What goes out: flows (client, server, port, one direction, one receiving host) with their
// counts by time, and some of their lines.
// Guaranteed: every packet is counted in one flow; what is beyond the limits is counted with the flows that have no names.
// Which side is the server: who sent the SYN is the client; where no SYN was seen, the lower port is the server's.
import type { PacketRecord } from '../base/record.js';
import type { LineData } from './page-data.js';
import type { Series, TimeAxis } from './time-axis.js';

/** A scan of all ports is more flows than anybody reads. */
const FLOW_LIMIT = 20_000;
/** A log with no more lines is kept whole. */
const ALL_LINES = 20_000;
/** Of a larger one: of each flow the first, the last, and the first resets. */
const FIRST_LINES = 8;
const LAST_LINES = 8;
const RESET_LINES = 8;

export const RST = 4;
export const SYN = 2;
export const ACK = 16;

export interface Flow {
  readonly host: number;
  readonly protocol: 'tcp' | 'udp';
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly toServer: boolean;
  packets: number;
  bytes: number;
  resets: number;
  firstNs: number;
  lastNs: number;
  readonly series: Series;
  resetSeries: Series | undefined;
  readonly first: LineData[];
  last: LineData[] | undefined;
  reset: LineData[] | undefined;
}

export class Flows {
  readonly #axis: TimeAxis;
  readonly #flows = new Map<string, Flow>();
  readonly #servers = new Set<string>();
  /** All lines so far, by flow; undefined once they are too many. */
  #all: Map<Flow, LineData[]> | undefined = new Map();
  #lines = 0;

  constructor(axis: TimeAxis) {
    this.#axis = axis;
  }

  /** @param flags bits of UAPRSF @returns the flow, for who follows connections */
  add(record: PacketRecord, host: number, flags: number, bin: number): Flow {
    const flow = this.#flowOf(record, host, flags);
    flow.packets += 1;
    flow.bytes += record.payloadBytes;
    if (record.tNs < flow.firstNs) flow.firstNs = record.tNs;
    if (record.tNs > flow.lastNs) flow.lastNs = record.tNs;
    flow.series.add(bin);
    const isReset = (flags & RST) !== 0;
    if (isReset) {
      flow.resets += 1;
      flow.resetSeries ??= this.#axis.series();
      flow.resetSeries.add(bin);
    }
    this.#keep(flow, record, flags, isReset);
    return flow;
  }

  /** Largest first. */
  all(): Flow[] {
    return [...this.#flows.values()].sort((a, b) => b.packets - a.packets);
  }

  get hasAllLines(): boolean {
    return this.#all !== undefined;
  }

  linesOf(flow: Flow): LineData[] {
    const all = this.#all?.get(flow);
    if (all !== undefined) return all;
    const lines = new Set([...flow.first, ...(flow.reset ?? []), ...(flow.last ?? [])]);
    return [...lines].sort((a, b) => a[0] - b[0]);
  }

  #keep(flow: Flow, record: PacketRecord, flags: number, isReset: boolean): void {
    const clientPort = flow.toServer ? record.sourcePort : record.destinationPort;
    const line: LineData = [record.tNs, clientPort, flags, Number.isNaN(record.payloadBytes) ? -1 : record.payloadBytes, record.late ? 1 : 0];
    if (flow.first.length < FIRST_LINES) flow.first.push(line);
    else if (isReset && (flow.reset?.length ?? 0) < RESET_LINES) {
      flow.reset ??= [];
      flow.reset.push(line);
    } else {
      flow.last ??= [];
      flow.last.push(line);
      if (flow.last.length > LAST_LINES) flow.last.shift();
    }
    if (this.#all === undefined) return;
    this.#lines += 1;
    if (this.#lines > ALL_LINES) this.#all = undefined;
    else {
      const lines = this.#all.get(flow);
      if (lines === undefined) this.#all.set(flow, [line]);
      else lines.push(line);
    }
  }

  #flowOf(record: PacketRecord, host: number, flags: number): Flow {
    const { protocol, source, destination, sourcePort, destinationPort } = record;
    const toServer = this.#isToServer(record, flags);
    const [client, server, port] = toServer ? [source, destination, destinationPort] : [destination, source, sourcePort];
    const key = `${host} ${protocol} ${client} ${server} ${port} ${toServer}`;
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    const isBeyond = this.#flows.size >= FLOW_LIMIT;
    return isBeyond ? this.#make(`${host} ${protocol} ${toServer}`, { host, protocol, client: '', server: '', port: 0, toServer }) : this.#make(key, { host, protocol, client, server, port, toServer });
  }

  #make(key: string, ends: Pick<Flow, 'host' | 'protocol' | 'client' | 'server' | 'port' | 'toServer'>): Flow {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { ...ends, packets: 0, bytes: 0, resets: 0, firstNs: Number.POSITIVE_INFINITY, lastNs: Number.NEGATIVE_INFINITY, series: this.#axis.series(), resetSeries: undefined, first: [], last: undefined, reset: undefined };
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #isToServer({ protocol, source, destination, sourcePort, destinationPort }: PacketRecord, flags: number): boolean {
    if (protocol === 'tcp') {
      if ((flags & SYN) !== 0) {
        const toServer = (flags & ACK) === 0;
        if (this.#servers.size < FLOW_LIMIT) this.#servers.add(toServer ? `${destination} ${destinationPort}` : `${source} ${sourcePort}`);
        return toServer;
      }
      if (this.#servers.has(`${destination} ${destinationPort}`)) return true;
      if (this.#servers.has(`${source} ${sourcePort}`)) return false;
    }
    return destinationPort <= sourcePort;
  }
}
