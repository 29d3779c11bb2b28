// AssemblyScript: this becomes WebAssembly (build-wasm.mjs), and src/capture/packet-reader.ts calls it.
// What comes in: bytes of a host's output in the module's memory, cut at a line's end. What goes out: rows of a batch in the same memory, for the packet
// lines (T and U, IPv4) that stand there one after the other.
// Guaranteed: a row is what WireParser (wire-format.ts) and MachineLines make of its line. Whatever they would treat in another way than nearly all lines ends
// the reading in front of that line, and they read it: marks, IPv6, what is malformed, times that need a decision. So rare forms of good lines may
// be left to them too (a port of more than five digits), and nothing is decided twice.
// Why: the same in JavaScript takes five times as long (docs/bench.md).
import { putFlags, putIpv4, putLong, putShort, realTime } from './packet-fields';

// A batch's columns, each of so many rows (base/batch-memory.ts), in the order of base/record-batch.ts: bytes of a row in all columns before.
const ROWS: i32 = 256;
const T_NS: i32 = 0;
const RAW_NS: i32 = 8 * ROWS;
const CORRECTION_NS: i32 = 16 * ROWS;
const ERROR_NS: i32 = 24 * ROWS;
const SEQUENCE: i32 = 32 * ROWS;
const SOURCE: i32 = 40 * ROWS;
const DESTINATION: i32 = 44 * ROWS;
const SEQ: i32 = 48 * ROWS;
const ACK: i32 = 52 * ROWS;
const PAYLOAD_BYTES: i32 = 56 * ROWS;
const WINDOW: i32 = 60 * ROWS;
const SOURCE_PORT: i32 = 62 * ROWS;
const DESTINATION_PORT: i32 = 64 * ROWS;
const KIND: i32 = 66 * ROWS;
const FLAGS: i32 = 67 * ROWS;
const BITS: i32 = 68 * ROWS;

const TCP: i32 = 0;
const UDP: i32 = 1;

/** `T ` and `U `, and what stands behind fields, as two bytes and one. */
const LINE_T: i32 = 0x2054;
const LINE_U: i32 = 0x2055;
const SPACE: i32 = 0x20;
const NEWLINE: i32 = 0x0a;
/** Digits of a real time, and its space. */
const TIME_BYTES: i32 = 20;
const FLAGS_BYTES: i32 = 7;
/** As in machine-lines.ts: lines of other CPUs are never so old. */
const SET_BACK_NS: f64 = 4e9;

/** After `read`: where it ended. */
let readTo: i32 = 0;
/** And how far the host's time has come. */
let passed: f64 = 0;

export function newAt(): i32 {
  return readTo;
}

export function newPassedNs(): f64 {
  return passed;
}

/**
 * Reads lines from `start` on, into the batch's rows from `first` on, until the batch is full, `end` is reached or a line is not for us.
 * @param end behind a newline
 * @param beatRealNs a line of before has to be counted by its heartbeat
 * @param sequence the last row's
 * @returns how many rows
 */
export function read(batch: i32, first: i32, start: i32, end: i32, originSec: f64, nowNs: f64, correctionNs: f64, errorNs: f64, beatRealNs: f64, passedNs: f64, sequence: f64): i32 {
  let row = first;
  let line = start;
  while (row < ROWS && line < end) {
    const letter: i32 = load<u16>(line);
    if (letter !== LINE_T && letter !== LINE_U) break;
    const rawNs = realTime(line + 2, originSec);
    // Also when it is no number.
    if (!(rawNs > beatRealNs)) break;
    const tNs = rawNs + correctionNs;
    if (tNs > nowNs) break;
    const earliestNs = tNs - errorNs;
    if (tNs + errorNs < passedNs - SET_BACK_NS) break;
    const next = packet(batch, row, line + 2 + TIME_BYTES, letter === LINE_T);
    if (next === 0) break;
    if (earliestNs > passedNs) passedNs = earliestNs;
    sequence += 1;
    const wide = batch + (row << 3);
    store<f64>(wide, tNs, T_NS);
    store<f64>(wide, rawNs, RAW_NS);
    store<f64>(wide, correctionNs, CORRECTION_NS);
    store<f64>(wide, errorNs, ERROR_NS);
    store<f64>(wide, sequence, SEQUENCE);
    line = next;
    row += 1;
  }
  readTo = line;
  passed = passedNs;
  return row - first;
}

/** All that stands behind the time. @returns where the next line begins; 0 when this one is not for us */
function packet(batch: i32, row: i32, start: i32, isTcp: bool): i32 {
  const four = batch + (row << 2);
  const two = batch + (row << 1);
  const one = batch + row;
  let at = putIpv4(start, four + SOURCE);
  if (at === 0) return 0;
  at = putIpv4(at, four + DESTINATION);
  if (at === 0) return 0;
  at = putShort(at, SPACE, two + SOURCE_PORT);
  if (at === 0) return 0;
  at = putShort(at, SPACE, two + DESTINATION_PORT);
  if (at === 0) return 0;
  if (isTcp) {
    if (!putFlags(at, one + FLAGS)) return 0;
    at = putLong(at + FLAGS_BYTES, SPACE, four + SEQ);
    if (at === 0) return 0;
    at = putLong(at, SPACE, four + ACK);
    if (at === 0) return 0;
    at = putShort(at, SPACE, two + WINDOW);
    if (at === 0) return 0;
  } else {
    store<u8>(one, 0, FLAGS);
    store<u32>(four, 0, SEQ);
    store<u32>(four, 0, ACK);
    store<u16>(two, 0, WINDOW);
  }
  store<u8>(one, isTcp ? TCP : UDP, KIND);
  store<u8>(one, 0, BITS);
  return putLong(at, NEWLINE, four + PAYLOAD_BYTES);
}
