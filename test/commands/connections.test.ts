// Connection variables with templates in them, as Ansible renders them before it connects.
import { expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { Connections } from '../../src/commands/connections.js';
import type { Host, Inventory, Vars } from '../../src/inventory/host.js';
import type { LocalMachine } from '../../src/ssh/config/machine.js';

const machine: LocalMachine = { hostName: 'desk', user: 'me', userId: 1000, home: '/nowhere', env: {}, exec: () => 1 };
const bastion: Host = { name: 'bastion', groups: [], vars: { ansible_host: '192.0.2.9', ansible_port: 2222 } };

async function connections(vars: Vars, extraVars: Vars = {}): Promise<{ all: Connections; host: Host }> {
  const host: Host = { name: 'web1.lan', groups: ['web'], vars };
  const group = { hosts: ['web1.lan', 'bastion'], ownHosts: ['web1.lan', 'bastion'], children: [], vars: {} };
  const inventory = { hosts: [host, bastion], groups: new Map([['all', { name: 'all', ...group }]]), sources: [] };
  return { all: await Connections.open(inventory as unknown as Inventory, { extraVars }, machine), host };
}

test.each<[string, Vars, Vars, object]>([
  ['the name', { ansible_host: '{{ inventory_hostname }}.example.org' }, {}, { address: 'web1.lan.example.org' }],
  ['other variables', { ip: '10.0.0.1', base: 2200, ansible_host: '{{ ip }}', ansible_port: '{{ base + 22 }}', ansible_user: '{{ "ops" if base > 1 else "x" }}' }, {}, { address: '10.0.0.1', port: 2222, user: 'ops' }],
  ['a variable that is a template itself', { a: '{{ b }}', b: 'c', ansible_host: '{{ a }}.lan' }, {}, { address: 'c.lan' }],
  ['other hosts', { ansible_ssh_common_args: '-o ProxyJump={{ hostvars["bastion"].ansible_host }}:{{ hostvars.bastion.ansible_port }}' }, {}, { sshArgsAfter: [{ keyword: 'ProxyJump', value: '192.0.2.9:2222', from: 'ansible_ssh_common_args' }] }],
  ['-e over the inventory', { ansible_host: '{{ domain }}', domain: 'a' }, { domain: 'b' }, { address: 'b' }],
  ['a template in -e', { domain: 'a' }, { ansible_host: 'x.{{ domain }}' }, { address: 'x.a' }],
  ['a default', { ansible_user: '{{ nobody | default("root") }}', ansible_port: '{{ none | default(omit) }}' }, {}, { user: 'root', port: undefined }],
  ['become', { secret: 's3', ansible_become: '{{ true }}', ansible_become_password: '{{ secret }}', ansible_become_method: '{{ "su" }}' }, {}, { become: { always: true, method: 'su', user: 'root', password: 's3' } }],
  ['no other variable', { ansible_distribution_note: '{{ ansible_facts.x }}', motd: '{{ nobody }}' }, {}, { address: 'web1.lan' }],
])('%s', async (_name, vars, extraVars, expected) => {
  const { all, host } = await connections(vars, extraVars);
  expect(all.of(host)).toMatchObject(expected);
});

test.each<[Vars, string]>([
  [{ ansible_host: '{{ nobody }}' }, 'web1.lan: ansible_host has a template that cannot be rendered'],
  [{ ansible_host: '{{ a' }, 'ansible_host has a template that cannot be rendered'],
  [{ ansible_port: '{{ "http" }}' }, 'ansible_port must be a whole number'],
  [{ a: '{{ ansible_host }}', ansible_host: '{{ a }}' }, 'is made of itself'],
])('%j is refused', async (vars, message) => {
  const { all, host } = await connections(vars);
  let refusal: unknown;
  try {
    all.of(host);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ kind: 'input' });
  expect(refusal instanceof FleetTapError && formatError(refusal)).toContain(message);
});

test('a host becomes a target with its own password before the one that was typed', async () => {
  const { all, host } = await connections({ pw: 'own', ansible_password: '{{ pw }}' });
  expect(all.target(host, 'typed')).toMatchObject({ host: 'web1.lan', hostName: 'web1.lan', login: { password: 'own' } });
  expect(all.target(bastion, 'typed')).toMatchObject({ hostName: '192.0.2.9', port: 2222, login: { password: 'typed' } });
});
