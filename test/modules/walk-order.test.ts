// The expected order is that of os.walk of Python 3.11 over the same folder, where readdir gives the entries in the order in which they stand here.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { walkOrder } from '../../src/modules/walk-order.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-tap-walk-'));
  for (const path of ['b/x', 'b/sub/deep/y', 'b/z', 'a', 'c/q', 'd/.hidden', 'e']) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const found = () => execFileSync('find', [folder, '-mindepth', '1', '-printf', '%y%p\n'], { encoding: 'utf8' }).trim().split('\n').map((line) => ({ path: line.slice(1), isFolder: line.startsWith('d') }));

test('as os.walk goes', () => {
  const walk = "import os, sys\nfor root, dirs, files in os.walk(sys.argv[1]):\n  for one in files + dirs: print(os.path.join(root, one))";
  const expected = execFileSync('python3', ['-c', walk, folder], { encoding: 'utf8' }).trim().split('\n');
  expect(walkOrder(folder, found()).map(({ path }) => path)).toEqual(expected);
});

test('what is in folders that are left out comes last', () => {
  const listed = [{ path: '/r/b/x', isFolder: false }, { path: '/r/a', isFolder: false }, { path: '/r/b/c/d', isFolder: false }];
  expect(walkOrder('/r', listed).map(({ path }) => path)).toEqual(['/r/a', '/r/b/x', '/r/b/c/d']);
});
