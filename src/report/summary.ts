// What comes in: the records of one or more logs, each log in its order. What goes out: what the page shows of them (page-data.ts).
// Guaranteed: every packet is in exactly one flow or in `packetsLeftOut`; memory and page stay bounded whatever the log holds.
import type { GapRecord, LogRecord, PacketRecord } from '../base/record.js';
import { printable } from '../base/host-text.js';
import { AddressOwners } from '../logs/address-owners.js';
import { Cells } from './cells.js';
import { Connections } from './connections.js';
import { type Flow, Flows, RST } from './flows.js';
import type { FlowData, GapData, HostData, PageData } from './page-data.js';
import { type Series, TimeAxis } from './time-axis.js';

/** JSON of the page; its program and style come to it: 5 MB in all. */
const PAGE_LIMIT_BYTES = 4.2e6;
/** Fewer stretches of time show nothing any more. */
const FEWEST_BINS = 25;
/** What the page names; the rest is counted. */
const FLOWS_SHOWN = 1000;
const PAIRS_SHOWN = 500;
const GAPS_SHOWN = 2000;

/** What a log does not say, and its capture does. */
export interface HostAbout {
  readonly kernel?: string | undefined;
  readonly distribution?: string | undefined;
}

interface HostSums {
  readonly name: string;
  packets: number;
  resets: number;
  udp: number;
  late: number;
  lastNs: number;
  correctionNs: number;
  errorNs: number;
  readonly otherTcp: Series;
  readonly otherUdp: Series;
  readonly otherResets: Series;
  /** Gaps that no record of the host has followed so far: indices into the gaps. */
  openGaps: number[];
}

export class Summary {
  readonly #axis = new TimeAxis();
  readonly #flows = new Flows(this.#axis);
  readonly #connections = new Connections(this.#axis);
  readonly #cells = new Cells(this.#axis);
  readonly #owners = new AddressOwners();
  readonly #hosts: HostSums[] = [];
  readonly #indices = new Map<string, number>();
  readonly #gaps: { host: number; fromNs: number; toNs: number | null; reason: string; lines: number | null; detail: string }[] = [];
  readonly #about = new Map<string, HostAbout>();
  #gapsLeftOut = 0;
  #observed = 0;
  #fromNs = Number.POSITIVE_INFINITY;
  #toNs = Number.NEGATIVE_INFINITY;

  /** A host of the capture, whether or not any line of it will come. */
  addHost(name: string, about: HostAbout = {}): void {
    this.#hostOf(name);
    this.#about.set(name, about);
  }

  add(record: LogRecord): void {
    const { tNs } = record;
    if (tNs < this.#fromNs) this.#fromNs = tNs;
    if (tNs > this.#toNs) this.#toNs = tNs;
    const index = this.#hostOf(record.host);
    const host = this.#hosts[index] as HostSums;
    if (record.late) host.late += 1;
    if (record.type === 'gap') this.#gap(index, host, record);
    else {
      for (const place of host.openGaps.splice(0)) {
        const gap = this.#gaps[place];
        if (gap !== undefined) gap.toNs = Math.max(tNs, gap.fromNs);
      }
      if (record.type === 'packet') this.#packet(record, index, host);
      else this.#observed += 1;
    }
    host.lastNs = Math.max(host.lastNs, tNs);
  }

  #packet(record: PacketRecord, index: number, host: HostSums): void {
    const flags = record.protocol === 'tcp' ? Number.parseInt(record.flags, 2) : 0;
    host.packets += 1;
    if ((flags & RST) !== 0) host.resets += 1;
    if (record.protocol === 'udp') host.udp += 1;
    if (!Number.isNaN(record.correctionNs)) host.correctionNs = record.correctionNs;
    if (record.errorNs > host.errorNs) host.errorNs = record.errorNs;
    const bin = this.#axis.binOf(record.tNs);
    const flow = this.#flows.add(record, index, flags, bin);
    this.#cells.add(record.source, index, bin);
    if (record.protocol === 'tcp') this.#connections.add(record, flow, flags);
    this.#owners.received(index, record.destination);
  }

  /** Its range as the log says; where it does not, from the host's last record before it to the next one behind it. */
  #gap(index: number, host: HostSums, { tNs, reason, lines, fromNs, toNs, detail }: GapRecord): void {
    if (this.#gaps.length >= GAPS_SHOWN) {
      this.#gapsLeftOut += 1;
      return;
    }
    if (toNs === null) host.openGaps.push(this.#gaps.length);
    const lastNs = Number.isFinite(host.lastNs) ? Math.min(host.lastNs, tNs) : tNs;
    this.#gaps.push({ host: index, fromNs: fromNs ?? lastNs, toNs, reason, lines, detail: printable(detail) });
  }

  #hostOf(name: string): number {
    let index = this.#indices.get(name);
    if (index === undefined) {
      index = this.#hosts.length;
      this.#indices.set(name, index);
      this.#hosts.push({ name, packets: 0, resets: 0, udp: 0, late: 0, lastNs: Number.NEGATIVE_INFINITY, correctionNs: Number.NaN, errorNs: Number.NEGATIVE_INFINITY, otherTcp: this.#axis.series(), otherUdp: this.#axis.series(), otherResets: this.#axis.series(), openGaps: [] });
    }
    return index;
  }

