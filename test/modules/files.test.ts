// copy, file and stat: their scripts under dash, on names that shells trip over. What they do as such is compared with Ansible in ../playbook.
import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { diffText } from '../../src/playbook/diff-text.js';
import { type Bench, bench, program, runModule } from './run-module.js';

let here: Bench;
beforeEach(async () => {
  here = await bench();
});
afterEach(() => rm(here.root, { recursive: true }));

const NAMES = [
  ['a space', 'two words '],
  ['quotes', `it's "so" \`id\``],
  // Of what the environment does not hold: that would be put in its place.
  ['a dollar and a backslash', `$NOT_SET\\n$(id)\${not set}$`],
  ['a newline', 'two\nlines'],
  ['a newline at the end', 'line\n'],
  ['a leading dash', '-rf'],
  ['a pattern', '*[a]?'],
  ['a bracket', ']'],
  ['an operator', '!'],
  ['letters of all kinds', 'Ünïcode 🐧'],
  ['something like an answer', 'changed=true\nend'],
] as const;

// As os.path.expandvars of Python: parameters of Ansible's type path.
test.each([
  ['$HOME/x', `${process.env.HOME}/x`],
  [`\${HOME}$HOME`, `${process.env.HOME}${process.env.HOME}`],
  [`/x/\${HOME`, `/x/\${HOME`],
  ['/x/$HOMEX$', '/x/$HOMEX$'],
])('the environment in a path: %s', async (path, expected) => {
  expect((await runModule(here, 'file', { path, state: 'directory' }, { check: true })).values).toMatchObject({ path: expected });
});

const modeOf = async (path: string) => ((await lstat(path)).mode & 0o7777).toString(8);

describe.each(NAMES)('a name with %s', (_what, name) => {
  test.each(['relative', 'absolute'])('%s', async (kind) => {
    const path = kind === 'relative' ? name : join(here.work, name);
    const onDisk = join(here.work, name);

    expect((await runModule(here, 'stat', { path })).values).toEqual({ stat: { exists: false } });
    expect(await runModule(here, 'copy', { dest: path, content: 'text' }, { check: true })).toMatchObject({ changed: true });
    expect(await readdir(here.work)).toEqual([]);

    const copied = await runModule(here, 'copy', { dest: path, content: 'text', mode: '0640' }, { diff: true });
    // Ansible tells the working directory, too.
    expect(copied).toMatchObject({ changed: true, values: { dest: kind === 'relative' ? `./${path}` : path } });
    expect(copied.diff).toEqual([{ before: '', after: 'text', after_header: path }]);
    expect(await readFile(onDisk, 'utf8')).toBe('text');
    expect(await modeOf(onDisk)).toBe('640');
    expect(await readdir(here.work)).toEqual([name]);
    expect(await runModule(here, 'copy', { dest: path, content: 'text', mode: '0640' })).toMatchObject({ changed: false });
    expect((await runModule(here, 'stat', { path })).values).toMatchObject({ stat: { exists: true, isreg: true, mode: '0640', size: 4, path } });

    expect(await runModule(here, 'file', { path, mode: '0600' }, { check: true })).toMatchObject({ changed: true });
    expect(await modeOf(onDisk)).toBe('640');
    expect(await runModule(here, 'file', { path, mode: '0600' })).toMatchObject({ changed: true });
    expect(await modeOf(onDisk)).toBe('600');
    expect(await runModule(here, 'file', { path, mode: '0600', state: 'file' })).toMatchObject({ changed: false });
    expect(await runModule(here, 'file', { path, state: 'directory' })).toMatchObject({ changed: false, failed: true });

    expect(await runModule(here, 'file', { path, state: 'absent' }, { check: true })).toMatchObject({ changed: true });
    expect(await readdir(here.work)).toEqual([name]);
    expect(await runModule(here, 'file', { path, state: 'absent' })).toMatchObject({ changed: true });
    expect(await runModule(here, 'file', { path, state: 'absent' })).toMatchObject({ changed: false });
    expect(await readdir(here.work)).toEqual([]);

    const below = `${path}/${name}`;
    expect(await runModule(here, 'file', { path: below, state: 'directory', mode: '0700' }, { check: true })).toMatchObject({ changed: true });
    expect(await readdir(here.work)).toEqual([]);
    expect(await runModule(here, 'file', { path: below, state: 'directory', mode: '0700' })).toMatchObject({ changed: true });
    expect([await modeOf(onDisk), await modeOf(join(onDisk, name))]).toEqual(['700', '700']);
    expect(await runModule(here, 'file', { path: below, state: 'directory', mode: '0700' })).toMatchObject({ changed: false });
    expect(await runModule(here, 'file', { path: `${below}/touched`, state: 'touch' })).toMatchObject({ changed: true });
    expect(await runModule(here, 'copy', { dest: path, src: `files/${name}` }, { file: Buffer.from([0, 255, 10]) })).toMatchObject(
      // Inside of the directory the name is taken, by a directory.
      { changed: false, failed: true },
    );
    await rm(join(onDisk, name), { recursive: true });
    expect(await runModule(here, 'copy', { dest: `${path}/`, src: `files/${name}` }, { file: Buffer.from([0, 255, 10]) })).toMatchObject({ changed: true });
    expect([...(await readFile(join(onDisk, name)))]).toEqual([0, 255, 10]);
  });

  test('in a link', async () => {
    await mkdir(join(here.work, 'target'));
    await symlink(join(here.work, 'target'), join(here.work, name));
    const found = await runModule(here, 'stat', { path: name });
    expect(found.values).toMatchObject({ stat: { islnk: true, lnk_target: join(here.work, 'target') } });
    await symlink(name, join(here.work, 'to it'));
    expect((await runModule(here, 'stat', { path: 'to it' })).values).toMatchObject({ stat: { islnk: true, lnk_target: name.replace(/\n$/, '') } });
    expect(await runModule(here, 'file', { path: name, state: 'directory', mode: '0701' })).toMatchObject({ changed: true });
    expect(await modeOf(join(here.work, 'target'))).toBe('701');
    expect(await runModule(here, 'file', { path: name, state: 'absent' })).toMatchObject({ changed: true });
    expect((await readdir(here.work)).sort()).toEqual(['target', 'to it']);
  });
});

