// Who compiles, and who downloads symbols for others, by what the hosts run.
import { expect, it } from 'vitest';
import { compilingHosts, pushRoles } from '../../src/commands/setup-roles.js';
import { parseFacts } from '../../src/facts/gather.js';
import type { Facts } from '../../src/facts/facts.js';
import { HostFiles } from '../../src/facts/host-files.js';
import type { Host, Vars } from '../../src/inventory/host.js';

const PLAIN: Partial<Facts> = { kernelRelease: '6.1', kernelBuild: '#1', architecture: 'x86_64', distributionId: 'debian', codename: 'bookworm', distributionVersion: '12' };
const fleetOf = (hosts: Readonly<Record<string, readonly [Partial<Facts>, Vars?]>>) =>
  new Map(Object.entries(hosts).map(([name, [facts, vars]]): [Host, Facts] => [{ name, groups: [], vars: { fleet_tap_symbols: 'per-kernel', ...vars } }, { ...parseFacts({ sections: new Map(), files: new HostFiles('') }), ...PLAIN, ...facts }]));
const compiles = (known: ReadonlyMap<Host, Facts>) => [...compilingHosts(known, [...known.keys()])].filter(([, does]) => does).map(([name]) => name);

it.each<[string, Partial<Facts>]>([
  ['release', { kernelRelease: '6.2' }],
  ['build', { kernelBuild: '#2' }],
  ['architecture', { architecture: 'aarch64' }],
  ['distribution, which decides the version of stap', { codename: 'trixie' }],
  ['distribution without a codename', { distributionId: 'other', codename: '' }],
])('one host for each %s', (_what, facts) => {
  expect(compiles(fleetOf({ a: [{}], b: [{}], c: [facts], d: [facts] }))).toEqual(['a', 'c']);
});

it('a build host covers the kernels that it names, of its own architecture', () => {
  const builder = { kernelRelease: '9.9' };
  expect(compiles(fleetOf({ a: [{}], b: [builder, { fleet_tap_build_for: ['6.1'] }] }))).toEqual(['b']);
  expect(compiles(fleetOf({ a: [{}], c: [{}], b: [{ ...builder, architecture: 'aarch64' }, { fleet_tap_build_for: ['6.1'] }] }))).toEqual(['a', 'b']);
});

it('of those that lack symbols of one kernel the first gives them; one that is alone, has them, or wants none has no part', () => {
  const every = { fleet_tap_symbols: 'every-host' };
  const known = fleetOf({ has: [{ symbolsFor: ['6.1'] }, every], a: [{}, every], none: [{}, { fleet_tap_symbols: 'none' }], b: [{}, every], alone: [{ kernelRelease: '7' }, every], builder: [{}, { ...every, fleet_tap_build_for: ['6.1'] }], c: [{}, every] });
  const roles = pushRoles(known, compilingHosts(known, [...known.keys()]), '/there');
  expect([...roles].map(([name, { fleet_tap_push: role, fleet_tap_push_folder: folder }]) => [name, role, folder])).toEqual([['a', 'give', '/there/0'], ['b', 'take', '/there/0'], ['c', 'take', '/there/0']]);
});
