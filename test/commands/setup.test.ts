// setup on simulated hosts: our engine runs the shipped playbook; the rest of the way is the lab's.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { setup } from '../../src/commands/setup.js';
import type { SimulatedFleet } from '../../src/demo/simulated-fleet.js';
import { renderFiles } from '../../src/facts/host-files.js';
import { newPerson, startFleet } from './person.js';

function options(fleet: SimulatedFleet, isCheck = false) {
  return { inventory: [fleet.inventoryFile], forks: 10, check: isCheck, diff: false };
}

function recap(stdout: string): Map<string, Record<string, number>> {
  const rows = stdout.split('\n').flatMap((line) => /^(\S+) +: (ok=.*)$/.exec(line)?.slice(1, 3).map(String) ?? []);
  const found = new Map<string, Record<string, number>>();
  for (let at = 0; at < rows.length; at += 2) {
    found.set(rows[at] ?? '', Object.fromEntries((rows[at + 1] ?? '').trim().split(/ +/).map((word) => [word.split('=')[0] ?? '', Number(word.split('=')[1])])));
  }
  return found;
}

it('lets one host for each kernel compile, and changes nothing the second time', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  expect(await setup(options(fleet), person.context), person.stderr()).toBe(0);
  const first = recap(person.stdout());
  expect([...first.values()].map((row) => row.changed)).toEqual(expect.arrayContaining([2, 2, 3]));
  expect(person.stdout()).toMatch(/^ready: /m);
  const again = { ...(await newPerson()) };
  expect(await setup(options(fleet), again.context)).toBe(0);
  expect([...recap(again.stdout()).values()].map((row) => row.changed)).toEqual([0, 0, 0]);
});

it('lets every host compile where nothing else is said', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  delete fleet.inventory.all.vars.fleet_tap_symbols;
  await fleet.writeInventory();
  expect(await setup(options(fleet), person.context), person.stderr()).toBe(0);
  expect([...recap(person.stdout()).values()].map((row) => row.changed)).toEqual([3, 3, 3]);
});

it('leaves the symbols of loadable modules out, or not', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  expect(await setup({ ...options(fleet), symbolsFull: true }, person.context), person.stderr()).toBe(0);
  expect(person.stderr()).toMatch(/^ *Debug symbols of the kernel only: 3 skipped$/m);
});

it('says which distribution it does not know, and goes on with the others', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, { app01: { files: renderFiles({ '/etc/os-release': 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=43\n' }) } });
  expect(await setup(options(fleet), person.context)).toBe(2);
  expect(person.stderr()).toMatch(/failed: app01: Fedora 43 is not supported yet: setup knows where Debian and Ubuntu keep.*dnf debuginfo-install kernel-\$\(uname -r\); capture works then/);
  expect(recap(person.stdout()).get('app01')).toMatchObject({ failed: 1, changed: 0 });
  expect(recap(person.stdout()).get('web01')).toMatchObject({ failed: 0 });
  expect(person.stdout()).toMatch(/^ready: db01,web01$/m);
  expect(person.stdout()).toMatch(/^not ready: app01: /m);
});

it('ends with 4 when a host is unreachable, and goes on with the others', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  fleet.inventory.all.hosts.gone01 = { ansible_host: '127.0.0.1', ansible_port: 1 };
  await fleet.writeInventory();
  expect(await setup(options(fleet), person.context)).toBe(4);
  expect(recap(person.stdout()).get('gone01')).toMatchObject({ unreachable: 1, ok: 0 });
  expect(recap(person.stdout()).get('db01')).toMatchObject({ unreachable: 0, failed: 0 });
});

it('knows the variables that ansible-playbook would: not those of the folder we are in', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  const before = process.cwd();
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-here-'));
  onTestFinished(async () => {
    process.chdir(before);
    await rm(folder, { recursive: true });
  });
  await mkdir(join(folder, 'group_vars'));
  await writeFile(join(folder, 'group_vars', 'all.yml'), 'fleet_tap_symbols: of another project\n');
  process.chdir(folder);
  expect(await setup(options(fleet), person.context), person.stderr()).toBe(0);
});
