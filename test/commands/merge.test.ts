// Recordings: what a capture wrote comes out of its recording byte for byte, however the bytes were cut and wherever the file ends.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CaptureOptions, capture } from '../../src/commands/capture.js';
import { assert } from '../../src/commands/assert.js';
import { merge } from '../../src/commands/merge.js';
import { report } from '../../src/commands/report.js';
import { RECORDING_FILE } from '../../src/commands/recorder.js';
import { CHUNK, encodeFrame, FINISH, type Frame, FrameReader, RECORDING_START } from '../../src/capture/recording-format.js';
import { ALL_READY, newPerson, type Person, startFleet } from './person.js';

/** A capture of three simulated hosts, recorded. @returns the log it wrote, and the recording */
async function recorded(person: Person, changes: Partial<CaptureOptions> = {}): Promise<{ log: string; file: string }> {
  const fleet = await startFleet(person, ALL_READY);
  const folder = join(person.folder, 'recording');
  const options = { inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', forSec: 1, output: [], probes: 'by-inventory', order: 'live', limitSec: 60, record: folder } as const;
  expect(await capture({ ...options, ...changes }, person.context), person.stderr()).toBe(0);
  return { log: person.stdout(), file: join(folder, RECORDING_FILE) };
}

async function merged(paths: readonly string[], order: 'recorded' | 'strict' = 'recorded'): Promise<{ log: string; status: number; stderr: string }> {
  const person = await newPerson();
  const status = await merge({ files: paths, output: [], order }, person.context);
  return { log: person.stdout(), status, stderr: person.stderr() };
}

async function framesOf(file: string): Promise<Frame[]> {
  return new FrameReader(file).push(await readFile(file));
}

const bytesOf = (frames: readonly Frame[]): Buffer => Buffer.concat([RECORDING_START, ...frames.flatMap((frame) => encodeFrame(frame.kind, frame.host, frame.nowNs, frame.payload))]);
const linesOf = (log: string): string[] => log.split('\n').slice(0, -1);

it.each(['live', 'strict', 'none'] as const)('gives the log that the capture wrote, byte for byte: %s', async (order) => {
  const { log, file } = await recorded(await newPerson(), { order });
  expect(linesOf(log).length).toBeGreaterThan(20);
  expect(await merged([file])).toMatchObject({ log, status: 0 });
  expect(await merged([join(file, '..')])).toMatchObject({ log, status: 0 });
});

it('--sync tcp: every record once, in order, live and from the recording alike', async () => {
  const { log, file } = await recorded(await newPerson(), { sync: 'tcp' });
  const played = await newPerson();
  expect(await merge({ files: [file], output: [], order: 'recorded', sync: 'tcp' }, played.context), played.stderr()).toBe(0);
  expect(played.stdout()).toBe(log);
  const times = linesOf(log).map((line) => line.split(' ')[0]);
  expect(times).toEqual([...times].sort());
  const receptions = (text: string) => linesOf(text).map((line) => line.slice(line.indexOf(' '))).sort();
  expect(receptions(log)).toEqual(receptions((await merged([file])).log));
  expect(played.stderr()).not.toContain('contradict');
});

it('however the bytes were cut', async () => {
  const person = await newPerson();
  const { log, file } = await recorded(person);
  const frames = await framesOf(file);
  const cutInto = (bytes: number) =>
    frames.flatMap((frame) =>
      frame.kind !== CHUNK ? [frame] : Array.from({ length: Math.ceil(frame.payload.length / bytes) }, (_, index) => ({ ...frame, payload: frame.payload.subarray(index * bytes, (index + 1) * bytes) })),
    );
  for (const bytes of [1, 7, 100]) {
    const other = join(person.folder, `cut-${bytes}`);
    await writeFile(other, bytesOf(cutInto(bytes)));
    expect(await merged([other])).toMatchObject({ log, status: 0 });
  }
});

it('a recording that was cut off is good to its last whole frame, and says where it ends', async () => {
  const person = await newPerson();
  const { log, file } = await recorded(person);
  const bytes = await readFile(file);
  const cut = join(person.folder, 'cut');
  await writeFile(cut, bytes.subarray(0, Math.floor(bytes.length / 2)));
  const { log: half, status } = await merged([cut]);
  const packets = linesOf(half).filter((line) => !line.includes(' gap '));
  expect(packets.length).toBeGreaterThan(3);
  // What was written before the last release is the log's beginning; what waited then comes in order behind it.
  const all = new Set(linesOf(log));
  expect(packets.filter((line) => !all.has(line))).toEqual([]);
  expect(half.match(/ gap recording-cut lines=unknown from=\S+Z to=unknown the recording ends here$/gm)).toHaveLength(3);
  // Nobody knows how many lines are missing.
  expect(status).toBe(2);
});

it('the reader takes a recording cut anywhere, and refuses one that was changed', async () => {
  const { file } = await recorded(await newPerson(), { forSec: 0.2 });
  const bytes = await readFile(file);
  const frames = await framesOf(file);
  expect(frames.at(-1)?.kind).toBe(FINISH);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (places) => {
      const cuts = [0, ...places.sort((left, right) => left - right), bytes.length];
      const reader = new FrameReader(file);
      expect(cuts.slice(1).flatMap((end, index) => reader.push(bytes.subarray(cuts[index], end)))).toEqual(frames);
      expect(reader.rest).toHaveLength(0);
    }),
    { numRuns: 30 },
  );
  fc.assert(
    fc.property(fc.integer({ min: RECORDING_START.length, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, by) => {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] as number) ^ by;
      const reader = new FrameReader(file);
      let read: Frame[] = [];
      try {
        read = reader.push(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'recording-damaged' });
      }
      // A length that was changed may look like a frame that is not whole yet.
      expect(read.length).toBeLessThan(frames.length);
    }),
    { numRuns: 100 },
  );
});

