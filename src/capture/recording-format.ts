// A recording: all that decided what a capture wrote, in the order in which it was taken in. docs/recordings.md describes it for others.
//   file   "fleet-tap recording 1\n", then frames
//   frame  u32 payload bytes | u8 kind | 3 bytes 0 | u32 host | u32 CRC-32 of all the rest | f64 time | payload        (little endian)
// Times are nanoseconds since the run's origin. What is written once is never changed: a file that ends in the middle of a frame, because
// fleet-tap was killed or the disk was full, is good up to there.
import { crc32 } from 'node:zlib';
import { FleetTapError } from '../base/errors.js';

export const RECORDING_START = Buffer.from('fleet-tap recording 1\n');
const HEADER_BYTES = 24;
const CRC_AT = 12;
/** A payload is a chunk that SSH brought, or a few words: more is no frame. */
const PAYLOAD_LIMIT_BYTES = 16 * 2 ** 20;

/** Kinds of frames. JSON payloads: BEGIN, HOST, RUN, ENDED, FAILED, LOST. */
export const BEGIN_RECORDING = 1; // RecordingBegin
export const HOST = 2; // { name }: taken into the merge
export const RUN = 3; // RecordedRun: a run of the script on the host begins
export const CHUNK = 4; // bytes as they came
export const CLOCK = 5; // four f64: sent, host's time, received, resolution
export const ENDED = 6; // RecordedEnd
export const FAILED = 7; // RecordedEnd: it could not be started
export const RELEASE = 8; // rows were given out
export const FINISH = 9; // the capture's end: the rest was given out
export const LOST = 10; // RecordedEnd: the run is over, and the host is tried again
export const AGAIN = 11; // another try: what is known of the host's clock begins anew

export interface RecordedHost {
  readonly name: string;
  /** Codename and kernel release. */
  readonly description: string;
  readonly kernel?: string | undefined;
  readonly distribution?: string | undefined;
  readonly addresses: readonly string[];
}

export interface RecordingBegin {
  readonly originSec: number;
  readonly order: 'live' | 'strict' | 'none';
  readonly hostWidth: number;
  /** What was known of the hosts at the beginning; missing in recordings of earlier versions. */
  readonly hosts?: readonly RecordedHost[] | undefined;
  /** What hosts send, not what they receive. */
  readonly outgoing?: boolean | undefined;
  /** What became of late lines, and how much could wait; missing: the defaults. */
  readonly late?: 'mark' | 'drop' | 'file' | undefined;
  readonly memoryBytes?: number | undefined;
  readonly spillBytes?: number | undefined;
  readonly whenFull?: 'drop-newest' | 'drop-oldest' | 'fail' | undefined;
}

export interface RecordedRun {
  /** Above 1: the host was lost in between. */
  readonly epoch: number;
  readonly machineFace: boolean;
  /** SSH_CONNECTION on the host, for scripts that cannot leave our connection out themselves. */
  readonly connection: string;
}

export interface RecordedEnd {
  readonly error?: { readonly kind: 'input' | 'host' | 'unreachable'; readonly code: string; readonly message: string } | undefined;
  readonly warnings: readonly { readonly kind: 'lost' | 'skipped' | 'unread' | 'error' | 'other'; readonly count: number; readonly text: string }[];
}

export interface Frame {
  readonly kind: number;
  readonly host: number;
  readonly nowNs: number;
  readonly payload: Buffer;
}

/** Header and payload, to be written one after the other. */
export function encodeFrame(kind: number, host: number, nowNs: number, payload: Buffer): [Buffer, Buffer] {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(kind, 4);
  header.writeUInt32LE(host, 8);
  header.writeDoubleLE(nowNs, 16);
  header.writeUInt32LE(checksum(header, payload), CRC_AT);
  return [header, payload];
}

function checksum(header: Buffer, payload: Buffer): number {
  return crc32(payload, crc32(header.subarray(16, HEADER_BYTES), crc32(header.subarray(0, CRC_AT))));
}

/** Takes a recording's bytes, cut anywhere, and gives its whole frames. */
export class FrameReader {
  readonly #file: string;
  #rest: Buffer = Buffer.alloc(0);
  #hasStarted = false;
  #readBytes = 0;

  /** @param file for messages */
  constructor(file: string) {
    this.#file = file;
  }

  /** @throws FleetTapError when the bytes are no recording, or were changed */
  push(bytes: Buffer): Frame[] {
    return this.take(this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]));
  }

  /** Like `push`, but what was left over (`rest`) stands in front of the new bytes. The frames are places in `bytes`, which is not kept. */
  take(bytes: Buffer): Frame[] {
    let data = bytes;
    if (!this.#hasStarted) {
      if (data.length < RECORDING_START.length) {
        this.#rest = Buffer.from(data);
        return [];
      }
      if (!data.subarray(0, RECORDING_START.length).equals(RECORDING_START)) {
        throw new FleetTapError('input', 'no-recording', 'this is no recording of fleet-tap, or of another version', { place: { file: this.#file }, hint: 'capture --record DIR makes one' });
      }
      data = data.subarray(RECORDING_START.length);
      this.#readBytes = RECORDING_START.length;
      this.#hasStarted = true;
    }
    const frames: Frame[] = [];
    let at = 0;
    while (data.length - at >= HEADER_BYTES) {
      const payloadBytes = data.readUInt32LE(at);
      const header = data.subarray(at, at + HEADER_BYTES);
      if (payloadBytes > PAYLOAD_LIMIT_BYTES) throw this.#damaged(at);
      if (data.length - at < HEADER_BYTES + payloadBytes) break;
      const payload = data.subarray(at + HEADER_BYTES, at + HEADER_BYTES + payloadBytes);
      if (header.readUInt32LE(CRC_AT) !== checksum(header, payload)) throw this.#damaged(at);
      frames.push({ kind: header.readUInt8(4), host: header.readUInt32LE(8), nowNs: header.readDoubleLE(16), payload });
      at += HEADER_BYTES + payloadBytes;
    }
    this.#readBytes += at;
    // A copy: whoever reads a long file reads it into the same memory again and again.
    this.#rest = Buffer.from(data.subarray(at));
    return frames;
  }

  /** What stands behind the last whole frame: nothing for a recording that was ended in order. */
  get rest(): Buffer {
    return this.#rest;
  }

  #damaged(at: number): FleetTapError {
    return new FleetTapError('input', 'recording-damaged', `the recording is damaged at byte ${this.#readBytes + at}`, { place: { file: this.#file }, hint: 'copy it again; what stands before that byte is good' });
  }
}
