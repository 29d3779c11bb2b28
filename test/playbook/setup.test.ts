// playbooks/setup.yml: both engines accept it; its one big script, run by dash on hosts that are fake programs, names the right packages or says
// what is missing.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ansibleFacts } from '../../src/facts/ansible.js';
import { parseFacts } from '../../src/facts/gather.js';
import { HostFiles, renderFiles } from '../../src/facts/host-files.js';
import type { Playbook, Step, Task } from '../../src/playbook/playbook.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { Undefined } from '../../src/playbook/expression/undefined.js';
import { render } from '../../src/playbook/template.js';
import { type Bench, bench, program, runModule } from '../modules/run-module.js';
import { mayNotSkip, whyNoAnsible } from './engines.js';

const path = resolve(import.meta.dirname, '../../playbooks/setup.yml');
const skipReason = whyNoAnsible();
const playbook = await loadPlaybook(path);

const tasksOf = (steps: readonly Step[]): Task[] => steps.flatMap((step) => (step.kind === 'task' ? [step] : step.kind === 'block' ? tasksOf(step.tasks) : []));

/** The script of the task, rendered for a host with these variables. */
const scriptFor = (given: Playbook, vars: Readonly<Record<string, unknown>>): string => rendered(given, vars, 'Packages for the kernel, and space for them', 'cmd');

function rendered({ plays }: Playbook, vars: Readonly<Record<string, unknown>>, name: string, argument: string): string {
  const [play] = plays;
  const task = tasksOf(play?.tasks ?? []).find((one) => one.name === name);
  const cmd = task?.args[argument];
  if (play === undefined || cmd?.kind !== 'value') throw new Error('setup.yml has lost the task');
  const names = {
    get: (name: string): unknown => {
      if (Object.hasOwn(vars, name)) return vars[name];
      return Object.hasOwn(play.vars, name) ? render(play.vars[name], names) : new Undefined(`'${name}'`);
    },
  };
  return String(render(cmd.value, names));
}

test.skipIf(skipReason !== undefined && !mayNotSkip)(`ansible-playbook accepts it${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  for (const one of ['setup.yml', 'teardown.yml', 'prune.yml'].map((name) => path.replace('setup.yml', name))) expect(execFileSync('ansible-playbook', ['-i', 'localhost,', '--syntax-check', one], { encoding: 'utf8' })).toContain('playbook: ');
});

test.each([
  ['RedHat', 'Rocky Linux', /dnf install systemtap kernel-devel-\$\(uname -r\) 'dnf-command\(debuginfo-install\)', and dnf debuginfo-install kernel-\$\(uname -r\) .*subscription-manager/],
  ['Suse', 'SLES', /zypper install systemtap kernel-default-devel/],
  ['Archlinux', 'Archlinux', /linux-headers; debug symbols come from debuginfod/],
  ['Gentoo', 'Gentoo', /Install systemtap, and the headers and debug symbols of the running kernel, by hand/],
])('a distribution that setup does not know yet, %s: what to install by hand', (family, name, advice) => {
  const said = rendered(playbook, { ansible_distribution: name, ansible_distribution_version: '9', ansible_os_family: family }, 'The distribution is one that setup knows', 'fail_msg');
  expect(said).toMatch(new RegExp(`^${name} 9 is not supported yet: `));
  expect(said).toMatch(advice);
  expect(said).toMatch(/; capture works then\.$/);
});

test("the archive's address is made from a derivative's base, never from its own name", () => {
  const files = { '/etc/os-release': 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="19.1"\nVERSION_CODENAME=tessa\n' };
  const facts = ansibleFacts(parseFacts({ sections: new Map(), files: new HostFiles(renderFiles(files)) }));
  const vars = Object.fromEntries(Object.entries(facts).map(([name, value]) => [`ansible_${name}`, value]));
  expect(vars).toMatchObject({ ansible_distribution: 'Linux Mint', ansible_distribution_release: 'tessa' });
  const pockets = rendered(playbook, vars, "Ubuntu's debug symbols: pockets", 'cmd');
  expect(pockets).toContain('release=bionic\n');
  expect(pockets).not.toContain('tessa');
});

test("the key that comes along is that of Ubuntu's archive of debug symbols, and no other", async () => {
  const key = await readFile(resolve(path, '../files/ubuntu-dbgsym-keyring.gpg'));
  // RFC 4880: an old packet header with two bytes of length; its SHA-1 is the fingerprint. Then a user ID, a signature, and nothing more.
  const packets: number[] = [];
  for (let at = 0; at < key.length; ) {
    const [tag = 0, high = 0, low = 0] = key.subarray(at, at + 3);
    packets.push((tag >> 2) & 15);
    at += tag & 1 ? 3 + high * 256 + low : 2 + high;
  }
  expect(packets).toEqual([6, 13, 2]);
  expect(createHash('sha1').update(key.subarray(0, 3 + key.readUInt16BE(1))).digest('hex').toUpperCase()).toBe(render(playbook.plays[0]?.vars.ddebs_fingerprint, { get: (name) => new Undefined(name) }));
});

test('so does our loader', () => {
  expect(playbook.plays.map(({ name }) => name)).toEqual(['SystemTap and debug symbols']);
  expect(tasksOf(playbook.plays[0]?.tasks ?? []).map(({ module }) => module.name)).toEqual([
    // What stands in the way
    'assert', 'assert', 'shell', 'assert', 'shell',
    'shell', 'replace', 'apt', 'shell', 'apt', 'shell',
    // Ubuntu's debug symbols
    'shell', 'assert', 'shell', 'apt', 'stat', 'copy', 'shell', 'assert', 'copy', 'apt',
    // Packages that Debian's archive has no more
    'shell', 'shell', 'assert', 'copy', 'apt',
    // What compiling needs; whether it compiles
    'shell', 'assert', 'copy', 'shell', 'apt', 'shell', 'assert',
    // Symbols that Ubuntu's archive has no more
    'shell', 'shell', 'shell', 'assert', 'copy', 'apt', 'file',
    // Symbols: of another host, or downloaded
    'shell', 'fetch', 'file', 'copy', 'shell', 'file', 'shell', 'apt', 'shell',
  ]);
});

let here: Bench;
afterEach(() => rm(here.root, { recursive: true }));
/** What is installed (a line a name), what archives have (name, KiB installed, bytes to download), free space (mount point, KiB). */
const hostHas = async (installed: readonly string[], archives: readonly string[], free: readonly string[]) => {
  await Promise.all([['installed', installed], ['archives', archives], ['free', free]].map(([name, lines]) => writeFile(join(here.root, name as string), `${(lines as string[]).join('\n')}\n`)));
};
beforeEach(async () => {
  here = await bench();
  const { root } = here;
  await program(here, 'dpkg-query', `for p; do :; done; grep -qx "$p" ${root}/installed || { echo "no packages found matching $p" >&2; exit 1; }; case $* in *Version*) printf 'installed 1.0-1' ;; *) printf installed ;; esac`);
  await program(here, 'apt-cache', `verb=$1; for p; do :; done
