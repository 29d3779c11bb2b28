import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { expandTilde } from '../../src/base/tilde.js';

test('~ and ~user, as a shell puts them in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-tilde-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const users = join(folder, 'passwd');
  writeFileSync(users, 'root:x:0:0:root:/root:/bin/sh\nops:x:7:7::/srv/ops/:/bin/sh\nbare:x:8:8:::\n');
  const expanded = ['~', '~/a', '~ops', '~ops/a', '~bare/a', '~nobody-there/a', 'a/~', '/~ops'].map((path) => expandTilde(path, '/home/me', users));
  expect(expanded).toEqual(['/home/me', '/home/me/a', '/srv/ops', '/srv/ops/a', '~bare/a', '~nobody-there/a', 'a/~', '/~ops']);
  expect(expandTilde('~/a', '/')).toBe('/a');
  expect(expandTilde('~ops/a', '/', join(folder, 'none'))).toBe('~ops/a');
});
