// Folders that are made with all above them: also where Node's own way never ends.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fileReason } from '../../src/base/file-reason.js';
import { makeFolder } from '../../src/base/make-folder.js';

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it('makes what is missing, with the mode, and leaves what is there', async () => {
  const folder = join(await temporary(), 'a', 'b', 'c');
  await Promise.all([makeFolder(folder, 0o700), makeFolder(folder, 0o700)]);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  await makeFolder(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

it('ends where the system has no file of that name and takes none', async () => {
  await expect(makeFolder('/proc/fleet-tap/x')).rejects.toMatchObject({ code: 'ENOENT' });
});

it('says that a file is in the way', async () => {
  const file = join(await temporary(), 'file');
  await writeFile(file, '');
  const reasons = await Promise.all([file, join(file, 'x')].map((path) => makeFolder(path).catch((error: unknown) => fileReason(error))));
  expect(reasons).toEqual(Array(2).fill('a part of its path is a file, not a folder'));
});
