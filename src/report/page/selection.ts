// What is looked at: a filter in words, and a stretch of time in bins. What goes out: the flows and counts that are in it.
import type { FlowData, HostData, PageData, PairData, SeriesData } from '../page-data.js';

export interface Selection {
  readonly filter: string;
  readonly fromBin: number;
  readonly toBin: number;
}

/** Both directions of a client's traffic with a server's port. */
export interface Talk {
  readonly protocol: 'tcp' | 'udp';
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly toServer: number;
  readonly toClient: number;
  readonly bytes: number | null;
  readonly resets: number;
  readonly firstNs: number;
  readonly flows: readonly FlowData[];
}

export class View {
  readonly data: PageData;
  readonly selection: Selection;
  /** Addresses as they are, instead of host names. */
  readonly showsAddresses: boolean;

  constructor(data: PageData, selection: Selection, showsAddresses: boolean) {
    this.data = data;
    this.selection = selection;
    this.showsAddresses = showsAddresses;
  }

  get isWhole(): boolean {
    return this.selection.fromBin <= this.data.firstBin && this.selection.toBin >= this.data.lastBin;
  }

  hostAt(index: number): HostData {
    return this.data.hosts[index] as HostData;
  }

  /** The name of the host whose address it is, else the address. */
  nameOf(address: string): string {
    const host = this.showsAddresses ? undefined : this.data.names[address];
    return host === undefined ? address : this.hostAt(host).name;
  }

  endText(address: string, port: number): string {
    const name = this.nameOf(address);
    return name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
  }

  /** Counts within the chosen time. */
  sum(series: SeriesData): number {
    const { fromBin, toBin } = this.selection;
    let sum = 0;
    for (let index = 0; index < series.length; index += 2) {
      const bin = series[index] as number;
      if (bin >= fromBin && bin <= toBin) sum += series[index + 1] as number;
    }
    return sum;
  }

  /** Every word must fit: `:443` a port, `"web1"` the whole of an address or a host's name, anything else a part of it, or a protocol. */
  fits(one: { readonly client: string; readonly server: string; readonly port: number; readonly protocol?: string; readonly host?: number }): boolean {
    const words = this.selection.filter.toLowerCase().match(/"[^"]*"|\S+/g);
    if (words === null) return true;
    const texts = [one.client, one.server, this.#named(one.client), this.#named(one.server), one.protocol ?? 'tcp', one.host === undefined ? '' : this.hostAt(one.host).name].map((text) => text.toLowerCase());
    return words.every((word) => {
      if (/^:\d+$/.test(word)) return one.port === Number(word.slice(1));
      return texts.some((text) => (/^".*"$/.test(word) ? text.replaceAll('"', '') === word.slice(1, -1) : text.includes(word)));
    });
  }

  #named(address: string): string {
    const host = this.data.names[address];
    return host === undefined ? '' : this.hostAt(host).name;
  }

  flows(): FlowData[] {
    return this.data.flows.filter((flow) => this.fits(flow));
  }

  /** Whether flows that have no names, only counts, are in it. */
  get hasOthers(): boolean {
    return this.selection.filter.trim() === '';
  }

  talks(): Talk[] {
    const talks = new Map<string, { -readonly [key in keyof Talk]: Talk[key] } & { flows: FlowData[] }>();
    for (const flow of this.flows()) {
      const packets = this.isWhole ? flow.packets : this.sum(flow.series);
      if (packets === 0) continue;
      const { protocol, client, server, port } = flow;
      const key = `${protocol} ${client} ${server} ${port}`;
      let talk = talks.get(key);
      if (talk === undefined) {
        talk = { protocol, client, server, port, toServer: 0, toClient: 0, bytes: 0, resets: 0, firstNs: flow.firstNs, flows: [] };
        talks.set(key, talk);
      }
      if (flow.toServer) talk.toServer += packets;
      else talk.toClient += packets;
      talk.bytes = talk.bytes === null || flow.bytes === null ? null : talk.bytes + flow.bytes;
      talk.resets += this.isWhole ? flow.resets : this.sum(flow.resetSeries);
      talk.firstNs = Math.min(talk.firstNs, flow.firstNs);
      talk.flows.push(flow);
    }
    return [...talks.values()].sort((a, b) => b.toServer + b.toClient - a.toServer - a.toClient);
  }

  pairs(): (PairData & { readonly unanswered: number })[] {
    return this.data.pairs
      .filter((pair) => this.fits(pair))
      .map((pair) => {
        const [attempts, accepted, refused] = this.isWhole ? [pair.attempts, pair.accepted, pair.refused] : [this.sum(pair.attemptSeries), this.sum(pair.acceptedSeries), this.sum(pair.refusedSeries)];
        return { ...pair, attempts, accepted, refused, unanswered: Math.max(0, attempts - accepted - refused) };
      })
      .filter((pair) => pair.attempts > 0);
  }
}
