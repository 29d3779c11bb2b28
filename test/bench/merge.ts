// 500 recordings into one log: fleet-tap merge, which parses, corrects clocks, orders and formats, against `sort -m` on the same lines, which orders.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BEGIN_RECORDING, CHUNK, CLOCK, ENDED, encodeFrame, FINISH, HOST, RECORDING_START, RUN } from '../../src/capture/recording-format.js';
import { atMost, type Bench, type BenchOptions } from './bench.js';
import { countLines } from './measure.js';
import { wireLines } from './wire-lines.js';

const RECORDINGS = 500;
const PACKETS = 8000;
const CHUNK_BYTES = 16_384;
const ORIGIN_SEC = 1_795_428_000;
const PAUSE_NS = 5_000_000n;

function recording(host: number, lines: Buffer): Buffer {
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const frames = [
    encodeFrame(BEGIN_RECORDING, 0, 0, json({ originSec: ORIGIN_SEC, order: 'live', hostWidth: 6 })),
    encodeFrame(HOST, 0, 0, json({ name: `web${String(host).padStart(3, '0')}` })),
    encodeFrame(CLOCK, 0, 2e5, Buffer.from(Float64Array.of(0, 1e5, 2e5, 1000).buffer)),
    encodeFrame(RUN, 0, 3e5, json({ epoch: 1, machineFace: true, connection: '' })),
  ];
  for (let at = 0; at < lines.length; at += CHUNK_BYTES) frames.push(encodeFrame(CHUNK, 0, 100e9 + at, lines.subarray(at, at + CHUNK_BYTES)));
  frames.push(encodeFrame(ENDED, 0, 200e9, json({ warnings: [] })), encodeFrame(FINISH, 0, 201e9, Buffer.alloc(0)));
  return Buffer.concat([RECORDING_START, ...frames.flat()]);
}

export const merge: Bench = {
  about: `${RECORDINGS} recordings into one log; the same lines for sort -m`,
  needs: ['sort', 'prlimit'],
  prepare: async ({ cli, folder, size = PACKETS }: BenchOptions) => {
    const [recordings, texts] = [join(folder, 'recordings'), join(folder, 'texts')];
    for (const each of [recordings, texts]) await mkdir(each);
    const names = Array.from({ length: RECORDINGS }, (_, host) => `web${String(host).padStart(3, '0')}`);
    for (const [host, name] of names.entries()) {
      const lines = { host, beganNs: BigInt(ORIGIN_SEC + 1) * 1_000_000_000n, packets: size, pauseNs: PAUSE_NS };
      await writeFile(join(recordings, name), recording(host, Buffer.from(wireLines(lines, true))));
      await writeFile(join(texts, name), wireLines(lines, false));
    }
    const checkFile = async (file: string) => {
      const lines = await countLines(file);
      return lines === RECORDINGS * size ? undefined : `${lines} lines, not ${RECORDINGS * size}`;
    };
    return {
      contestants: [
        { name: 'fleet-tap', command: [process.execPath, cli, 'merge', ...names.map((name) => join(recordings, name))], checkFile },
        { name: 'sort -m', command: ['prlimit', '--nofile=4096', 'sort', '-m', '--batch-size=500', '-s', '-k2,2', ...names.map((name) => join(texts, name))], env: { LC_ALL: 'C' }, checkFile },
      ],
      goals: [atMost(1 / 1.5, 'wallMs', 'fleet-tap', 'sort -m')],
      rounds: 3,
      lines: new Map(['fleet-tap', 'sort -m'].map((name) => [name, RECORDINGS * size])),
    };
  },
};