line=$(grep "^$p " ${root}/archives) || { [ "$verb" = policy ] && grep -qx "known $p" ${root}/archives && printf '%s:\\n  Installed: (none)\\n  Candidate: (none)\\n' "$p"; exit 0; }
set -- $line
case $verb in
policy) printf '%s:\\n  Installed: (none)\\n  Candidate: 1.0-1\\n  Version table:\\n' "$1" ;;
show) printf 'Package: %s\\nInstalled-Size: %s\\nDescription: x\\nSize: %s\\n' "$1" "$2" "$3" ;;
esac`);
  // df -Pk PATH: the longest mount point that the path lies below.
  await program(here, 'df', `echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'
while read -r mount kib; do case $2/ in "$mount"*) echo "/dev/vda1 99 9 $kib 9% \${mount%/}" ;; esac; done < ${root}/free | tail -n 1`);
});

const R = '6.12.1-amd64';
const GIB = 1024 * 1024;
const DEBIAN = ['systemtap 6000 1500000', 'gcc 50 5000', 'make 1800 460000', `linux-headers-${R} 10000 1500000`, `linux-image-${R}-dbg 6000000 900000000`];
const ask = (vars: Readonly<Record<string, unknown>>) =>
  runModule(here, 'shell', { cmd: scriptFor(playbook, { ansible_kernel: R, ansible_distribution: 'Debian', ...vars }) });
const packages = ['systemtap', 'gcc', 'make'];

describe('the packages', () => {
  test.each([
    ['Debian', {}, DEBIAN, [...packages, `linux-headers-${R}`, `linux-image-${R}-dbg`]],
    ['Ubuntu, whose kernel is signed', { ansible_distribution: 'Ubuntu' }, [...DEBIAN, `linux-image-unsigned-${R}-dbgsym 1000 1000`, `linux-image-${R}-dbgsym 10 10`], [...packages, `linux-headers-${R}`, `linux-image-unsigned-${R}-dbgsym`]],
    ['Ubuntu, whose kernel is not', { ansible_distribution: 'Ubuntu' }, [...DEBIAN, `known linux-image-unsigned-${R}-dbgsym`, `linux-image-${R}-dbgsym 10 10`], [...packages, `linux-headers-${R}`, `linux-image-${R}-dbgsym`]],
    ['no symbols wanted', { fleet_tap_symbols: 'none' }, DEBIAN.filter((line) => !line.includes('-dbg')), [...packages, `linux-headers-${R}`]],
    [
      'a build host for two kernels',
      { fleet_tap_build_for: ['5.10.0-1', '6.1.0-2'] },
      [...DEBIAN, 'linux-headers-5.10.0-1 1 1', 'linux-headers-6.1.0-2 1 1', 'linux-image-5.10.0-1-dbg 1 1', 'linux-image-6.1.0-2-dbg 1 1'],
      [...packages, 'linux-headers-5.10.0-1', 'linux-image-5.10.0-1-dbg', 'linux-headers-6.1.0-2', 'linux-image-6.1.0-2-dbg'],
    ],
  ])('%s', async (_what, vars, archives, expected) => {
    await hostHas([], archives, [`/ ${20 * GIB}`]);
    const { values, failed } = await ask(vars);
    expect(values).toMatchObject({ rc: 0, stderr: '', stdout_lines: expected });
    expect(failed).toBeUndefined();
  });

  test('what is installed needs no archive, and no space', async () => {
    const all = [...packages, `linux-headers-${R}`, `linux-image-${R}-dbg`];
    await hostHas(all, [], ['/ 0']);
    expect((await ask({})).values).toMatchObject({ rc: 0, stderr: '', stdout_lines: all.map((name) => `there ${name}`) });
  });

  test('a release that is not a word is one package name, and no command', async () => {
    await hostHas([], DEBIAN, [`/ ${20 * GIB}`]);
    const { values } = await ask({ ansible_kernel: `$(touch\${IFS}${here.work}/ran)'` });
    expect(values).toMatchObject({ rc: 1 });
    expect((await runModule(here, 'stat', { path: 'ran' })).values).toEqual({ stat: { exists: false } });
  });
});