it('several recordings are one strict log of all, whatever the order of their ends', async () => {
  const [left, right] = [await recorded(await newPerson()), await recorded(await newPerson(), { pattern: 'web01' })];
  const { log, status } = await merged([left.file, right.file]);
  expect(status).toBe(0);
  const lines = linesOf(log);
  expect(lines.map((line) => line.split(' ', 1)[0])).toEqual(lines.map((line) => line.split(' ', 1)[0]).toSorted());
  expect(lines.toSorted()).toEqual([...linesOf(left.log), ...linesOf(right.log)].toSorted());
});

it('a second recording in the same folder, and what is no recording, are refused', async () => {
  const person = await newPerson();
  const { file } = await recorded(person, { forSec: 0.2 });
  await expect(recorded(person, { forSec: 0.2 })).rejects.toMatchObject({ kind: 'input', code: 'recording-unwritable', message: expect.stringContaining('there is a recording already') });
  const other = join(person.folder, 'other.log');
  await writeFile(other, 'a log, and no recording, but long enough to tell\n');
  await expect(merged([other])).rejects.toMatchObject({ kind: 'input', code: 'no-recording', place: { file: other } });
  await writeFile(other, (await readFile(file)).subarray(0, 10));
  await expect(merged([other])).rejects.toMatchObject({ kind: 'input', code: 'recording-empty' });
  await expect(merged([join(person.folder, 'none')])).rejects.toMatchObject({ kind: 'input', code: 'recording-unreadable' });
});

it('says what a name is that is no recording', async () => {
  const { folder } = await newPerson();
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'odd', RECORDING_FILE), { recursive: true });
  await writeFile(join(folder, 'file'), '');
  const said = (name: string) => merged([join(folder, name)]).then(String, (error: Error) => error.message.replace(`${folder}/`, ''));
  expect(await said('none')).toBe('none cannot be read: there is no such file');
  expect(await said('empty')).toBe(`empty cannot be read: there is no ${RECORDING_FILE} in it`);
  expect(await said('odd')).toBe(`odd cannot be read: ${RECORDING_FILE} in it is a folder`);
  expect(await said('file/x')).toBe('file/x cannot be read: a part of its path is a file, not a folder');
});

it('writes over no recording that it reads, by whatever name', async () => {
  const person = await newPerson();
  const { file } = await recorded(person);
  const before = await readFile(file);
  const link = join(person.folder, 'link.log');
  await symlink(file, link);
  for (const [read, output] of [[join(file, '..'), file], [file, file], [file, link]] as const) {
    await expect(merge({ files: [read], output: [output], format: 'text', order: 'recorded' }, person.context)).rejects.toMatchObject({ code: 'output-is-input' });
  }
  await expect(report({ files: [file], output: file, open: false }, person.context)).rejects.toMatchObject({ code: 'output-is-input' });
  await expect(assert({ files: [file], expect: link, junit: link, allowGaps: false }, person.context)).rejects.toMatchObject({ code: 'output-is-input' });
  expect((await readFile(file)).equals(before)).toBe(true);
});

it('a recording that is there already is found before anything is compiled', async () => {
  const person = await newPerson();
  const { file } = await recorded(person);
  const again = await newPerson();
  await expect(recorded(again, { record: join(file, '..') })).rejects.toMatchObject({ code: 'recording-unwritable' });
  expect(again.stderr()).not.toContain('kernel');
});
