// The newcomer's first command: a merged log on stdout, everything for the person on stderr, and no claim that the hosts are real.
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { demo } from '../../src/commands/demo.js';
import { newPerson } from './person.js';

it('shows a sorted log of three hosts, says that they are simulated, and leaves nothing behind', async () => {
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('fleet-tap-demo-'));
  const before = await left();
  const person = await newPerson();
  expect(await demo({ forSec: 1 }, person.context), person.stderr()).toBe(0);
  const lines = person.stdout().split('\n').slice(0, -1);
  expect(lines).toEqual(lines.toSorted());
  expect(new Set(lines.map((line) => line.split(' ')[1]))).toEqual(new Set(['web01', 'app01', 'db01']));
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{15}Z \w+ +[\d.]+ +[\d.]+ +\d+ +\d+ (UDP|[01]( [01]){5})$/);
  expect(person.stderr()).toContain('hosts are simulated');
  expect(person.stderr()).toContain('PLAY RECAP');
  expect(await left()).toEqual(before);
});
