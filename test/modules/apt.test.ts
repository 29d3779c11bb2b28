// apt under dash, with programs of apt and dpkg that are files of the test: what is asked of them, and what their answers become.
import { apt } from '../../src/modules/apt.js';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseYaml } from '../../src/base/yaml.js';
import { plainValue } from '../../src/base/yaml-value.js';
import { explainApt } from '../../src/modules/apt-errors.js';
import { packageModule } from '../../src/modules/package.js';
import { type Bench, bench, program, runModule } from './run-module.js';

const NOW = 2_000_000_000;
let here: Bench;

/** What the fake programs read and write, as files in the root. */
const put = (name: string, text: string) => writeFile(join(here.root, name), text);
const calls = async () => (await readFile(join(here.root, 'calls'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
const counted = (upgraded: number, installed: number, removed: number) =>
  `Reading package lists...\nReading state information...\nThe following packages change:\n  x\n${upgraded} upgraded, ${installed} newly installed, ${removed} to remove and 3 not upgraded.\n`;

beforeEach(async () => {
  here = await bench();
  await put('packages', 'gcc amd64 installed 4:14.2\nold amd64 config-files 1.0\nlibc6 amd64 installed 2.41+b1~x\nlibc6 i386 installed 2.41+b1~x\n');
  await put('said', counted(0, 1, 0));
  await put('stamp', String(NOW - 7200));
  await put('status', '0');
  const root = here.root;
  await program(here, 'dpkg-query', `[ "$1 $2" = '-W -f' ] || exit 2
format=$3; shift 3; for p; do
  case $p in *:*) p="\${p%:*} \${p#*:}" ;; esac
  grep "^$p " ${root}/packages
done | while read -r name arch status version; do
  case $format in '\${db'*) printf '%s %s' "$status" "$version"; continue ;; esac
  printf '|%s|%s|%s|\\n|%s:%s|%s|%s|\\n' "$name" "$status" "$version" "$name" "$arch" "$status" "$version"
done; exit 1`);
  await program(here, 'apt-get', `echo "apt-get $*" >> ${root}/calls
if [ -s ${root}/locked ]; then cat ${root}/locked >&2; : > ${root}/locked; exit 100; fi
case "$*" in *update) [ ! -e ${root}/fresh ] || cp ${root}/fresh ${root}/stamp ;; esac
[ ! -e ${root}/warned ] || cat ${root}/warned >&2
cat ${root}/said; exit "$(cat ${root}/status)"`);
  await program(here, 'apt-cache', `[ "$1" = madison ] && printf '%s\\n' ' gcc | 4:14.10 | archive' ' gcc | 4:14.9 | archive' ' gcc | 4:15.1 | archive'`);
  await program(here, 'apt-mark', `echo "apt-mark $*" >> ${root}/calls`);
  await program(here, 'stat', `case $* in *periodic*) exit 1 ;; *lists) cat ${root}/stamp ;; *) exit 2 ;; esac`);
  await program(here, 'date', `echo ${NOW}`);
  await put('automatic', '');
  await program(here, 'awk', `cat ${root}/automatic`);
  await program(here, 'sleep', `echo "sleep $*" >> ${root}/calls`);
});
afterEach(() => rm(here.root, { recursive: true }));

const OPTIONS = '-q -y -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold';

describe('present, latest, absent', () => {
  test.each([
    ['what is there is left alone', { name: 'gcc' }, [], false],
    ['by its architecture', { name: ['libc6:i386'] }, [], false],
    ['in its version', { name: 'libc6=2.41+b1~x' }, [], false],
    ['in another version', { name: 'gcc=4:15' }, [`apt-get ${OPTIONS} install -- gcc=4:15`, 'apt-mark manual -- gcc'], true],
    ['in a version with wildcards: a newer one that matches', { name: 'gcc=4:14.*' }, [`apt-get ${OPTIONS} install -- gcc=4:14.10`, 'apt-mark manual -- gcc'], true],
    ['in a version with wildcards: none is newer', { name: 'gcc=4:14.2*', state: 'latest' }, [], false],
    ['absent, in a version with wildcards', { name: 'gcc=4:14.*', state: 'absent' }, [`apt-get ${OPTIONS} remove -- gcc=4:14.*`], true],
    ['absent, in a version with wildcards that is not there', { name: 'gcc=4:15.*', state: 'absent' }, [], false],
    ['only what is missing', { name: 'gcc, make,old' }, [`apt-get ${OPTIONS} install -- make old`, 'apt-mark manual -- gcc make old'], true],
    ['a name that is part of another', { name: ['gc', 'gcc'] }, [`apt-get ${OPTIONS} install -- gc`, 'apt-mark manual -- gc gcc'], true],
    ['without what is only recommended', { name: 'make', install_recommends: false }, [`apt-get ${OPTIONS} -oAPT::Install-Recommends=no install -- make`, 'apt-mark manual -- make'], true],
    ['latest asks apt-get for all', { name: ['gcc', 'make'], state: 'latest' }, [`apt-get ${OPTIONS} install -- gcc make`, 'apt-mark manual -- gcc make'], true],
    ['absent, what is there', { name: ['gcc', 'make', 'old'], state: 'absent' }, [`apt-get ${OPTIONS} remove -- gcc`], true],
    ['absent with its configuration', { name: ['gcc', 'make', 'old'], state: 'absent', purge: true }, [`apt-get ${OPTIONS} purge -- gcc old`], true],
    ['absent already', { name: 'make', state: 'absent' }, [], false],
    ['another lock_timeout', { name: 'make', lock_timeout: 5 }, [`apt-get ${OPTIONS.replace('60', '5')} install -- make`, 'apt-mark manual -- make'], true],
    ['no name at all', { name: ['', ''] }, [], false],
  ] as const)('%s', async (_what, params, expected, changed) => {
    const result = await runModule(here, 'apt', params);
    expect(await calls()).toEqual(expected);
    expect(result).toMatchObject({ changed });
    expect(result.failed).toBeUndefined();
  });

  test.each([
    ['present', { name: ['gcc', 'libc6:i386'] }, {}, ['apt-mark manual -- gcc libc6:i386'], 'libc6\n'],
    ['none of them came by itself', { name: ['gcc'] }, {}, [], 'gcc-14\nlibc6\n'],
    ['check mode', { name: ['gcc'] }, { check: true }, [], 'gcc\n'],
    ['absent', { name: ['make'], state: 'absent' }, {}, [], 'make\n'],
  ] as const)('what is there because others need it is wanted for itself now, and nothing has changed: %s', async (_what, params, context, expected, automatic) => {
    await put('automatic', automatic);
    expect(await runModule(here, 'apt', params, context)).toMatchObject({ changed: false });
    expect(await calls()).toEqual(expected);
  });

  test('changed is what apt-get counts', async () => {
    for (const [said, changed] of [[counted(0, 0, 0), false], [counted(1, 0, 0), true], [counted(0, 0, 2), true], ['0 upgraded, 0 newly installed, 0 downgraded, 0 to remove and 0 not upgraded.\n', false]] as const) {
      await put('said', said);
      expect((await runModule(here, 'apt', { name: 'gcc', state: 'latest' })).changed, said).toBe(changed);
    }
  });

  test('check mode asks for a simulation, and diff shows what apt-get would do', async () => {
    const result = await runModule(here, 'apt', { name: 'make' }, { check: true, diff: true });
    expect(await calls()).toEqual([`apt-get ${OPTIONS} -s install -- make`]);
    expect(result).toMatchObject({ changed: true, diff: { prepared: 'The following packages change:\n  x\n0 upgraded, 1 newly installed, 0 to remove and 3 not upgraded.' } });
    expect((await runModule(here, 'apt', { name: 'make' }, { check: true })).diff).toEqual({});
    expect((await runModule(here, 'apt', { upgrade: 'dist' }, { check: true })).diff).toEqual({});
  });

  test.each(['linux_x', '-o', 'a b', 'Gcc', 'x=$(id)', "x'"])('%s is not the name of a package', async (name) => {
    await expect(runModule(here, 'apt', { name: [name] })).rejects.toThrow(`"${name}" is not the name of a package`);
    expect(await calls()).toEqual([]);
  });

  test('a comma inside of a template parts no names; what a name is shows when it is known', () => {
    expect(apt.checkWritten?.({ name: "{{ found | reject('match', 'linux ') | list }}" })).toBeUndefined();
    expect(apt.checkWritten?.({ name: 'gcc, Make' })).toMatchObject({ message: '"Make" is not the name of a package' });
  });
});

describe('package', () => {
  test('a name that only other systems have is no mistake of the playbook: a host that reaches it fails', async () => {
    expect(packageModule.checkWritten?.({ name: ['gcc', 'libXpm-devel', '@development'] })).toBeUndefined();
    expect(packageModule.checkWritten?.({})).toMatchObject({ message: expect.stringContaining('one of the following is required') });
    expect(await runModule(here, 'package', { name: ['gcc', 'libXpm-devel'] })).toMatchObject({ changed: false, failed: true, msg: "No package matching 'libXpm-devel' is available" });
    expect(await runModule(here, 'package', { name: ['libXpm-devel'], state: 'absent' })).toMatchObject({ changed: false });
    expect(await runModule(here, 'package', { name: ['gcc'], oldpackage: true, allowerasing: true })).toMatchObject({ changed: false, failed: true, msg: 'Unsupported parameters for (apt) module: allowerasing, oldpackage' });
    expect(await calls()).toEqual([]);
  });
});

describe('package lists', () => {
  const update = `apt-get ${OPTIONS} update`;
  test.each([
    ['older than allowed', { cache_valid_time: 3600 }, true],
    ['fresh enough', { cache_valid_time: 7201 }, false],
    ['fresh enough to the second', { update_cache: true, cache_valid_time: 7200 }, false],
    ['always, when no age is allowed', { update_cache: true }, true],
    ['not asked for', { update_cache: false }, false],
  ] as const)('%s', async (_what, params, updates) => {
    await put('fresh', String(NOW));
    const result = await runModule(here, 'apt', params);
    expect(await calls()).toEqual(updates ? [update] : []);
    expect(result).toMatchObject({ changed: updates, values: { cache_updated: updates, cache_update_time: updates ? NOW : NOW - 7200 } });
  });

  test('lists that were up to date are no change', async () => {
    expect(await runModule(here, 'apt', { update_cache: true })).toMatchObject({ changed: false, values: { cache_updated: false } });
  });

  test('new lists are no change of the packages', async () => {
    await put('fresh', String(NOW));
    expect(await runModule(here, 'apt', { name: 'gcc', update_cache: true })).toMatchObject({ changed: false, values: { cache_updated: true } });
    expect(await calls()).toEqual([update]);
  });

  test('check mode updates nothing', async () => {
    expect(await runModule(here, 'apt', { update_cache: true }, { check: true })).toMatchObject({ changed: true });
    expect(await calls()).toEqual([]);
  });

  test('an archive that does not answer is a failure, although apt-get says 0', async () => {
    await put('said', "Err:1 http://deb.example trixie InRelease\n  Could not resolve 'deb.example'\nW: Failed to fetch http://deb.example/dists/trixie/InRelease  Could not resolve 'deb.example'\nW: Some index files failed to download. They have been ignored, or old ones used instead.\n");
    expect(await runModule(here, 'apt', { name: 'make', update_cache: true, update_cache_retries: 1 })).toMatchObject({
      failed: true,
      changed: false,
      msg: 'the package lists could not be updated: the host cannot find the address of the archive deb.example',
    });
    expect(await calls()).toEqual([update]);
  });
});

describe('failures', () => {
  test('the words of apt become a sentence; the words themselves are registered', async () => {
    await put('said', 'Reading package lists...\nE: Unable to locate package make\n');
    await put('status', '100');
    expect(await runModule(here, 'apt', { name: 'make' })).toMatchObject({
      failed: true,
      msg: "No package matching 'make' is available",
      said: 'could not install make: apt knows no package make',
    });
    expect(await calls()).toHaveLength(1);
  });

  test('a package that others name and no archive has', async () => {
    await put('said', "Package make is not available, but is referred to by another package.\nThis may mean that the package is missing\n\nE: Package 'make' has no installation candidate\n");
    await put('status', '100');
    expect(await runModule(here, 'apt', { name: 'make' })).toEqual({
      changed: false,
      failed: true,
      msg: "No package matching 'make' is available",
      said: 'could not install make: no archive that apt knows has the package make',
      hint: 'look at `apt-cache policy` for it on the host',
    });
  });

  test('a lock is waited for', async () => {
    await put('locked', 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)\n');
    expect(await runModule(here, 'apt', { name: 'make' })).toMatchObject({ changed: true });
    expect((await calls()).map((call) => call.split(' ')[0])).toEqual(['apt-get', 'sleep', 'apt-get', 'apt-mark']);
  });

  test('a lock that is refused is not waited for', async () => {
    await put('said', 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n');
    await put('status', '100');
    expect(await runModule(here, 'apt', { name: 'make' })).toMatchObject({ failed: true, msg: 'could not install make: packages need root' });
    expect(await calls()).toHaveLength(1);
  });

  test('but not longer than lock_timeout', async () => {
    await put('locked', 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)\n');
    expect(await runModule(here, 'apt', { name: 'make', lock_timeout: 0 })).toMatchObject({
      failed: true,
      msg: "could not install make: another program (apt-get, process 7) holds apt's lock /var/lib/apt/lists/lock",
    });
    expect(await calls()).toHaveLength(1);
  });

  test('a host without apt-get', async () => {
    await rm(join(here.bin, 'apt-get'));
    for (const tool of ['sed', 'head']) await symlink(`/usr/bin/${tool}`, join(here.bin, tool));
    const result = await runModule(here, 'apt', { name: 'make' }, { onlyBench: true });
    expect(result).toMatchObject({ failed: true, msg: 'this host has no apt-get' });
  });
});

const path = join(import.meta.dirname, '../cases/modules/apt-errors.yml');
const file = parseYaml(await readFile(path, 'utf8'), path);
const errors = plainValue(file, file.root) as readonly { readonly name: string; readonly said: string; readonly expected: string }[];
test.each(errors.map(({ name, said, expected }) => [name, said, expected] as const))('apt says: %s', (_name, said, expected) => {
  const { message, hint } = explainApt(said, 'install', ['nginx']);
  expect(`${message}${hint === undefined ? '' : ` … ${hint}`}`).toBe(`could not install nginx: ${expected}`);
});

test('what nobody has foreseen is shown as it is, without control characters', () => {
  expect(explainApt('Reading...\nE: Something \u001b[31mnew\n', 'remove', ['a', 'b'])).toEqual({ message: 'could not remove a, b; apt said: E: Something \\x1b[31mnew' });
  expect(explainApt('1\n2\n3\n4\n', 'update', [])).toEqual({ message: 'the package lists could not be updated; apt said: 2\n3\n4' });
});

describe('what is registered', () => {
  test('what apt-get warns of is on standard error; where it fails, behind what it printed', async () => {
    await put('warned', 'W: one\nW: two\n');
    expect((await runModule(here, 'apt', { upgrade: 'dist' })).values).toEqual({ stdout: counted(0, 1, 0), stdout_lines: counted(0, 1, 0).trimEnd().split('\n'), stderr: 'W: one\nW: two\n', stderr_lines: ['W: one', 'W: two'] });
    await put('status', '100');
    expect((await runModule(here, 'apt', { name: 'make' })).values).toMatchObject({ stdout: `${counted(0, 1, 0)}W: one\nW: two\n`, stderr: '' });
  });

  const lists = { cache_updated: false, cache_update_time: NOW - 7200 };
  const said = { stdout: counted(0, 1, 0), stdout_lines: counted(0, 1, 0).trimEnd().split('\n'), stderr: '', stderr_lines: [] };
  test.each([
    ['nothing to install', { name: 'gcc' }, lists],
    ['installed', { name: 'make' }, { ...lists, ...said }],
    ['nothing to remove', { name: 'make', state: 'absent' }, {}],
    ['no name to remove', { name: [], state: 'absent' }, {}],
    ['no name to remove, with lists', { name: [], state: 'absent', update_cache: true, cache_valid_time: 86_400 }, lists],
    ['removed', { name: 'gcc', state: 'absent' }, said],
    ['upgraded', { upgrade: 'dist' }, said],
    ['cleaned up', { autoremove: true }, said],
  ] as const)('%s', async (_what, params, expected) => {
    expect((await runModule(here, 'apt', params)).values).toEqual(expected);
  });

  test.each([
    ['one that is here', 'Versions: \n\nReverse Depends: \n  x,cc\nDependencies: \nProvides: \nReverse Provides: \ngcc 4:14.2 (= 4:14.2)\ngcc 4:13 (= 4:13)\n', []],
    ['one that is not here', 'Versions: \n\nReverse Depends: \nReverse Provides: \ntcc 1 (= 1)\n', ['cc']],
    ['two', 'Versions: \n\nReverse Depends: \nReverse Provides: \ngcc 4:14.2 (= 1)\ntcc 1 (= 1)\n', ['cc']],
    ['a package has that name', 'Versions: \n1 (/lists)\n Description Language: \n\n\nReverse Depends: \nReverse Provides: \ngcc 4:14.2 (= 1)\n', ['cc']],
  ] as const)('a name that is provided: %s', async (_what, shown, asked) => {
    await put('shown', `Package: cc\n${shown}Package: make\nVersions: \n1 (/lists)\n\nReverse Depends: \nReverse Provides: \n`);
    await program(here, 'apt-cache', `[ "$*" = 'showpkg cc make' ] && cat ${here.root}/shown`);
    expect(await runModule(here, 'apt', { name: ['cc', 'make'] })).toMatchObject({ changed: true });
    expect((await calls())[0]).toBe(`apt-get ${OPTIONS} install -- ${[...asked, 'make'].join(' ')}`);
  });

  test('of nothing but such a name apt-get is not asked', async () => {
    await put('shown', 'Package: cc\nVersions: \n\nReverse Depends: \nReverse Provides: \ngcc 4:14.2 (= 1)\n');
    await program(here, 'apt-cache', `cat ${here.root}/shown`);
    expect(await runModule(here, 'apt', { name: 'cc' })).toMatchObject({ changed: false, values: lists });
    expect(await calls()).toEqual([]);
  });

  test('where lists are asked for, nothing is cleaned up; of autoclean and autoremove only the first is done', async () => {
    await runModule(here, 'apt', { update_cache: true, cache_valid_time: 86_400, autoremove: true });
    await runModule(here, 'apt', { update_cache: true, clean: true });
    await runModule(here, 'apt', { autoclean: true, autoremove: true });
    expect(await calls()).toEqual([`apt-get ${OPTIONS} clean`, `apt-get ${OPTIONS} autoclean`]);
  });
});
