// The kernel module under a name of the run's own. That a kernel loads it: test/lab.
import { expect, it } from 'vitest';
import { underOwnName } from '../../src/systemtap/unique-name.js';

const NAME = 'fleet_tap_0123456789abcdef';
const OWN = 'fleet_tap_01234567_fedcba9';
const kernelModule = (content: string) => ({ name: NAME, release: '6.1', content: Buffer.from(content, 'latin1') });

it('takes the new name everywhere, and moves no byte', () => {
  const before = kernelModule(`\x7fELF name=${NAME}\0${NAME}${NAME}_src.c\xff`);
  const after = underOwnName(before, 'fedcba987654');
  expect(after.name).toBe(OWN);
  expect(after.content.toString('latin1')).toBe(`\x7fELF name=${OWN}\0${OWN}${OWN}_src.c\xff`);
  expect(before.content.toString('latin1')).toContain(NAME);
});

it.each([
  ['a signed one', `${NAME} ~Module signature appended~\n`],
  ['one that does not hold its name', 'simulated'],
])('leaves %s as it is', (_name, content) => {
  const before = kernelModule(content);
  expect(underOwnName(before, 'fedcba987654')).toBe(before);
});
