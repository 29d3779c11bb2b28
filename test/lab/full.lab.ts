// `npm run test:lab -- --full`: one machine the literal way, as DESIGN section 5's default asks: SystemTap, headers and the kernel's debug
// symbols installed on it by its own apt, and the script compiled on it. 12 minutes under emulation.
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { captureTraffic, leftovers } from './captured.js';
import { CACHE_HOME, fleetTap } from './fleet-tap.js';
import { down, up } from './lab.js';
import { difference, linkPackets } from './oracle.js';
import { KEY_FILE, KNOWN_HOSTS_FILE, LAB_DIR, machineNamed, PROJECT_DIR } from './places.js';
import { remote } from './remote.js';

const HOURS_MS = 3_600_000;
const HOST = 'lab-a';
const INVENTORY = join(LAB_DIR, 'run', 'literal.yml');

beforeAll(async () => {
  execFileSync('npm', ['run', 'build'], { cwd: PROJECT_DIR, stdio: 'inherit' });
  await down();
  await rm(CACHE_HOME, { recursive: true, force: true });
  await up({ skewSeconds: new Map(), freshBuildHosts: false, say: (line) => console.error(line) });
  const { address, port } = machineNamed(HOST);
  const vars = { ansible_user: 'root', ansible_ssh_private_key_file: KEY_FILE, ansible_ssh_common_args: `-o UserKnownHostsFile=${KNOWN_HOSTS_FILE}` };
  await writeFile(INVENTORY, stringify({ all: { vars, hosts: { [HOST]: { ansible_host: address, ansible_port: port } } } }));
});

it('installs SystemTap, headers and debug symbols on the host itself', { timeout: 2 * HOURS_MS }, async () => {
  const setup = await fleetTap(['setup', '-i', INVENTORY]);
  expect(setup.status, setup.stdout + setup.stderr).toBe(0);
  expect(setup.stdout).toContain(`ready: ${HOST}`);
  console.error(setup.stderr, setup.stdout);
  console.error(await remote(machineNamed(HOST), 'stap --version 2>&1 | head -1; ls -l /usr/lib/debug/boot; df -h / | tail -1'));
});

it('changes nothing the second time', { timeout: HOURS_MS }, async () => {
  const setup = await fleetTap(['setup', '-i', INVENTORY]);
  expect(setup.status, setup.stdout + setup.stderr).toBe(0);
  expect(setup.stdout).toMatch(/^lab-a .* changed=0 /m);
});

it('compiles on the host and shows exactly what it received', { timeout: 2 * HOURS_MS }, async () => {
  const startedMs = performance.now();
  const { finished, log, dump } = await captureTraffic(INVENTORY, [HOST], []);
  console.error(`${((performance.now() - startedMs) / 1000).toFixed(0)} s\n${finished.stderr}`);
  expect(finished.status, finished.stderr).toBe(0);
  const received = dump.filter((line) => line.startsWith(`${HOST} `));
  expect(received.length).toBeGreaterThan(0);
  expect(difference(received, linkPackets(log).map((packet) => packet.reception))).toEqual({ missing: [], extra: [] });
  expect(await leftovers()).toEqual([]);
});
