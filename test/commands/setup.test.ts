// setup on simulated hosts: our engine runs the shipped playbook; the rest of the way is the lab's.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { setup } from '../../src/commands/setup.js';
import { SimulatedFleet } from '../../src/demo/simulated-fleet.js';
import { SimulatedTraffic } from '../../src/demo/traffic.js';
import { systemClock } from '../../src/base/clock.js';
import { renderFiles } from '../../src/facts/host-files.js';
import { newPerson, startFleet } from './person.js';

const FEDORA = renderFiles({ '/etc/os-release': 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=43\n' });

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
  expect([...first.values()].map((row) => row.changed)).toEqual(expect.arrayContaining([2, 2, 4]));
  expect(person.stdout()).toMatch(/^ready: /m);
  const again = { ...(await newPerson()) };
  expect(await setup(options(fleet), again.context)).toBe(0);
  expect([...recap(again.stdout()).values()].map((row) => row.changed)).toEqual([0, 0, 0]);
});

it('compiles the real script when all is there: capture finds it; --try runs it on each host, until it speaks', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  expect(await setup({ ...options(fleet), try: true }, person.context), person.stderr()).toBe(0);
  expect(person.stderr()).toMatch(/^kernel 6\.12\.0-demo-amd64: compiled in \d+ s$/m);
  expect(person.stdout()).toMatch(/^tried: app01,db01,web01: the script runs there, and is gone again\nready: app01,db01,web01\n$/m);
  expect([...fleet.hosts.values()].map(({ supervised }) => supervised)).toEqual([1, 1, 1]);
  const again = { ...(await newPerson()), folder: person.folder };
  expect(await setup(options(fleet), { ...again.context, cacheDirectory: person.context.cacheDirectory })).toBe(0);
  expect(again.stderr()).toContain('kernel 6.12.0-demo-amd64: compiled before\n');
  expect([...fleet.hosts.values()].map(({ supervised }) => supervised)).toEqual([1, 1, 1]);
});

it('keeps a log for each host, and says where', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, { app01: { files: FEDORA } });
  expect(await setup(options(fleet), person.context)).toBe(2);
  const folder = /^what each host was asked and said: (.*)$/m.exec(person.stderr())?.[1] ?? '';
  expect(folder).toMatch(new RegExp(`^${person.folder}/runs/.*/hosts$`));
  const log = async (name: string) => (await readFile(join(folder, `${name}.out`), 'utf8')).trimEnd().split('\n');
  const [web, app] = await Promise.all([log('web01'), log('app01')]);
  expect(app.at(-1)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z failed {6}The distribution is one that setup knows: Fedora 43 is not supported yet/);
  expect(web.map((line) => line.replace(/^\S+ (\S+) +/, '$1 ')).find((line) => line.startsWith('changed SystemTap'))).toMatch(/^changed SystemTap, compiler and headers|^changed SystemTap's runtime/);
});

it('lets every host compile where nothing else is said', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person);
  delete fleet.inventory.all.vars.fleet_tap_symbols;
  await fleet.writeInventory();
  expect(await setup(options(fleet), person.context), person.stderr()).toBe(0);
  expect([...recap(person.stdout()).values()].map((row) => row.changed)).toEqual([4, 4, 4]);
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
  expect(person.stderr()).toMatch(/failed: app01: Fedora 43 is not supported yet: setup knows where Debian and Ubuntu keep.*dnf debuginfo-install kernel-\$\(uname -r\) .*; capture works then/);
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

const KERNELS = ['6.12.0-demo-amd64', '6.1.0-demo-amd64'] as const;

/** host01, host02, …; every second one runs the other kernel. */
async function manyHosts(person: Awaited<ReturnType<typeof newPerson>>, count: number, unknown: readonly string[] = []): Promise<SimulatedFleet> {
  const clock = systemClock();
  const address = (index: number) => ({ name: `host${index}`, address: `10.20.0.${index}` });
  const traffic = new SimulatedTraffic({ web: address(1), app: address(2), db: address(3) }, clock.nowNs());
  const members = Array.from({ length: count }, (_, index) => {
    const name = `host${String(index + 1).padStart(2, '0')}`;
    const kernel = `Linux ${name} ${KERNELS[index % 2]} #1 SMP PREEMPT_DYNAMIC simulated x86_64\n`;
    return { name, address: `10.20.0.${index + 1}`, skewSec: 0, facts: { kernel, ...(unknown.includes(name) ? { files: FEDORA } : {}) } };
  });
  const fleet = await SimulatedFleet.start(members, person.folder, clock, traffic);
  onTestFinished(() => fleet.close());
  delete fleet.inventory.all.vars.fleet_tap_symbols;
  await fleet.writeInventory();
  return fleet;
}

