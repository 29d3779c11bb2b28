import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadInventory } from '../../src/inventory/load.js';
import { readSshArgs } from '../../src/inventory/ssh-args.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-sources-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('each alias of an ssh_config that is no pattern is a host, Include followed', async () => {
  const path = join(folder, 'config');
  await mkdir(join(folder, 'conf.d'));
  await writeFile(path, `Include ${folder}/conf.d/*.conf\nHost web1 "web2" *.example.com !bad\n  HostName 10.0.0.1\nhost=db1\nMatch host x\n  User y\nHost *\n  User z\n`);
  await writeFile(join(folder, 'conf.d/a.conf'), 'Host bastion\n');
  await writeFile(join(folder, 'conf.d/other'), 'Host nobody\n');
  await mkdir(join(folder, 'conf.d/folder.conf'));
  const { hosts } = await loadInventory([`ssh_config:${path}`]);
  expect(hosts.map((host) => host.name)).toEqual(['bastion', 'web1', 'web2', 'db1']);
  expect(hosts[1]?.vars).toEqual({ ansible_ssh_extra_args: `-F ${path}` });
  const odd = join(folder, "it's odd");
  await mkdir(join(folder, 'team-a'));
  await writeFile(join(folder, 'team-a/hosts'), 'Host a1\n');
  await writeFile(odd, `Host 'one host' two # three and "four"\nInclude ${folder}/team-*/hosts # five\n`);
  const others = await loadInventory([`ssh_config:${odd}`]);
  expect(others.hosts.map((host) => host.name)).toEqual(['one host', 'two', 'a1']);
  expect(readSshArgs(String(others.hosts[0]?.vars.ansible_ssh_extra_args), 'x', 'h').configFile).toBe(odd);
  await writeFile(odd, 'Host a\nHost "b\n');
  await expect(loadInventory([`ssh_config:${odd}`])).rejects.toThrow('host has a quote that is not closed');
  await expect(loadInventory([`ssh_config:${folder}/nowhere`])).rejects.toThrow('there is no such ssh_config');
});

const STATUS = `1700000000,web,metadata,provider,virtualbox
1700000000,web,provider-name,virtualbox
1700000000,web,state,running
1700000000,web,state-human-short,running
1700000000,db,state,poweroff
1700000000,cache,state,not_created
1700000000,,ui,info,Current machine states
`;
const CONFIG = `Host web
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/home/me/my project/.vagrant/machines/web/virtualbox/private_key"
  IdentityFile /home/me/second
  IdentitiesOnly yes
  PubkeyAcceptedKeyTypes +ssh-rsa
  ProxyCommand ssh 'hyper visor' -W %h:%p
  LogLevel FATAL
`;

async function fakeVagrant(script: string): Promise<void> {
  await writeFile(join(folder, 'vagrant'), `#!/bin/sh\n${script}`);
  await chmod(join(folder, 'vagrant'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH ?? ''}`);
}

test('machines of vagrant are reached as it says; those that are not up are named and left out', async () => {
  await writeFile(join(folder, 'status'), STATUS);
  await writeFile(join(folder, 'config'), CONFIG);
  await fakeVagrant(`case "$*" in "status --machine-readable") cat "${folder}/status";; "ssh-config web") cat "${folder}/config";; *) exit 1;; esac`);
  const { hosts, warnings } = await loadInventory(['vagrant:']);
  expect(hosts.map((host) => host.name)).toEqual(['web']);
  expect(hosts[0]?.vars).toMatchObject({ ansible_host: '127.0.0.1', ansible_port: 2222, ansible_user: 'vagrant', ansible_private_key_file: '/home/me/my project/.vagrant/machines/web/virtualbox/private_key' });
  const { options } = readSshArgs(String(hosts[0]?.vars.ansible_ssh_common_args), 'x', 'web');
  expect(options.map(({ keyword, value }) => `${keyword} ${value}`)).toEqual([
    'UserKnownHostsFile /dev/null', 'StrictHostKeyChecking no', 'PasswordAuthentication no', 'IdentityFile /home/me/second', 'IdentitiesOnly yes', 'PubkeyAcceptedKeyTypes +ssh-rsa', "ProxyCommand ssh 'hyper visor' -W %h:%p", 'LogLevel FATAL',
  ]);
  expect(warnings.join()).toMatch(/left out: db \(poweroff\), cache \(not created\)$/);
});

test('vagrant that fails, and none at all', async () => {
  await fakeVagrant('echo "A Vagrant environment is required" >&2; exit 1\n');
  await expect(loadInventory(['vagrant:'])).rejects.toThrow('vagrant status failed: A Vagrant environment is required');
  // As Vagrant 2.3.4 prints it in a folder without a Vagrantfile; nothing is on standard error then.
  await writeFile(join(folder, 'refusal'), '1795726251,,error-exit,Vagrant::Errors::NoEnvironmentError,A Vagrant environment or target machine is required to run this\\ncommand. Run `vagrant init` to create a new Vagrant environment. Or%!(VAGRANT_COMMA)\\nget an ID\n');
  await fakeVagrant(`cat "${folder}/refusal"; exit 1\n`);
  await expect(loadInventory(['vagrant:'])).rejects.toThrow('vagrant status failed: A Vagrant environment or target machine is required to run this command. Run `vagrant init` to create a new Vagrant environment. Or, get an ID');
  vi.stubEnv('PATH', '/nowhere');
  await expect(loadInventory(['vagrant:'])).rejects.toThrow('vagrant is not installed');
});

test.each([
  ['status', 'echo "1795726251,,error-exit,Vagrant::Errors::MachineLocked,Vagrant can\'t use the requested machine because it is locked! This"'],
  ['ssh-config', 'echo "Vagrant can\'t use the requested machine because it is locked! This" >&2'],
])('a machine that another vagrant holds for a moment is waited for: %s', async (command, refusal) => {
  await writeFile(join(folder, 'status'), STATUS);
  await writeFile(join(folder, 'config'), CONFIG);
  await rm(join(folder, 'asked'), { force: true });
  await fakeVagrant(`if [ "$1" = ${command} ] && [ ! -e "${folder}/asked" ]; then : > "${folder}/asked"; ${refusal}; exit 1; fi
case $1 in status) cat "${folder}/status";; *) cat "${folder}/config";; esac`);
  expect((await loadInventory(['vagrant:'])).hosts.map((host) => host.name)).toEqual(['web']);
});
