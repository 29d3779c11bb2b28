// Doctor: equal findings once with their folded hosts, the same as JSON, and its exit status.
import { expect, it } from 'vitest';
import { doctor } from '../../src/commands/doctor.js';
import { newPerson, READY_FACTS, startFleet } from './person.js';

it('says what is equal once, and the same as JSON', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, { db01: READY_FACTS });
  const options = { inventory: [fleet.inventoryFile], forks: 10 };
  expect(await doctor(options, person.context), person.stderr()).toBe(2);
  expect(person.stdout()).toMatch(/^ready: db01\nnot ready: app01,web01: staprun is not installed \[stap-missing\]\n {2}hint: run fleet-tap setup on this host\n$/);
  const program = await newPerson();
  expect(await doctor({ ...options, json: true }, program.context)).toBe(2);
  const { hosts } = JSON.parse(program.stdout()) as { hosts: Record<string, unknown> };
  expect(hosts.db01).toMatchObject({ ready: true, kernel: '6.12.0-demo-amd64', error: null, notes: [] });
  expect(hosts.web01).toMatchObject({ ready: false, staprun: null, error: { code: 'stap-missing', message: 'staprun is not installed', hint: 'run fleet-tap setup on this host' } });
  expect(Object.keys(hosts).sort()).toEqual(['app01', 'db01', 'web01']);
});