const linesOf = (values: Readonly<Record<string, unknown>> | undefined): readonly string[] => (values?.stderr_lines ?? []) as string[];

describe('what is missing, in one sentence', () => {
  const without = (part: string) => DEBIAN.filter((line) => !line.startsWith(part));
  test.each([
    ['headers', {}, without('linux-headers'), [`/ ${20 * GIB}`], `no archive of this host has the headers of kernel ${R} (linux-headers-${R}): `],
    ['symbols', {}, without('linux-image'), [`/ ${20 * GIB}`], `no archive of this host has the debug symbols of kernel ${R} (linux-image-${R}-dbg): `],
    ['symbols on Ubuntu', { ansible_distribution: 'Ubuntu' }, DEBIAN, [`/ ${20 * GIB}`], `has the debug symbols of kernel ${R} (linux-image-unsigned-${R}-dbgsym linux-image-${R}-dbgsym): `],
    ['systemtap', {}, without('systemtap'), [`/ ${20 * GIB}`], 'no archive of this host has the package systemtap: '],
    ['space, everything on one file system', {}, DEBIAN, [`/ ${2 * GIB}`], 'MiB are needed in /usr and /usr/lib/debug and /var/cache/apt/archives, 2048 MiB are free there.'],
    ['space below /usr only', {}, DEBIAN, ['/ 99999999', `/usr/ ${1 * GIB}`, '/var/ 99999999'], 'MiB are needed in /usr and /usr/lib/debug, 1024 MiB are free there.'],
    ['space for the downloads', {}, DEBIAN, [`/ ${20 * GIB}`, '/var/ 1024'], 'MiB are needed in /var/cache/apt/archives, 1 MiB are free there.'],
  ])('%s', async (_what, vars, archives, free, expected) => {
    await hostHas([], archives, free);
    const { values } = await ask(vars);
    expect(values).toMatchObject({ rc: 1 });
    expect(linesOf(values).length, String(values?.stderr)).toBe(1);
    expect(values?.stderr).toContain(expected);
  });

  test('symbols of the loadable modules too need more space', async () => {
    await hostHas([], DEBIAN, [`/ ${4 * GIB}`]);
    expect((await ask({})).values).toMatchObject({ rc: 0, stderr: '' });
    expect((await ask({ fleet_tap_symbols_full: true })).values).toMatchObject({ rc: 1 });
  });

  test('two things are two sentences', async () => {
    await hostHas([], [...without('linux-').filter((line) => !line.startsWith('systemtap'))], [`/ ${20 * GIB}`]);
    const { values } = await ask({});
    expect(linesOf(values).map((line) => /the (headers|debug symbols|package)/.exec(line)?.[1])).toEqual(['package', 'headers', 'debug symbols']);
  });
});

