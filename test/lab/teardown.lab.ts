// The end: after everything else, `teardown` takes the machines back to what they were before setup (capture.lab.ts has looked then).
import { expect, it } from 'vitest';
import { bareBefore, leftovers, packagesAndSettings } from './captured.js';
import { fleetTap, startFleetTap } from './fleet-tap.js';
import { BUILD_HOSTS, INVENTORY_FILE, MACHINES } from './places.js';

const STARTED = MACHINES.map(({ name }) => new RegExp(`^\\+ ${name}$`, 'm'));

/** What packages' own scripts leave (playbooks/teardown.yml): systemtap-runtime's groups, and the linker's list of libraries. */
const LEFT_BY_PACKAGES = /^(\S+ )? ?\/etc\/(group-?|gshadow-?|ld\.so\.cache)\b/;

/** The backups that useradd and userdel make: capture.lab.ts has logged in as users of its own, who are gone. */
const LEFT_BY_USERS = /\/etc\/(passwd|shadow|subuid|subgid)-$/;

it('ends a leftover capture, and leaves packages and /etc as they were before setup', { timeout: 900_000 }, async () => {
  const running = startFleetTap(['capture', '-i', INVENTORY_FILE]);
  await running.saysAll(STARTED);
  running.process.kill('SIGSTOP');
  const teardown = await fleetTap(['teardown', '-i', INVENTORY_FILE]);
  running.process.kill('SIGKILL');
  await running.finished;
  expect(teardown.status, teardown.stdout + teardown.stderr).toBe(0);
  expect(await leftovers()).toEqual([]);
  const bare = await bareBefore();
  for (const machine of [...MACHINES, ...BUILD_HOSTS]) {
    const kept = (lines: readonly string[] | undefined) => (lines ?? []).filter((line) => !LEFT_BY_USERS.test(line) && !LEFT_BY_PACKAGES.test(line.replace(/^[0-9a-f]{64} /, '')));
    expect(kept(await packagesAndSettings(machine)), machine.name).toEqual(kept(bare[machine.name]));
  }
  const again = await fleetTap(['teardown', '-i', INVENTORY_FILE]);
  expect([...again.stdout.matchAll(/changed=(\d+)/g)].map((match) => match[1])).toEqual([...MACHINES, ...BUILD_HOSTS].map(() => '0'));
});
