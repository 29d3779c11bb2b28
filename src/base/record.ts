// The words that capture, merge and the sinks share. Times are nanoseconds since the run's origin (base/clock.ts).

/** One packet as one host's kernel received it. */
export interface PacketRecord {
  readonly type: 'packet';
  readonly host: string;
  /** One run of the script on the host; the first is 1, each reconnection counts on. */
  readonly epoch: number;
  /** Position of the line among the packet lines of this epoch, from 1. */
  readonly sequence: number;
  /** Event time on the controller's clock: raw time + correction, never below the host's previous record. */
  tNs: number;
  /** What the host's kernel said. */
  readonly rawNs: number;
  /** What was added to rawNs to get tNs, before the clamp. */
  readonly correctionNs: number;
  /** The true time lies within tNs ± errorNs. */
  readonly errorNs: number;
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** TCP only: URG ACK PSH RST SYN FIN as six digits 0 or 1; empty for UDP. */
  readonly flags: string;
  /** TCP only; 0 for UDP. */
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  /** Bytes after the TCP or UDP header. */
  readonly payloadBytes: number;
  /** It came after a later record had been written: its host had been declared idle. */
  late: boolean;
}

/** A line of a script that has no time of its own: stamped with the time at which it was received, and labelled so. */
export interface ObservedRecord {
  readonly type: 'observed';
  readonly host: string;
  readonly epoch: number;
  readonly sequence: number;
  tNs: number;
  readonly text: string;
  late: boolean;
}

/** Something was or may have been lost between two records of a host. null = unknown: never 0, never a guess. */
export interface GapRecord {
  readonly type: 'gap';
  readonly host: string;
  readonly epoch: number;
  readonly sequence: number;
  tNs: number;
  readonly reason: GapReason;
  readonly lines: number | null;
  /** Nothing is missing before this, as far as anybody can tell; nor behind that. */
  readonly fromNs: number | null;
  readonly toNs: number | null;
  readonly detail: string;
  late: boolean;
}

export type GapReason =
  | 'connection-lost' // the SSH connection ended; what the kernel saw until the next epoch is unknown
  | 'lease-over' // the host had heard nothing from here for too long and ended the script
  | 'stap-exit' // staprun ended by itself before it was asked to
  | 'kernel-drop' // heartbeats counted more lines than arrived
  | 'unreadable' // packet lines came and could not be read
  | 'rate-cap' // more lines than --rate allows: not printed, but counted
  | 'spill-full' // more than memory and disk may hold: not written, but counted
  | 'late' // came after later lines were written, and --late drop left it out
  | 'recording-cut'; // the recording ends before the host's run did

export type LogRecord = PacketRecord | ObservedRecord | GapRecord;
