// What report and assert see of a recording: all that was captured, wherever the capture put it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BEGIN_RECORDING, CHUNK, CLOCK, ENDED, encodeFrame, FINISH, HOST, RECORDING_START, RELEASE, RUN } from '../../src/capture/recording-format.js';
import { merge } from '../../src/commands/merge.js';
import { readRecords } from '../../src/commands/read-records.js';
import { newPerson } from './person.js';

const ORIGIN_SEC = 1_795_428_000;
const json = (value: object) => Buffer.from(JSON.stringify(value));
const at = (sec: number) => `${ORIGIN_SEC + sec}000000000`;
const packet = (sec: number) => `U ${at(sec)} 10.0.0.1 10.0.0.2 53 1024 7\n`;

/** web01 was silent for 9 s; then a line of its second second came. */
function withLateLine(late: 'mark' | 'drop' | 'file' | undefined): Buffer {
  const hosts = [0, 1].flatMap((host) => [
    encodeFrame(HOST, host, 0, json({ name: `web0${host + 1}` })),
    encodeFrame(CLOCK, host, 2e5, Buffer.from(Float64Array.of(0, 1e5, 2e5, 1000).buffer)),
    encodeFrame(RUN, host, 3e5, json({ epoch: 1, machineFace: true, connection: '' })),
    encodeFrame(CHUNK, host, 1.1e9, Buffer.from(`B 1 ${at(1)} 1000000000\n`)),
  ]);
  const said = (host: number, sec: number, lines: string) => encodeFrame(CHUNK, host, sec * 1e9, Buffer.from(lines));
  const ends = [0, 1].map((host) => encodeFrame(ENDED, host, 12e9, json({ warnings: [] })));
  return Buffer.concat([
    RECORDING_START, ...encodeFrame(BEGIN_RECORDING, 0, 0, json({ originSec: ORIGIN_SEC, order: 'live', hostWidth: 5, late })), ...hosts.flat(),
    ...said(1, 9.9, packet(9)), ...encodeFrame(RELEASE, 0, 10e9, Buffer.alloc(0)), ...said(0, 10.5, packet(2)), ...encodeFrame(RELEASE, 0, 11e9, Buffer.alloc(0)),
    ...ends.flat(), ...encodeFrame(FINISH, 0, 13e9, Buffer.alloc(0)),
  ]);
}

it.each([undefined, 'mark', 'drop', 'file'] as const)('late lines too, whatever --late made of them: %s', async (late) => {
  const person = await newPerson();
  const file = join(person.folder, 'recording');
  await writeFile(file, withLateLine(late));
  const seen: unknown[] = [];
  const read = await readRecords([file], person.context, (record) => seen.push([record.type, record.host, record.tNs, record.late]));
  expect(read.status, person.stderr()).toBe(0);
  expect(seen).toEqual([['packet', 'web02', 9e9, false], ['packet', 'web01', 2e9, true]]);
});

it('while merge gives the log as it was', async () => {
  const person = await newPerson();
  const file = join(person.folder, 'recording');
  await writeFile(file, withLateLine('file'));
  expect(await merge({ files: [file], output: [], order: 'recorded' }, person.context), person.stderr()).toBe(0);
  expect(person.stdout().split('\n').filter((line) => line !== '')).toEqual([expect.stringContaining('10:00:09.000000Z web02 ')]);
});
