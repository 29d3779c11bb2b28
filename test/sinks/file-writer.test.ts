// A file behind a stream: all bytes in order, whatever the pieces, and behind what stood there.
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FileWriter } from '../../src/sinks/file-writer.js';
import { AT_ONCE_BYTES } from '../../src/sinks/write-size.js';

test('writes all pieces in order behind what is there, and leaves the file open', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 100 })), async (pieces) => {
      const file = join(tmpdir(), `fleet-tap-stdout-${process.pid}`);
      writeFileSync(file, 'before ');
      const descriptor = openSync(file, 'a');
      try {
        const stream = new FileWriter(descriptor);
        for (const piece of pieces) stream.write(piece);
        await finished(stream.end());
        writeFileSync(descriptor, ' after');
        expect(readFileSync(file, 'utf8')).toBe(`before ${pieces.join('')} after`);
      } finally {
        closeSync(descriptor);
        rmSync(file);
      }
    }),
    { numRuns: 30 },
  );
});

test('pieces longer than one write takes, several at once', async () => {
  const file = join(tmpdir(), `fleet-tap-stdout-${process.pid}`);
  const pieces = [1, AT_ONCE_BYTES - 1, AT_ONCE_BYTES, AT_ONCE_BYTES + 1, 3 * AT_ONCE_BYTES, 5].map((length, index) => Buffer.alloc(length, index + 97));
  const descriptor = openSync(file, 'w');
  const stream = new FileWriter(descriptor);
  for (const piece of pieces) stream.write(piece);
  await finished(stream.end());
  closeSync(descriptor);
  const written = readFileSync(file);
  rmSync(file);
  expect(written.equals(Buffer.concat(pieces))).toBe(true);
});

test('a failure is told to whoever wrote, and to the stream', async () => {
  const descriptor = openSync('/dev/full', 'a');
  const stream = new FileWriter(descriptor);
  const told = new Promise((resolve) => stream.once('error', resolve));
  const written = new Promise((resolve) => void stream.write('more than fits', resolve));
  expect(await written).toMatchObject({ code: 'ENOSPC' });
  expect(await told).toMatchObject({ code: 'ENOSPC' });
  closeSync(descriptor);
});
