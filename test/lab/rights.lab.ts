// Whose rights a capture has on real kernels: root, sudo without and with a password, members of SystemTap's groups.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { captureTraffic, expectExactly, leftovers, settings } from './captured.js';
import { fleetTap, fleetTapAsked } from './fleet-tap.js';
import { makeReady } from './lab.js';
import { linkPackets } from './oracle.js';
import { INVENTORY_FILE, LAB_DIR, MACHINES, PROJECT_DIR } from './places.js';
import { remote } from './remote.js';

const NAMES = MACHINES.map((machine) => machine.name);

beforeAll(async () => {
  execFileSync('npm', ['run', 'build'], { cwd: PROJECT_DIR, stdio: 'inherit' });
  await makeReady((line) => console.error(line));
});

describe('rights', () => {
  const inventoryOf = async (user: string) => {
    const inventory = join(LAB_DIR, 'run', `${user}.yml`);
    await writeFile(inventory, (await readFile(INVENTORY_FILE, 'utf8')).replace('ansible_user: root', `ansible_user: ${user}`));
    return inventory;
  };
  const everywhere = (command: string) => Promise.all(MACHINES.map((machine) => remote(machine, command)));
  const FILES = '/etc/shadow /etc/shadow- /etc/group /etc/group- /etc/gshadow /etc/gshadow-';

  beforeAll(() => everywhere(`mkdir /run/before && for f in ${FILES}; do [ ! -e $f ] || cp -a $f /run/before/; done`));
  afterAll(() => everywhere(`for f in ${FILES}; do if [ -e /run/before/\${f##*/} ]; then cp -a /run/before/\${f##*/} $f; else rm -f $f; fi; done; rm -r /run/before /tmp/fleet-tap-*`));
  afterEach(async () => {
    expect(await leftovers()).toEqual([]);
    expect(await everywhere('ls -A /tmp/fleet-tap-*/ 2>/dev/null | grep -vx lock; true')).toEqual(MACHINES.map(() => ''));
  });

  it('says that sudo asks for a password', async () => {
    const refused = await fleetTap(['capture', '-i', await inventoryOf('bob'), '-l', 'lab-a', '--for', '2s']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('[become-password-needed]');
  });

  it('becomes root through sudo', async () => {
    const { finished, log, dump } = await captureTraffic(await inventoryOf('alice'), NAMES, ['--probes', 'netfilter'], { connections: 2, datagrams: 5 });
    expectExactly(finished, dump, linkPackets(log).map((packet) => packet.reception));
  });

  it('becomes root through sudo with a password that the person is asked for (-K)', async () => {
    await everywhere("echo 'bob:open sesame' | chpasswd");
    const before = await settings();
    const file = join(LAB_DIR, 'run', 'asked.log');
    const captured = await fleetTapAsked(['capture', '-i', await inventoryOf('bob'), '-l', 'lab', '-K', '--probes', 'netfilter', '--for', '5s', '-o', file], 'open sesame');
    expect(captured.status, captured.stdout).toBe(0);
    for (const name of NAMES) expect(captured.stdout).toContain(`+ ${name}`);
    // Somebody pings: the test's own connections are packets.
    expect(captured.stdout).not.toContain('open sesame');
    expect(await settings()).toEqual(before);
    const wrong = await fleetTapAsked(['capture', '-i', await inventoryOf('bob'), '-l', 'lab-a', '-K', '--for', '2s'], 'no');
    expect(wrong.status).toBe(2);
    expect(wrong.stdout).toContain('[become-password-wrong]');
    await everywhere('usermod -p "*" bob');
  });

  it('captures with no way to root as a member of stapusr and stapdev, and puts back nothing, as the page says', async () => {
    await everywhere('for g in stapusr stapdev; do usermod -aG $g bob; done');
    const before = await settings();
    const { finished, log, dump } = await captureTraffic(await inventoryOf('bob'), NAMES, ['--probes', 'netfilter'], { connections: 2, datagrams: 5 });
    expectExactly(finished, dump, linkPackets(log).map((packet) => packet.reception));
    await Promise.all(MACHINES.map((machine, index) => remote(machine, `set -- ${before[index]?.trim().replace(/\s+/g, ' ')}; echo $1 > /proc/sys/kernel/kptr_restrict; echo $2 > /proc/sys/debug/kprobes-optimization`)));
  });

  it.each([['stapusr', 'stapdev'], ['stapdev', 'stapusr']])('says what a member of %s alone lacks', async (only, missing) => {
    await everywhere(`usermod -G ${only} bob`);
    const refused = await fleetTap(['capture', '-i', await inventoryOf('bob'), '-l', 'lab-a', '--probes', 'netfilter', '--for', '2s']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('[stap-group-missing]');
    expect(refused.stderr).toContain(`member of ${missing} too`);
  });
});
