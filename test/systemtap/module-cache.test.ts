import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CacheKey, readCached, writeCached } from '../../src/systemtap/module-cache.js';

const request = { release: '6.12.1-amd64', script: Buffer.from('probe begin {}'), scriptArguments: ['netfilter'] };
const key: CacheKey = { request, kernelBuild: '#1 SMP Debian 6.12.1-1', architecture: 'x86_64', stapVersion: '5.1' };
const content = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0x0a, 0x00, 0xff]);

describe('the cache of kernel modules', () => {
  let folder: string;
  let directory: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-cache-'));
    directory = join(folder, 'not', 'there yet');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function onlyFile(): Promise<string> {
    const names = await readdir(directory);
    expect(names).toHaveLength(1);
    return join(directory, String(names[0]));
  }

  it('gives back what was put in', async () => {
    expect(await readCached(directory, key)).toBeUndefined();
    await writeCached(directory, key, content);
    expect(await readCached(directory, { ...key, request: { ...request, script: Buffer.from(request.script), timeoutMs: 5 } })).toEqual(content);
  });

  it.each<[string, CacheKey]>([
    ['release', { ...key, request: { ...request, release: '6.12.2-amd64' } }],
    ['script', { ...key, request: { ...request, script: Buffer.from('probe end {}') } }],
    ['arguments', { ...key, request: { ...request, scriptArguments: [] } }],
    ['build of the kernel', { ...key, kernelBuild: '#1 SMP Debian 6.12.1-2' }],
    ['architecture', { ...key, architecture: 'aarch64' }],
    ['version of stap', { ...key, stapVersion: '5.2' }],
  ])('has nothing for another %s', async (_name, other) => {
    await writeCached(directory, key, content);
    expect(await readCached(directory, other)).toBeUndefined();
    await writeCached(directory, other, Buffer.from('other'));
    expect(await readCached(directory, key)).toEqual(content);
  });

  it('does not use a file with any byte changed, or any part cut off', async () => {
    await writeCached(directory, key, content);
    const file = await onlyFile();
    const whole = await readFile(file);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (whole[at] ?? 0) ^ 0x01;
      await writeFile(file, damaged);
      expect(await readCached(directory, key), `byte ${at}`).toBeUndefined();
      await writeFile(file, whole.subarray(0, at));
      expect(await readCached(directory, key), `cut after ${at} bytes`).toBeUndefined();
    }
    await writeFile(file, Buffer.concat([whole, Buffer.from([0])]));
    expect(await readCached(directory, key)).toBeUndefined();
  });

  it('writes over a damaged file', async () => {
    await writeCached(directory, key, content);
    await writeFile(await onlyFile(), 'junk');
    await writeCached(directory, key, content);
    expect(await readCached(directory, key)).toEqual(content);
  });

  it('is for its owner only, and writers at once leave one whole file', async () => {
    await Promise.all(Array.from({ length: 8 }, () => writeCached(directory, key, content)));
    expect((await stat(await onlyFile())).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect(await readCached(directory, key)).toEqual(content);
  });
});
