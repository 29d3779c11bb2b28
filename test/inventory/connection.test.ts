import { expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { type Connection, type ConnectionFlags, connectionOf } from '../../src/inventory/connection.js';
import type { Vars } from '../../src/inventory/host.js';

const of = (vars: Vars, flags: ConnectionFlags = {}): Connection => connectionOf({ name: 'web1', groups: [], vars }, flags);
const refusal = (vars: Vars): string => {
  try {
    of(vars);
  } catch (error) {
    if (error instanceof FleetTapError) return formatError(error);
    throw error;
  }
  throw new Error('it was accepted');
};

test('nothing said', () => {
  expect(of({})).toEqual({
    host: 'web1',
    address: 'web1',
    port: 22,
    user: undefined,
    identityFiles: [],
    knownHostsFiles: undefined,
    hostKeyChecking: 'ask',
    connectTimeoutMs: 10_000,
    become: false,
  });
});

test.each<[string, Vars, ConnectionFlags, Partial<Connection>]>([
  ['address, port, user', { ansible_host: '10.0.0.1', ansible_port: 2222, ansible_user: 'ops' }, {}, { address: '10.0.0.1', port: 2222, user: 'ops' }],
  ['a port in quotes', { ansible_port: '2222' }, {}, { port: 2222 }],
  ['variables over flags', { ansible_user: 'a', ansible_become: 'no' }, { user: 'b', become: true }, { user: 'a', become: false }],
  ['-e over variables', { ansible_user: 'a' }, { extraVars: { ansible_user: 'c' } }, { user: 'c' }],
  ['flags', {}, { user: 'b', become: true, becomePassword: 'x', privateKeyFile: 'k', connectTimeoutSec: 3, hostKeyChecking: 'accept-new' }, {
    user: 'b', become: true, becomePassword: 'x', identityFiles: ['k'], connectTimeoutMs: 3000, hostKeyChecking: 'accept-new',
  }],
  ['the later of two names', { ansible_password: 'a', ansible_ssh_pass: 'b', ansible_private_key_file: 'k', ansible_ssh_private_key_file: 'l' }, {}, { password: 'b', identityFiles: ['l'] }],
  ['a password of digits', { ansible_password: 1234 }, {}, { password: '1234' }],
  ['host key checking off', { ansible_host_key_checking: false }, {}, { hostKeyChecking: 'no' }],
  ['common args', { ansible_ssh_common_args: '-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -oLogLevel=ERROR -C' }, {}, { knownHostsFiles: ['/dev/null'], hostKeyChecking: 'no' }],
  ['ssh_args win, common args lose', { ansible_port: 1, ansible_ssh_args: '-p 2', ansible_ssh_common_args: '-p 3' }, {}, { port: 2 }],
  ['common args lose against a variable', { ansible_port: 1, ansible_ssh_common_args: '-p 3' }, {}, { port: 1 }],
  ['quotes', { ansible_ssh_common_args: `-o 'UserKnownHostsFile="/a b" /c' -i "/k k"` }, {}, { knownHostsFiles: ['/a b', '/c'], identityFiles: ['/k k'] }],
  ['alias, timeout', { ansible_ssh_extra_args: '-oHostKeyAlias=x -o ConnectTimeout=5' }, {}, { hostKeyAlias: 'x', connectTimeoutMs: 5000 }],
  ['null counts as unset', { ansible_user: null, ansible_port: null }, { user: 'b' }, { user: 'b', port: 22 }],
])('%s', (_name, vars, flags, expected) => expect(of(vars, flags)).toMatchObject(expected));

test.each<[Vars, string]>([
  [{ ansible_port: 'abc' }, 'web1: ansible_port must be a whole number from 1 to 65535, not "abc" [connection-variable]'],
  [{ ansible_port: 99999 }, 'web1: ansible_port must be a whole number from 1 to 65535, not 99999'],
  [{ ansible_host: '{{ ip }}' }, 'web1: ansible_host has a template; templates in connection variables are not supported yet'],
  [{ ansible_host: ['a'] }, 'web1: ansible_host must be a text, not a list'],
  [{ ansible_become: 'perhaps' }, 'ansible_become must be yes or no'],
  [{ ansible_become_method: 'su' }, 'ansible_become_method is "su"; only sudo is supported yet [connection-unsupported]'],
  [{ ansible_become_user: 'postgres' }, 'only root is supported yet'],
  [{ ansible_connection: 'docker' }, 'ansible_connection is "docker"; only ssh is supported'],
  [{ ansible_connection: 'local' }, 'only ssh is supported'],
  [{ ansible_ssh_common_args: '-o ProxyJump=b' }, 'ansible_ssh_common_args has the ssh option ProxyJump, which is not supported yet [ssh-args-unsupported]'],
  [{ ansible_ssh_common_args: '-J bastion' }, 'has the ssh option "-J", which is not supported yet'],
  [{ ansible_ssh_extra_args: "-o 'x" }, 'has a quote that is not closed'],
  [{ ansible_ssh_extra_args: '-p' }, 'has -p without a value'],
  [{ ansible_ssh_extra_args: '-o Port=x' }, 'web1: -o Port must be a whole number'],
  [{ ansible_ssh_extra_args: '-o StrictHostKeyChecking=maybe' }, 'StrictHostKeyChecking is "maybe"'],
])('%j is refused', (vars, message) => expect(refusal(vars)).toContain(message));

test('a password stands in no error', () => {
  expect(refusal({ ansible_password: ['hunter2'] })).not.toContain('hunter2');
  expect(refusal({ ansible_password: 'hunter2{{ x }}' })).not.toContain('hunter2');
});
