// What comes in: a JSONL log, and QEMU's dump with one clock for all machines. What goes out: how far the log's times are from what the dump
// allows. A packet passed the hub before its host received it, and the host's answer passed after: the true time lies between. What came again, and
// what carries nothing, has no answer of its own.
import type { PassedFrame } from './oracle.js';
import type { DumpClock } from './witness.js';

export interface LoggedRow {
  readonly host: string;
  readonly key: string;
  /** Microseconds since 1970. */
  readonly tUs: number;
  readonly errorUs: number;
}

export function rowsOf(jsonl: string): LoggedRow[] {
  return jsonl.split('\n').filter((line) => line !== '').flatMap((line) => {
    const row = JSON.parse(line) as { type?: string; t: string; host: string; proto: string; src: string; dst: string; sport: number; dport: number; flags: string; seq: number; tcp_seq?: number; err_ns: number };
    if (row.proto !== 'tcp' && row.proto !== 'udp') return [];
    const isTcp = row.proto === 'tcp';
    const tUs = Date.parse(`${row.t.slice(0, 19)}Z`) * 1000 + Number(row.t.slice(20, 29)) / 1000;
    const key = `${row.host} ${row.src} ${row.dst} ${row.sport} ${row.dport} ${isTcp ? `${digits(row.flags)} ${row.tcp_seq}` : 'UDP'}`;
    return [{ host: row.host, key, tUs, errorUs: row.err_ns / 1000 }];
  });
}

/** The log has the flags' first letters, the dump's key a digit for each. */
function digits(letters: string): string {
  return [...'UAPRSF'].map((letter) => (letters.includes(letter) ? '1' : '0')).join('');
}

export interface Truth {
  /** Rows whose packet the dump has. */
  readonly compared: number;
  /** Of these, rows that are bounded from above too. */
  readonly answered: number;
  /** How far a row's interval misses what the dump allows, in microseconds; empty when every bound holds. */
  readonly missed: readonly string[];
}

/** @param rows of the log, each host's in its order */
export function compare(rows: readonly LoggedRow[], frames: readonly PassedFrame[], clock: DumpClock, slackUs: number): Truth {
  const byKey = new Map<string, PassedFrame[]>();
  for (const frame of frames) byKey.set(frame.key, [...(byKey.get(frame.key) ?? []), frame]);
  const answers = new Map<string, PassedFrame[]>();
  for (const frame of frames) {
    const direction = `${frame.words.source} ${frame.words.destination} ${frame.words.ports}`;
    answers.set(direction, [...(answers.get(direction) ?? []), frame]);
  }
  let [compared, answered] = [0, 0];
  const missed: string[] = [];
  for (const row of rows) {
    const frame = byKey.get(row.key)?.shift();
    if (frame === undefined) continue;
    compared += 1;
    const passedUs = frame.passedUs - clock.aheadUs;
    if (row.tUs + row.errorUs < passedUs) missed.push(`${row.key}: ${(passedUs - row.tUs - row.errorUs).toFixed(0)} µs before its packet passed`);
    const { source, destination, ports, behind } = frame.words;
    const [sourcePort, destinationPort] = ports.split(' ');
    const answer = frame.isNews ? answers.get(`${destination} ${source} ${destinationPort} ${sourcePort}`)?.find((one) => one.passedUs >= frame.passedUs && one.words.ack >= behind) : undefined;
    if (answer === undefined) continue;
    answered += 1;
    const answeredUs = answer.passedUs - clock.aheadUs + slackUs;
    if (row.tUs - row.errorUs > answeredUs) missed.push(`${row.key}: ${(row.tUs - row.errorUs - answeredUs).toFixed(0)} µs after its answer passed`);
  }
  return { compared, answered, missed };
}