describe('copy', () => {
  test('a file that is encrypted with Ansible Vault, and no vault is at hand: it goes to no host as it is', async () => {
    const copied = runModule(here, 'copy', { dest: join(here.work, 'hidden'), src: 'hidden' }, { file: Buffer.from('$ANSIBLE_VAULT;1.1;AES256\n33\n') });
    await expect(copied).rejects.toMatchObject({ code: 'vault-unsupported', kind: 'host' });
  });
  test('diff: what was there and what comes, in check mode and without; not when nothing changes', async () => {
    const path = join(here.work, 'f');
    await writeFile(path, 'one\ntwo\n');
    for (const check of [true, false]) {
      const { diff } = await runModule(here, 'copy', { dest: path, content: 'one\n2\n' }, { check, diff: true });
      expect(diffText(diff ?? [], 3).split('\n')).toEqual([`--- before: ${path}`, `+++ after: ${path}`, '@@ -1,2 +1,2 @@', ' one', '-two', '+2', '', '']);
    }
    expect((await runModule(here, 'copy', { dest: path, content: 'one\n2\n' }, { diff: true })).diff).toEqual({ before: { path }, after: { path } });
    expect((await runModule(here, 'copy', { dest: path, content: 'three\n' })).diff).toEqual([]);
    const denied = await runModule(here, 'copy', { dest: path, content: 'four\n', validate: 'false %s' });
    expect([denied.failed, denied.diff]).toEqual([true, []]);
  });

  test('a file that is replaced keeps its mode; a new one has what the umask leaves', async () => {
    await writeFile(join(here.work, 'old'), 'x');
    await chmod(join(here.work, 'old'), 0o751);
    await runModule(here, 'copy', { dest: 'old', content: 'y' });
    expect(await modeOf(join(here.work, 'old'))).toBe('751');
    const before = process.umask(0o027);
    try {
      await runModule(here, 'copy', { dest: 'new', content: 'y' });
    } finally {
      process.umask(before);
    }
    expect(await modeOf(join(here.work, 'new'))).toBe('640');
  });

  test('a file that cannot be put there leaves nothing behind', async () => {
    // What arrives is not what was sent.
    await program(here, 'cat', 'printf half');
    const failed = await runModule(here, 'copy', { dest: 'f', content: 'whole' });
    expect(failed).toMatchObject({ failed: true, msg: 'the content did not arrive whole' });
    expect(await readdir(here.work)).toEqual([]);
  });

  test('sentences', async () => {
    await mkdir(join(here.work, 'd'));
    expect((await runModule(here, 'copy', { dest: 'd', content: '' })).msg).toBe('can not use content with a dir as dest');
    expect((await runModule(here, 'copy', { dest: 'no/f', content: '' })).msg).toBe('Destination directory no does not exist');
    expect((await runModule(here, 'copy', { dest: 'f', content: '', owner: 'nobody-has-this-name' })).msg).toBe('chown failed: failed to look up user nobody-has-this-name');
    expect((await runModule(here, 'copy', { dest: 'f', content: '', group: 'nobody-has-this-name' })).msg).toBe('chgrp failed: failed to look up group nobody-has-this-name');
    expect(await readdir(here.work)).toEqual(['d']);
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot)(`owner, group and setuid in one task are there at once, and kept${isRoot ? '' : ' (skipped: only root may give files away)'}`, async () => {
    const task = { dest: 'f', content: 'x', owner: '12345', group: 'daemon', mode: '4755' };
    await runModule(here, 'copy', task);
    expect(await runModule(here, 'copy', task)).toMatchObject({ changed: false });
    const found = await stat(join(here.work, 'f'));
    expect([found.uid, (found.mode & 0o7777).toString(8)]).toEqual([12_345, '4755']);
    await runModule(here, 'copy', { dest: 'f', content: 'other' });
    const kept = await stat(join(here.work, 'f'));
    expect([kept.uid, kept.gid, (kept.mode & 0o7777).toString(8)]).toEqual([12_345, found.gid, '4755']);
    await chown(join(here.work, 'f'), 0, 0);
    expect(await runModule(here, 'file', { path: 'f', owner: '12345', mode: '4755' })).toMatchObject({ changed: true });
    expect(await runModule(here, 'file', { path: 'f', owner: '12345', mode: '4755' })).toMatchObject({ changed: false });
  });
});

test('copy: what a folder hides that may not be searched is not said to be new, in check mode either', async () => {
  await program(here, 'ls', `echo "ls: cannot access '$3': Permission denied" >&2; exit 2`);
  for (const check of [true, false]) expect(await runModule(here, 'copy', { dest: 'f', content: 'x' }, { check })).toMatchObject({ changed: false, failed: true, msg: 'Failed to get information on remote file (f): Permission denied', values: {} });
  expect((await runModule(here, 'copy', { dest: 'f', content: 'x' })).values).toEqual({});
});

test('a diff of a link that copy follows has the link\'s name, and touch tells none of a file that check mode does not make', async () => {
  await symlink('f', join(here.work, 'link'));
  await writeFile(join(here.work, 'f'), 'old\n');
  const { diff } = await runModule(here, 'copy', { dest: 'link', content: 'new\n', follow: true }, { diff: true });
  expect(diff).toMatchObject([{ before_header: 'link', after_header: 'link' }]);
  expect((await lstat(join(here.work, 'link'))).isSymbolicLink()).toBe(true);
  expect(await runModule(here, 'file', { path: 'made', state: 'touch' }, { check: true, diff: true })).not.toHaveProperty('diff');
  expect(await runModule(here, 'file', { path: 'made', state: 'touch' }, { diff: true })).toHaveProperty('diff');
});

test('file: the diff of a folder that goes says what goes with it, also when that is nothing', async () => {
  const gone = async (path: string) => (await runModule(here, 'file', { path, state: 'absent' }, { diff: true })).diff;
  await mkdir(join(here.work, 'full', 'in'), { recursive: true });
  await writeFile(join(here.work, 'full', 'text'), '');
  await mkdir(join(here.work, 'empty'));
  expect(await gone('full')).toEqual({ before: { path: 'full', state: 'directory', path_content: { directories: ['full/in'], files: ['full/text'] } }, after: { path: 'full', state: 'absent' } });
  expect(await gone('empty')).toEqual({ before: { path: 'empty', state: 'directory', path_content: { directories: [], files: [] } }, after: { path: 'empty', state: 'absent' } });
});

test('absent removes a link, not what it leads to', async () => {
  await mkdir(join(here.work, 'd/e'), { recursive: true });
  await symlink('d', join(here.work, 'l'));
  expect(await runModule(here, 'file', { path: 'l', state: 'absent' })).toMatchObject({ changed: true });
  expect(await readdir(here.work)).toEqual(['d']);
  expect(await readdir(join(here.work, 'd'))).toEqual(['e']);
});

test('the setgid of a folder goes when its mode has none, and stays when it has', async () => {
  await mkdir(join(here.work, 'd'));
  await chmod(join(here.work, 'd'), 0o2755);
  expect(await runModule(here, 'file', { path: 'd', state: 'directory', mode: '2755' })).toMatchObject({ changed: false });
  expect(await runModule(here, 'file', { path: 'd', state: 'directory', mode: '0755' })).toMatchObject({ changed: true, values: { mode: '0755' } });
  expect(await modeOf(join(here.work, 'd'))).toBe('755');
  await chmod(join(here.work, 'd'), 0o2755);
  expect(await runModule(here, 'file', { path: 'd', state: 'directory', mode: 'g-s' })).toMatchObject({ changed: true, values: { mode: '0755' } });
  expect(await modeOf(join(here.work, 'd'))).toBe('755');
});

test('copy on the host, into a folder that is not there: a slash at its end makes it, and it does not get the mode of the source', async () => {
  await mkdir(join(here.work, 'from/q'), { recursive: true });
  await writeFile(join(here.work, 'from/q/z'), 'z');
  await chmod(join(here.work, 'from/q'), 0o700);
  await chmod(join(here.work, 'from'), 0o700);
  const copy = (src: string, dest: string, more = {}) => runModule(here, 'copy', { src: join(here.work, src), dest: join(here.work, dest), remote_src: true, ...more });
  expect(await copy('from/', 'a/')).toMatchObject({ changed: true, values: { checksum: null, md5sum: null, mode: '0755' } });
  expect(await modeOf(join(here.work, 'a'))).toBe('755');
  expect(await modeOf(join(here.work, 'a/q'))).toBe('700');
  expect(await copy('from/', 'b')).toMatchObject({ values: { dest: join(here.work, 'b'), mode: '0700' } });
  expect(await copy('from', 'c/')).toMatchObject({ values: { dest: join(here.work, 'c/from'), mode: '0700' } });
  expect(await modeOf(join(here.work, 'c'))).toBe('755');
  expect(await copy('from/', 'd/', { directory_mode: '0711', mode: '0750' })).toMatchObject({ values: { mode: '0750' } });
  expect(await copy('from/', 'a/')).toMatchObject({ changed: false });
});

test('a folder where a dangling link leads', async () => {
  await symlink('to', join(here.work, 'l'));
  expect(await runModule(here, 'file', { path: 'l', state: 'directory' })).toMatchObject({ changed: true });
  expect(await readlink(join(here.work, 'l'))).toBe('to');
  expect((await stat(join(here.work, 'to'))).isDirectory()).toBe(true);
});

test('stat reads what stat prints in English, whatever the host speaks', async () => {
  await program(here, 'stat', '[ "$LC_ALL" = C ] || { echo type=Verzeichnis; exit; }\nexec /usr/bin/env -i LC_ALL=C /usr/bin/stat "$@"');
  expect((await runModule(here, 'stat', { path: here.work }, { env: { LC_ALL: 'de_DE.UTF-8' } })).values).toMatchObject({ stat: { isdir: true } });
});

test('an answer that stops halfway is a failure, with what was said', async () => {
  await program(here, 'mktemp', 'echo "disk on fire" >&2; kill -9 "$PPID"; exit 1');
  await expect(runModule(here, 'copy', { dest: 'f', content: 'x' })).rejects.toMatchObject({ code: 'module-answer', kind: 'host' });
});

test('stat and find tell a path in the order of Ansible, where it is the item of a loop, and times are floats', async () => {
  await writeFile(join(here.root, 'file'), 'x');
  await utimes(join(here.root, 'file'), 1_000_000_000.25, 1_000_000_000);
  const bits = ['mode', 'isdir', 'ischr', 'isblk', 'isreg', 'isfifo', 'islnk', 'issock', 'uid', 'gid', 'size', 'inode', 'dev', 'nlink', 'atime', 'mtime', 'ctime'];
  const rights = ['wusr', 'rusr', 'xusr', 'wgrp', 'rgrp', 'xgrp', 'woth', 'roth', 'xoth', 'isuid', 'isgid'];
  const told = (await runModule(here, 'stat', { path: join(here.root, 'file'), get_checksum: false, get_mime: false, get_attributes: false })).values?.stat as Record<string, unknown>;
  expect(Object.keys(told)).toEqual(['exists', 'path', ...bits, ...rights, 'blocks', 'block_size', 'device_type', 'readable', 'writeable', 'executable', 'pw_name', 'gr_name']);
  const { values } = await runModule(here, 'find', { paths: here.root, patterns: 'file' });
  const [found] = (values?.files ?? []) as Record<string, unknown>[];
  expect(Object.keys(found ?? {})).toEqual(['path', ...bits, 'gr_name', 'pw_name', ...rights]);
  for (const one of [told, found]) expect([String(one?.atime), String(one?.mtime)]).toEqual(['1000000000.25', '1000000000.0']);
});
