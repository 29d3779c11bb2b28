import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { OutputFiles } from '../../src/commands/output-files.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fleet-tap-output-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('keeps order and every byte, however much comes at once, and empties old files', async () => {
  const path = folder();
  writeFileSync(join(path, 'web1'), 'of an earlier run');
  const files = new OutputFiles(path, { mode: 0o600, stdout: '', stderr: '.err', limitBytes: Number.POSITIVE_INFINITY });
  const expected: Record<string, Buffer[]> = { web1: [], web2: [] };
  for (let piece = 0; piece < 400; piece++) {
    for (const host of ['web1', 'web2']) {
      const bytes = Buffer.alloc(100_000, `${host} ${piece}\n`);
      files.write(host, 'stdout', bytes);
      expected[host]?.push(bytes);
    }
    if (piece % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  files.write('web2', 'stderr', Buffer.from('x'));
  await files.finish();
  for (const host of ['web1', 'web2']) expect(readFileSync(join(path, host)).equals(Buffer.concat(expected[host] ?? []))).toBe(true);
  expect(readdirSync(path).sort()).toEqual(['web1', 'web2', 'web2.err']);
  expect(files.problem).toBeUndefined();
});

it('says that it keeps no more, and why it cannot write', async () => {
  const path = folder();
  const files = new OutputFiles(path, { mode: 0o600, stdout: '.out', stderr: '.err', limitBytes: 5 });
  for (const text of ['abc', 'defg', 'h']) files.write('web1', 'stdout', Buffer.from(text));
  await files.finish();
  expect(readFileSync(join(path, 'web1.out'), 'utf8')).toBe('abcde\n[fleet-tap kept no more]\n');
  const nowhere = new OutputFiles(join(path, 'none'), { mode: 0o600, stdout: '.out', stderr: '.err', limitBytes: 5 });
  nowhere.write('web1', 'stdout', Buffer.from('x'));
  await nowhere.finish();
  expect(nowhere.problem).toMatch(/^output is not kept in .*: the folder is gone$/);
});
