// A Debian 13 with nothing but Debian's own Node (20.19) and npm: no compiler. The packed file is installed there as a person does it, and
// tried. Needs no machine of the lab; its root filesystem is made once (two minutes) and kept in the lab's folder, what is done there goes with the test.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { $ } from 'zx/core';
import { sourcesFor } from './apt-sources.js';
import { LAB_DIR, PROJECT_DIR } from './places.js';

const ROOT = join(LAB_DIR, 'npm-root');
/** A tmpfs above the root: $1 it, $2 a folder, $3 the packed file, $4 certificates, $5 what to run. */
const INSIDE = `set -e
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
mount -t proc proc "$2/root/proc"
mount --rbind /dev "$2/root/dev"
cp -L /etc/resolv.conf "$2/root/etc/resolv.conf"
cp "$3" "$2/root/root/"
cp "$4" "$2/root/root/certificates"
exec chroot "$2/root" sh -c "cd /root; $5"
`;
const SETTINGS = ['registry', 'proxy', 'https-proxy', 'noproxy'];

let folder = '';
let tarball = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-npm-'));
  const [packed] = JSON.parse((await $({ cwd: PROJECT_DIR })`npm pack --json --pack-destination ${folder}`.quiet()).stdout.replace(/^[^[]*/, '')) as { filename: string }[];
  tarball = join(folder, packed?.filename ?? '');
  if (existsSync(ROOT)) return;
  await mkdir(LAB_DIR, { recursive: true });
  const list = join(LAB_DIR, 'npm-root.list');
  await writeFile(list, await sourcesFor('trixie'));
  await rm(`${ROOT}.making`, { recursive: true, force: true });
  await $`mmdebstrap --mode=root --variant=minbase ${'--aptopt=APT::Install-Recommends "false"'} --dpkgopt=force-unsafe-io --include=nodejs,npm,ca-certificates,man-db trixie ${ROOT}.making ${list} > ${ROOT}.log 2>&1`;
  await rename(`${ROOT}.making`, ROOT);
}, 900_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command where the package is installed. The way to npm's registry is this machine's. */
async function inside(command: string): Promise<string> {
  const settings = JSON.parse((await $`npm config list --json`.quiet()).stdout) as Record<string, unknown>;
  const env = Object.fromEntries(SETTINGS.flatMap((name) => (typeof settings[name] === 'string' ? [[`npm_config_${name.replace('-', '_')}`, settings[name]]] : [])));
  const certificates = typeof settings.cafile === 'string' ? settings.cafile : '/etc/ssl/certs/ca-certificates.crt';
  const own = await mkdtemp(join(folder, 'root-'));
  const script = `npm install --global --no-audit --no-fund ${basename(tarball)} >&2 && ${command}`;
  const words = ['--mount', '--propagation', 'private', 'sh', '-c', INSIDE, 'sh', ROOT, own, tarball, certificates, script];
  const all = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8', npm_config_cafile: '/root/certificates', ...env };
  return (await $({ env: all as NodeJS.ProcessEnv })`unshare ${words}`.quiet()).stdout;
}

it('is what Debian has: Node 20.19 and npm, and nothing to compile with', async () => {
  expect((await $`chroot ${ROOT} node --version`.quiet()).stdout).toMatch(/^v20\.19\./);
  expect((await $`chroot ${ROOT} sh -c ${'for name in cc gcc c++ g++ make; do command -v $name; done; true'}`.quiet()).stdout).toBe('');
});

it('npm i -g, then: version, demo, completion of commands, hosts and groups, the man page', async () => {
  const { version } = JSON.parse(await readFile(join(PROJECT_DIR, 'package.json'), 'utf8')) as { version: string };
  const inventory = 'all: {children: {web: {hosts: {web01: , web02: }}, db: {hosts: {db01: }}}}';
  const complete = (...words: string[]) =>
    `bash -c 'source <(fleet-tap completion bash); COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; COMP_LINE="${words.join(' ')}"; COMP_POINT=\${#COMP_LINE}; _fleet_tap; echo "\${COMPREPLY[@]}"'`;
  const said = await inside(
    [
      'fleet-tap --version',
      'fleet-tap demo --for 2s > demo.log 2> demo.err',
      'wc -l < demo.log',
      'tail -n 1 demo.err',
      `echo '${inventory}' > fleet.yml`,
      complete('fleet-tap', 'cap'),
      complete('fleet-tap', 'capture', '-i', 'fleet.yml', '-l', 'w'),
      'MANPAGER=cat man fleet-tap',
    ].join(' && '),
  );
  const [ofVersion = '', lines = '', last = '', commands = '', hosts = '', ...manual] = said.split('\n');
  expect(ofVersion).toBe(version);
  expect(Number(lines)).toBeGreaterThan(10);
  expect(last).toContain('fleet-tap setup -i inventory.yml');
  expect(commands.trim()).toBe('capture');
  expect(hosts.trim().split(' ')).toEqual(['web', 'web01', 'web02']);
  for (const name of ['setup', 'capture', 'report', 'teardown']) expect(manual.join('\n')).toMatch(new RegExp(`^ +${name} `, 'm'));
});
