import { expect, test } from 'vitest';
import { connectionOf } from '../../src/inventory/connection.js';
import { type LocalMachine, thisMachine } from '../../src/ssh/config/machine.js';
import { ConfigFiles, type ConfigReader } from '../../src/ssh/config/files.js';
import { resolveTarget } from '../../src/ssh/resolve-target.js';

const machine: LocalMachine = { hostName: 'desk.example.org', user: 'me', userId: 1000, home: '/home/me', env: { SSH_AUTH_SOCK: '/run/agent' }, exec: () => 1 };

const nothing: ConfigReader = { read: () => undefined, glob: () => [] };

test('what nobody said is as for ssh', () => {
  const target = resolveTarget(connectionOf({ name: 'Web1', groups: [], vars: {} }), machine, new ConfigFiles(nothing));
  expect(target).toMatchObject({ host: 'Web1', hostName: 'web1', port: 22, user: 'me', become: { always: false, method: 'sudo', user: 'root' } });
  expect(target.login).toMatchObject({ agentSocket: '/run/agent', identitiesOnly: false });
  expect(target.login.identityFiles[0]).toEqual({ path: '/home/me/.ssh/id_rsa', named: false });
  expect(target.hostKey.userFiles).toEqual(['/home/me/.ssh/known_hosts', '/home/me/.ssh/known_hosts2']);
});

test('under CI nobody can be asked, and no key is taken unknown: what nobody said is yes there', () => {
  const checking = (env: Record<string, string>) => resolveTarget(connectionOf({ name: 'web1', groups: [], vars: {} }), { ...machine, env }, new ConfigFiles(nothing)).hostKey.checking;
  expect(['true', '1', 'yes'].map((CI) => checking({ CI }))).toEqual(['yes', 'yes', 'yes']);
  expect([checking({}), checking({ CI: '' }), checking({ CI: 'false' })]).toEqual(['ask', 'ask', 'ask']);
});

test('this machine runs a command of Match exec once', () => {
  const here = thisMachine({ ...process.env, HOME: '/somewhere', SHELL: '/bin/sh' });
  expect(here.home).toBe('/somewhere');
  expect([here.exec('exit 3'), here.exec('exit 3'), here.exec('kill -9 $$')]).toEqual([3, 3, undefined]);
});