describe('what stands in the way, before anything is touched', () => {
  const OBSTACLES = 'Nothing stands in the way (while another program holds apt\'s lock, this waits)';
  /** A host as its programs show it; files by path. */
  const hostShows = async ({ kernel = R, machine = 'x86_64', deb = 'amd64', container = 'none', files = {}, modules = true, half = '', aheadSeconds = 0, first = false }: { first?: boolean; kernel?: string; machine?: string; deb?: string; container?: string; files?: Readonly<Record<string, string>>; modules?: boolean; half?: string; aheadSeconds?: number } = {}) => {
    await program(here, 'uname', `case $1 in -r) echo '${kernel}' ;; -m) echo ${machine} ;; esac`);
    await program(here, 'dpkg', `echo ${deb}`);
    await program(here, 'dpkg-query', `printf '${half}'`);
    await program(here, 'readlink', `echo 'pid:[${first ? 4026531836 : 4026532001}]'`);
    await program(here, 'systemd-detect-virt', `echo ${container}; [ ${container} != none ]`);
    await program(here, 'cat', `case $1 in\n${Object.entries(files).map(([path, text]) => `${path}) echo '${text}' ;;`).join('\n')}\n*) exit 1 ;;\nesac`);
await program(here, 'ls', `case $* in *updates*) ;; *) ${modules ? 'echo /proc/modules' : 'exit 2'} ;; esac`);
    await program(here, 'date', `echo $(($(/bin/date +%s) + ${aheadSeconds}))`);
    // Nobody holds a lock here.
    await program(here, 'find', 'exit 0');
  };
  const look = async (vars: Readonly<Record<string, unknown>> = {}) => {
    const { values } = await runModule(here, 'shell', { cmd: rendered(playbook, vars, OBSTACLES, 'cmd') });
    return { rc: values?.rc, said: linesOf(values), out: values?.stdout };
  };

  test('nothing', async () => {
    await hostShows();
    await hostHas([], ['systemtap-runtime 1 1'], []);
    expect(await look()).toEqual({ rc: 0, said: [], out: '' });
  });

  test('package lists that are not there are told, however fresh their folder is', async () => {
    await hostShows();
    await hostHas([], [], []);
    expect(await look()).toEqual({ rc: 0, said: [], out: 'no lists' });
  });

  test.each([
    ['a container', { container: 'lxc' }, 'this is a container (lxc): a kernel module would go into the kernel of the machine that runs it.'],
    ['WSL', { kernel: '5.15.167.4-microsoft-standard-WSL2', container: 'wsl' }, "this is WSL: its kernel is Microsoft's"],
    ['modules that are disabled', { files: { '/proc/sys/kernel/modules_disabled': '1' } }, 'kernel.modules_disabled is 1: '],
    ['Secure Boot with lockdown', { files: { '/sys/kernel/security/lockdown': 'none [integrity] confidentiality' } }, `kernel ${R} takes signed kernel modules only (lockdown=integrity). No tool can change that over SSH`],
    ['enforced signatures', { files: { '/sys/module/module/parameters/sig_enforce': 'Y' } }, "(module.sig_enforce=Y). No tool can change that over SSH, somebody has to be at the console once: 'mokutil --disable-validation'"],
    ['securelevel', { files: { '/sys/kernel/security/securelevel': '1' } }, '(securelevel=1)'],
    ['FIPS', { files: { '/proc/sys/crypto/fips_enabled': '1' } }, 'the kernel runs in FIPS mode'],
    ['a 32-bit system on a 64-bit kernel', { machine: 'aarch64', deb: 'armhf' }, 'the kernel is one for aarch64, the packages are for armhf: '],
    ['an architecture without SystemTap', { machine: 'sparc64', deb: 'sparc64' }, 'SystemTap has no packages for sparc64 (sparc64)'],
    ['a clock that is behind', { aheadSeconds: -3 * 86_400 - 60 }, "this host's clock is 3 days behind ours: "],
    ['a clock that is ahead', { aheadSeconds: 400 * 86_400 + 60 }, "this host's clock is 400 days ahead of ours: "],
    ['an installation that was interrupted', { half: 'iU |nginx\\nii |dash\\niFR|nginx-common\\n' }, 'an earlier installation was interrupted halfway : nginx nginx-common. Run'],
  ])('%s', async (_what, shown, expected) => {
    await hostShows(shown);
    const { rc, said } = await look();
    expect(said).toEqual([expect.stringContaining(expected)]);
    expect(rc).toBe(1);
  });

  test('a kernel without loadable modules', async () => {
    await hostShows({ modules: false });
    expect((await look()).said).toEqual([expect.stringContaining(`kernel ${R} is built without loadable modules`)]);
  });

  test("a machine that was made from a container's image is none", async () => {
    await hostShows({ container: 'docker', first: true });
    expect(await look()).toMatchObject({ rc: 0, said: [] });
  });

  test('a build host loads nothing: what forbids kernel modules there is no obstacle', async () => {
    await hostShows({ container: 'docker', files: { '/sys/kernel/security/lockdown': '[confidentiality]' }, modules: false });
    expect(await look({ fleet_tap_build_for: [R] })).toMatchObject({ rc: 0, said: [] });
  });
});
