// What several scripts ask of one host's files, asked by one process for all.
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { quote } from '../../src/base/quote.js';
import { OWN, seenScript } from '../../src/modules/ownership.js';
import { moduleScript } from '../../src/modules/script.js';

const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = ['file', 'with blank', "it's", 'a*b', 'back\\slash', 'path=file', '-x', 'hard', 'folder', 'link', 'dangling'];
for (const name of NAMES.slice(0, 7)) writeFileSync(join(folder, name), name, { mode: 0o640 });
linkSync(join(folder, 'file'), join(folder, 'hard'));
mkdirSync(join(folder, 'folder'), { mode: 0o700 });
symlinkSync('file', join(folder, 'link'));
symlinkSync('nowhere', join(folder, 'dangling'));

/** What `own`, in check mode, and `info` say of a path. */
function told(path: string, before: string): string {
  const body = `mode=0600; owner=root; group=root; check=1; selinux=\n${OWN}\nown ${quote(path)}\nanswer\nsay changed "$changed"\nsay attrs "$attrs"\ninfo ${quote(path)}`;
  const script = moduleScript('file', {}, { noLog: true } as never, body);
  const { stdout } = spawnSync('sh', ['-c', `${before}\n${script}`], { cwd: folder, encoding: 'utf8' });
  return stdout;
}

test.each([...NAMES.map((name) => join(folder, name)), './file', '-x', 'folder/', join(folder, 'not there')])('%s is told as by a process of its own', (path) => {
  const all = [...NAMES.map((name) => join(folder, name)), join(folder, 'not there'), './file', '-x', 'folder/'];
  const alone = told(path, '');
  expect(alone.split('\n').length).toBeGreaterThan(4);
  expect(told(path, seenScript(all))).toBe(alone);
});

test('no process is started for a path that was asked for, and one for any other', () => {
  const started = (path: string) => spawnSync('sh', ['-c', `${seenScript([join(folder, 'file'), join(folder, 'folder')])}\nstat() { echo started; }\n${moduleScript('file', {}, { noLog: true } as never, `check=1\n${OWN}\nanswer\ninfo ${quote(path)}`)}`], { encoding: 'utf8' }).stdout.includes('started');
  expect([join(folder, 'file'), join(folder, 'folder'), join(folder, 'hard')].map(started)).toEqual([false, false, true]);
});

test('a path that is another one for the host, and one alone, are not asked for', () => {
  expect([seenScript(['~/a', '/b']), seenScript(['/b', '/b']), seenScript(['/a\nb', '/c'])]).toEqual(['', '', '']);
});