it('per-kernel: 20 hosts with 2 kernels get 2 installations of symbols and 18 of the runtime', async () => {
  const person = await newPerson();
  const fleet = await manyHosts(person, 20);
  expect(await setup({ ...options(fleet), symbols: 'per-kernel' }, person.context), person.stderr()).toBe(0);
  const installed = [...fleet.hosts.values()].map((host) => [...host.installed].toSorted().join(' '));
  const compiling = (release: string) => `gcc linux-headers-${release} linux-image-${release}-dbg make systemtap`;
  expect(installed.filter((names) => names === 'systemtap-runtime')).toHaveLength(18);
  expect(installed.filter((names) => names !== 'systemtap-runtime').toSorted()).toEqual(KERNELS.map(compiling).toSorted());
  expect(person.stdout()).toMatch(/^ready: host\[01-20\]$/m);
});

it('--push: of hosts that lack the symbols of one kernel the first downloads them, for the others', async () => {
  const person = await newPerson();
  const fleet = await manyHosts(person, 6);
  expect(await setup({ ...options(fleet), push: true }, person.context), person.stderr()).toBe(0);
  const roles = [...fleet.hosts.values()].map((host) => host.roles.join(' '));
  expect(roles).toEqual(['give', 'give', 'take', 'take', 'take', 'take']);
  expect((await readdir(person.context.cacheDirectory)).filter((name) => name.startsWith('symbols-'))).toEqual([]);
  // All have them: nobody gives anything.
  const again = { ...(await newPerson()), folder: person.folder };
  expect(await setup({ ...options(fleet), push: true }, again.context), again.stderr()).toBe(0);
  expect([...fleet.hosts.values()].map((host) => host.roles.join(' '))).toEqual(roles);
});

it('goes in waves from 20 hosts on: one, a tenth, then all', async () => {
  const person = await newPerson();
  const fleet = await manyHosts(person, 20);
  expect(await setup(options(fleet), person.context), person.stderr()).toBe(0);
  expect([...person.stderr().matchAll(/^SystemTap and debug symbols \((\d+) hosts?\)$/gm)].map(([, hosts]) => hosts)).toEqual(['1', '2', '17']);
  expect(recap(person.stdout()).size).toBe(20);
});

it('stops behind a wave in which a host has failed, names the rest, and goes on there the next time', async () => {
  const person = await newPerson();
  const fleet = await manyHosts(person, 5, ['host02']);
  expect(await setup({ ...options(fleet), serial: '1,2' }, person.context)).toBe(2);
  expect(person.stderr()).toContain('host[04-05]: not set up: host02 failed in a wave before [wave-stopped]');
  expect([...recap(person.stdout()).keys()]).toEqual(['host01', 'host02', 'host03']);
  const untouched = ['host04', 'host05'].map((name) => fleet.hosts.get(name)?.installed.size);
  expect(untouched).toEqual([0, 0]);
  const again = { ...(await newPerson()), folder: person.folder };
  expect(await setup({ ...options(fleet), rerunFailed: 'last', serial: '100%' }, { ...again.context, stateDirectory: person.context.stateDirectory })).toBe(2);
  expect([...recap(again.stdout()).keys()]).toEqual(['host02', 'host04', 'host05']);
  expect(fleet.hosts.get('host05')?.installed.has('systemtap')).toBe(true);
});

it('does not stop for a host that could not be reached in the first place', async () => {
  const person = await newPerson();
  const fleet = await manyHosts(person, 3);
  fleet.inventory.all.hosts.host00 = { ansible_host: '127.0.0.1', ansible_port: 1 };
  await fleet.writeInventory();
  expect(await setup({ ...options(fleet), serial: '1', limit: 'all' }, person.context)).toBe(4);
  expect([...fleet.hosts.values()].map((host) => host.installed.has('systemtap'))).toEqual([true, true, true]);
});

it('refuses a wave that is no number, before any host is asked', async () => {
  const person = await newPerson();
  await expect(setup({ inventory: ['nowhere,'], forks: 1, check: false, diff: false, serial: 'some' }, person.context)).rejects.toThrow('--serial: some is no number of hosts');
});
