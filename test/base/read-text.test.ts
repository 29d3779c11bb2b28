// Files that a person named: what is too long is refused, also where nothing says how long it is.
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { readText } from '../../src/base/read-text.js';

const LIMIT_BYTES = 64 * 2 ** 20;

it('reads a device that ends, and refuses one that does not', async () => {
  expect(await readText('/dev/null', 'inventory')).toBe('');
  await expect(readText('/dev/zero', 'inventory')).rejects.toMatchObject({ kind: 'input', code: 'file-too-long', message: `the inventory has more than ${LIMIT_BYTES} bytes, which is the limit` });
});

it('waits for who writes to a pipe', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-read-text-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Both ways: so there is a writer before it writes, and opening waits for nobody.
  const writer = await open(pipe, 'r+');
  const text = readText(pipe, 'inventory');
  await setTimeout(100);
  await writer.write('a\n');
  await setTimeout(100);
  await writer.write('b\n');
  await setTimeout(100);
  await writer.close();
  expect(await text).toBe('a\nb\n');
});

it('refuses a file one byte longer than the limit, and takes one of that length', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-read-text-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'long');
  writeFileSync(file, 'a');
  truncateSync(file, LIMIT_BYTES);
  expect(await readText(file, 'playbook')).toHaveLength(LIMIT_BYTES);
  truncateSync(file, LIMIT_BYTES + 1);
  await expect(readText(file, 'playbook')).rejects.toMatchObject({ code: 'file-too-long' });
});