  finish(about: Pick<PageData, 'program' | 'madeAt' | 'files' | 'originSec'>): PageData {
    const flows = this.#flows.all();
    const named = flows.filter((flow) => flow.client !== '');
    // The largest, and those with resets: few packets, but what people look for. All resets are in named flows, up to the limit.
    const largest = (choose: (flow: Flow) => boolean) => named.filter(choose).slice(0, FLOWS_SHOWN);
    const shown = new Set([...largest(({ protocol }) => protocol === 'tcp'), ...largest(({ protocol }) => protocol === 'udp'), ...largest(({ resets }) => resets > 0)]);
    const leftOut = flows.filter((flow) => !shown.has(flow));
    for (const flow of leftOut) {
      const host = this.#hosts[flow.host];
      (flow.protocol === 'udp' ? host?.otherUdp : host?.otherTcp)?.addAll(flow.series);
      if (flow.resetSeries !== undefined) host?.otherResets.addAll(flow.resetSeries);
    }
    const page = () => this.#page(about, [...shown], leftOut);
    let data = page();
    while (Buffer.byteLength(JSON.stringify(data)) > PAGE_LIMIT_BYTES && data.lastBin - data.firstBin > FEWEST_BINS) {
      this.#axis.widen();
      data = page();
    }
    return data;
  }

  #page(about: Pick<PageData, 'program' | 'madeAt' | 'files' | 'originSec'>, shown: readonly Flow[], leftOut: readonly Flow[]): PageData {
    const { pairs, summed } = this.#connections.pairs(PAIRS_SHOWN);
    const names = this.#owners.names();
    const isEmpty = this.#fromNs > this.#toNs;
    return {
      ...about,
      fromNs: isEmpty ? 0 : this.#fromNs,
      toNs: isEmpty ? 0 : this.#toNs,
      binNs: this.#axis.widthNs,
      firstBin: Number.isFinite(this.#axis.firstBin) ? this.#axis.firstBin : 0,
      lastBin: Number.isFinite(this.#axis.lastBin) ? this.#axis.lastBin : 0,
      hosts: this.#hosts.map((host) => this.#hostData(host)),
      gaps: this.#gaps satisfies GapData[],
      gapsLeftOut: this.#gapsLeftOut,
      flows: shown.map((flow) => this.#flowData(flow)),
      flowsLeftOut: leftOut.length,
      packetsLeftOut: leftOut.reduce((sum, flow) => sum + flow.packets, 0),
      cells: this.#cells.data((source) => names[source]),
      pairs,
      pairsSummed: summed,
      handshakes: this.#connections.handshakes(),
      names,
      hasAllLines: this.#flows.hasAllLines && leftOut.length === 0,
      observed: this.#observed,
    };
  }

  #hostData(host: HostSums): HostData {
    const { kernel, distribution } = this.#about.get(host.name) ?? {};
    return {
      name: printable(host.name),
      ...(kernel === undefined ? {} : { kernel: printable(kernel) }),
      ...(distribution === undefined ? {} : { distribution: printable(distribution) }),
      packets: host.packets,
      resets: host.resets,
      udp: host.udp,
      late: host.late,
      otherTcp: host.otherTcp.data(),
      otherUdp: host.otherUdp.data(),
      otherResets: host.otherResets.data(),
      // What was added to the host's time is the negative of what its clock was ahead.
      clockOffsetNs: Number.isNaN(host.correctionNs) ? null : -host.correctionNs,
      clockErrorNs: Number.isFinite(host.errorNs) ? host.errorNs : null,
    };
  }

  #flowData(flow: Flow): FlowData {
    const { host, protocol, client, server, port, toServer, packets, bytes, resets, firstNs, lastNs } = flow;
    return { host, protocol, client, server, port, toServer, packets, bytes: Number.isNaN(bytes) ? null : bytes, resets, firstNs, lastNs, series: flow.series.data(), resetSeries: flow.resetSeries?.data() ?? [], lines: this.#flows.linesOf(flow) };
  }
}
