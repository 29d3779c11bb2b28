// What the page holds: counts by stretch of time (a bin), and some lines, never the whole log. Written by summary.ts, read by page/.
// Times are nanoseconds since `originSec`; addresses and host names are text that hosts chose: the page shows them as text only.

/** Counts by bin, sparse: bin, count, bin, count, … in the order of bins. */
export type SeriesData = readonly number[];

export interface PageData {
  readonly program: string;
  readonly madeAt: string;
  readonly files: readonly string[];
  /** Seconds since 1970 (UTC) that time 0 stands for. */
  readonly originSec: number;
  /** Times of the first and the last record; equal when there is one. */
  readonly fromNs: number;
  readonly toNs: number;
  /** Bin b holds the times from b × binNs to (b + 1) × binNs. */
  readonly binNs: number;
  readonly firstBin: number;
  readonly lastBin: number;
  readonly hosts: readonly HostData[];
  readonly gaps: readonly GapData[];
  /** Gaps beyond those in `gaps`. */
  readonly gapsLeftOut: number;
  readonly flows: readonly FlowData[];
  /** Flows that are only counted, and their packets. */
  readonly flowsLeftOut: number;
  readonly packetsLeftOut: number;
  /** Packets by sender and receiving host: of the whole log, the small flows too. */
  readonly cells: readonly CellData[];
  /** The last of them, without client and server, is the sum of `pairsSummed` pairs with fewer attempts. */
  readonly pairs: readonly PairData[];
  readonly pairsSummed: number;
  readonly handshakes: readonly HandshakeData[];
  /** Address → index into `hosts`. */
  readonly names: Readonly<Record<string, number>>;
  /** Whether `lines` of the flows are all lines of the log. */
  readonly hasAllLines: boolean;
  readonly observed: number;
}

export interface HostData {
  readonly name: string;
  readonly kernel?: string;
  readonly distribution?: string;
  readonly packets: number;
  readonly resets: number;
  readonly udp: number;
  readonly late: number;
  /** Packets of flows that were left out, by bin: with those of `flows` all of the host's. */
  readonly otherTcp: SeriesData;
  readonly otherUdp: SeriesData;
  readonly otherResets: SeriesData;
  /** Host clock minus ours, and the widest bound of its records; null where the log does not say. */
  readonly clockOffsetNs: number | null;
  readonly clockErrorNs: number | null;
}

export interface GapData {
  readonly host: number;
  /** Nothing is missing before and behind these; null: nobody knows where it ends. */
  readonly fromNs: number;
  readonly toNs: number | null;
  readonly reason: string;
  /** null: nobody knows. */
  readonly lines: number | null;
  readonly detail: string;
}

/** Packets of one direction between a client and a server's port, as one host received them. */
export interface FlowData {
  readonly host: number;
  readonly protocol: 'tcp' | 'udp';
  readonly client: string;
  readonly server: string;
  readonly port: number;
  /** From the client to the server, or back. */
  readonly toServer: boolean;
  readonly packets: number;
  /** Payload; null where the log does not say. */
  readonly bytes: number | null;
  readonly resets: number;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly series: SeriesData;
  readonly resetSeries: SeriesData;
  readonly lines: readonly LineData[];
}

/** Time in ns, client's port, flags as bits of UAPRSF (32 … 1), payload bytes (-1: unknown), late 0 or 1. */
export type LineData = readonly [number, number, number, number, 0 | 1];

export interface CellData {
  /** Address; '': all others. */
  readonly source: string;
  /** Index into `hosts`; -1: all others. */
  readonly host: number;
  readonly packets: number;
  readonly series: SeriesData;
}

/** Connection attempts of one client address at one server's port. */
export interface PairData {
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly attempts: number;
  readonly accepted: number;
  readonly refused: number;
  readonly retransmitted: number;
  readonly attemptSeries: SeriesData;
  readonly acceptedSeries: SeriesData;
  readonly refusedSeries: SeriesData;
}

export interface HandshakeData {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly port: number;
  /** When the server's host received the SYN. */
  readonly synNs: number;
  /** SYN at the server's host → SYN-ACK at the client's; two clocks: ± `errorNs`. */
  readonly answerNs: number;
  readonly errorNs: number | null;
  /** SYN → ACK, both at the server's host: one clock, exact; null: the ACK was not seen. */
  readonly wholeNs: number | null;
  readonly retransmissions: number;
}
