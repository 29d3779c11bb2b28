// The coalescer as it runs on a host: under sh, with pipes whose other ends the test holds.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it, vi } from 'vitest';
import { COALESCE } from '../../src/systemtap/coalesce.js';

const MIB = 2 ** 20;
const start = (): ChildProcessByStdio<Writable, Readable, null> => spawn('sh', ['-c', `trap '' PIPE; exec ${COALESCE}`], { stdio: ['pipe', 'pipe', 'inherit'] });
const written = (to: Writable, bytes: string) => new Promise<void>((resolve, reject) => void to.write(bytes, (error) => (error ? reject(error) : resolve())));
const lines = (bytes: number) => Array.from({ length: bytes / 16 }, (_, index) => `${String(index).padStart(15, '0')}\n`).join('');

it('takes what comes while nobody takes its output, and gives all of it, in order', async () => {
  const coalescer = start();
  const ended = once(coalescer, 'close');
  const bytes = lines(8 * MIB);
  // A pipe alone takes one mebibyte at most.
  await written(coalescer.stdin, bytes);
  coalescer.stdin.end();
  expect((await text(coalescer.stdout)) === bytes).toBe(true);
  expect((await ended)[0]).toBe(0);
});

it('holds a limited amount: then whoever writes waits', async () => {
  const coalescer = start();
  const ended = once(coalescer, 'close');
  const bytes = lines(40 * MIB);
  const all = written(coalescer.stdin, bytes);
  const readSoFar = async () => Number(/^rchar: (\d+)$/m.exec(await readFile(`/proc/${coalescer.pid}/io`, 'utf8'))?.[1]);
  const isAsleep = async () => (await readFile(`/proc/${coalescer.pid}/stat`, 'latin1')).includes(') S ');
  await vi.waitFor(async () => {
    const before = await readSoFar();
    expect(before).toBeGreaterThanOrEqual(32 * MIB);
    expect(await isAsleep()).toBe(true);
    expect(await readSoFar()).toBe(before);
  }, { timeout: 60_000 });
  // What perl reads of itself is among it.
  expect(await readSoFar()).toBeLessThan(34 * MIB);
  coalescer.stdin.end();
  expect((await text(coalescer.stdout)) === bytes).toBe(true);
  await all;
  expect((await ended)[0]).toBe(0);
});

it('ends when nobody reads any more', async () => {
  const coalescer = start();
  const ended = once(coalescer, 'close');
  coalescer.stdout.destroy();
  coalescer.stdin.on('error', () => {});
  coalescer.stdin.write(lines(2 * MIB));
  expect((await ended)[0]).toBe(1);
});

it('gives up what finds no way out for ten seconds after the end', async () => {
  const coalescer = start();
  const ended = once(coalescer, 'exit');
  coalescer.stdin.end(lines(4 * MIB));
  expect((await ended)[0]).toBe(3);
  coalescer.stdout.destroy();
});
