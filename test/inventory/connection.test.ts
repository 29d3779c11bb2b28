import { expect, test } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { UnsafeText } from '../../src/base/unsafe-text.js';
import type { Become } from '../../src/inventory/become.js';
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
  expect(of({})).toEqual({ host: 'web1', address: 'web1', identityFiles: [], sshArgsBefore: [], sshArgsAfter: [], become: { always: false, method: 'sudo', user: 'root' }, flags: {} });
});

test.each<[string, Vars, ConnectionFlags, Partial<Connection>]>([
  ['address, port, user', { ansible_host: '10.0.0.1', ansible_port: 2222, ansible_user: 'ops' }, {}, { address: '10.0.0.1', port: 2222, user: 'ops' }],
  ['a port in quotes', { ansible_port: '2222' }, {}, { port: 2222 }],
  ['variables over flags', { ansible_user: 'a' }, { user: 'b' }, { user: 'a' }],
  ['-e over variables', { ansible_user: 'a' }, { extraVars: { ansible_user: 'c' } }, { user: 'c' }],
  ['flags', {}, { user: 'b', privateKeyFile: 'k', connectTimeoutSec: 3, hostKeyChecking: 'accept-new' }, {
    user: 'b', identityFiles: ['k'], connectTimeoutMs: 3000, hostKeyChecking: undefined, flags: { hostKeyChecking: 'accept-new', connectTimeoutSec: 3 },
  }],
  ['the later of two names', { ansible_password: 'a', ansible_ssh_pass: 'b', ansible_private_key_file: 'k', ansible_ssh_private_key_file: 'l' }, {}, { password: 'b', identityFiles: ['l'] }],
  ['a password that looks like a template, and is none', { ansible_password: new UnsafeText('a{{b'), ansible_port: new UnsafeText('22') }, {}, { password: 'a{{b', port: 22 }],
  ['names of paramiko alone', { ansible_connection: 'paramiko', ansible_host: 'a', ansible_paramiko_host: 'b', ansible_paramiko_user: 'u', ansible_paramiko_port: 23, ansible_paramiko_private_key_file: 'k', ansible_paramiko_pass: 'p', ansible_paramiko_timeout: 7 }, {}, { address: 'b', user: 'u', port: 23, identityFiles: ['k'], password: 'p', connectTimeoutMs: 7000 }],
  ['names of paramiko with ssh', { ansible_host: 'a', ansible_paramiko_host: 'b', ansible_paramiko_user: 'u' }, {}, { address: 'a', user: undefined }],
  ['a password of digits', { ansible_password: 1234 }, {}, { password: '1234' }],
  ['host key checking off', { ansible_host_key_checking: false }, {}, { hostKeyChecking: 'no' }],
  ['host key checking on', { ansible_host_key_checking: true }, {}, { hostKeyChecking: undefined }],
  ['ansible.cfg below flags, flags below variables', { ansible_ssh_extra_args: '-4' }, { sshCommonArgs: '-C', sshExtraArgs: '-6', defaultVars: { ansible_port: '2200', ansible_ssh_common_args: '-A', ansible_ssh_args: '-o A=b\n-o C=d', ansible_ssh_retries: '2' } }, {
    port: 2200,
    sshArgsBefore: [{ keyword: 'A', value: 'b', from: 'ansible_ssh_args' }, { keyword: 'C', value: 'd', from: 'ansible_ssh_args' }],
    sshArgsAfter: [{ keyword: 'Compression', value: 'yes', from: 'ansible_ssh_common_args' }, { keyword: 'AddressFamily', value: 'inet', from: 'ansible_ssh_extra_args' }, { keyword: 'ConnectionAttempts', value: '3', from: 'ansible_ssh_retries' }],
  }],
  ['a block of a YAML file', { ansible_ssh_common_args: '-o A=b\n-o C=d\n' }, {}, { sshArgsAfter: [{ keyword: 'A', value: 'b', from: 'ansible_ssh_common_args' }, { keyword: 'C', value: 'd', from: 'ansible_ssh_common_args' }] }],
  ['null counts as unset', { ansible_user: null, ansible_port: null }, { user: 'b' }, { user: 'b', port: undefined }],
  ['paramiko', { ansible_connection: 'paramiko_ssh', ansible_paramiko_proxy_command: 'nc %h %p' }, {}, { sshArgsAfter: [{ keyword: 'ProxyCommand', value: 'nc %h %p', from: 'ansible_paramiko_proxy_command' }] }],
  ['what means nothing here', { ansible_ssh_pipelining: true, ansible_ssh_use_tty: false, ansible_control_path_dir: '/x', ansible_python_interpreter: '/usr/bin/python3', ansible_shell_executable: '/bin/bash', ansible_ssh_executable: '/usr/bin/ssh', ansible_remote_tmp: '~/x', ansible_ssh_transfer_method: 'scp' }, {}, { sshArgsAfter: [] }],
])('%s', (_name, vars, flags, expected) => expect(of(vars, flags)).toMatchObject(expected));

test.each<[string, Vars, ConnectionFlags, Partial<Become>]>([
  ['flags', {}, { become: true, becomePassword: 'x', becomeMethod: 'su', becomeUser: 'app' }, { always: true, password: 'x', method: 'su', user: 'app' }],
  ['variables over flags', { ansible_become: 'no', ansible_become_method: 'doas', ansible_become_user: 'db' }, { become: true, becomeMethod: 'su', becomeUser: 'app' }, { always: false, method: 'doas', user: 'db' }],
  ['the method\'s own names', { ansible_become_pass: 'a', ansible_sudo_pass: 'b', ansible_sudo_user: 'web', ansible_sudo_exe: '/usr/bin/sudo', ansible_su_pass: 'c' }, {}, { method: 'sudo', password: 'b', user: 'web', exe: '/usr/bin/sudo' }],
  ['the names of another method', { ansible_become_method: 'ansible.builtin.su', ansible_sudo_pass: 'b', ansible_su_pass: 'c' }, {}, { method: 'su', password: 'c' }],
  ['ansible.cfg below flags and variables', { ansible_become_exe: 'own' }, { becomeUser: 'app', defaultVars: { ansible_become_method: 'su', ansible_su_exe: 'x', ansible_su_user: 'y', ansible_su_flags: '-l\n-m', ansible_become_flags: '-n' } }, { method: 'su', exe: 'own', user: 'app', flags: ['-l', '-m'] }],
  ['flags with quotes', { ansible_become_flags: `-H -S -p 'a b'` }, {}, { flags: ['-H', '-S', '-p', 'a b'] }],
])('become: %s', (_name, vars, flags, expected) => expect(of(vars, flags).become).toMatchObject(expected));

const options = (args: Pick<Connection, 'sshArgsBefore'>['sshArgsBefore']) => args?.map(({ keyword, value }) => `${keyword}=${value}`);
test.each<[string, string[]]>([
  ['-o UserKnownHostsFile=/dev/null -oLogLevel=ERROR -C', ['UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'Compression=yes']],
  [`-o 'UserKnownHostsFile="/a b" /c' -i "/k k"`, ['UserKnownHostsFile="/a b" /c', 'IdentityFile="/k k"']],
  ['-J ops@bastion:2222,b -p3 -l me -4', ['ProxyJump=ops@bastion:2222,b', 'Port=3', 'User=me', 'AddressFamily=inet']],
  [`-o ProxyCommand="ssh -W %h:%p -q 'b b'"`, [`ProxyCommand=ssh -W %h:%p -q 'b b'`]],
  ['-qTp 3 -vvvA -o "Port 5"', ['Port=3', 'Port=5']],
  [`-i '/k"k'`, [`IdentityFile="/k\\"k"`]],
])('%s', (text, expected) => {
  expect(options(of({ ansible_ssh_args: text }).sshArgsBefore)).toEqual(expected);
  expect(options(of({ ansible_ssh_common_args: text }).sshArgsAfter)).toEqual(expected);
});

test('-F is known apart', () => expect(of({ ansible_ssh_common_args: '-F ~/other -F/dev/null' })).toMatchObject({ configFile: '/dev/null', sshArgsAfter: [] }));

test.each<[Vars, string]>([
  [{ ansible_port: 'abc' }, 'web1: ansible_port must be a whole number from 1 to 65535, not "abc" [connection-variable]'],
  [{ ansible_port: 99999 }, 'web1: ansible_port must be a whole number from 1 to 65535, not 99999'],
  [{ ansible_host: '{{ ip }}' }, 'web1: ansible_host has a template that nobody has rendered'],
  [{ ansible_host: ['a'] }, 'web1: ansible_host must be a text, not a list'],
  [{ ansible_become: 'perhaps' }, 'ansible_become must be yes or no'],
  [{ ansible_become_method: 'runas' }, 'ansible_become_method is "runas"; sudo, su and doas are supported [connection-unsupported]'],
  [{ ansible_become_method: 'su', ansible_su_prompt_l10n: 'a,(' }, 'ansible_su_prompt_l10n has a regular expression that cannot be used here'],
  [{ ansible_become_method: 'su', ansible_su_prompt_l10n: [1] }, 'ansible_su_prompt_l10n must be a list of texts'],
  [{ ansible_sudo_chdir: '/x' }, 'ansible_sudo_chdir is "/x"; commands run where the login began [connection-unsupported]'],
  [{ ansible_ssh_private_key: 'hunter2' }, 'ansible_ssh_private_key holds a key itself; keys come from files'],
  [{ ansible_become_flags: "'" }, 'ansible_become_flags has a quote that is not closed'],
  [{ ansible_connection: 'docker' }, 'ssh and local are supported'],
  [{ ansible_shell_type: 'powershell' }, 'ansible_shell_type is "powershell"; hosts must have a POSIX sh'],
  [{ ansible_ssh_executable: '/opt/wrapper' }, 'ansible_ssh_executable is "/opt/wrapper"'],
  [{ ansible_ssh_common_args: '-W a:1' }, 'ansible_ssh_common_args has the ssh option "-W", which makes no sense here [ssh-args-unsupported]'],
  [{ ansible_ssh_common_args: 'bastion' }, 'has "bastion", which is no option of ssh'],
  [{ ansible_ssh_common_args: '-o Port' }, 'has -o "Port", which is not Key=Value'],
  [{ ansible_ssh_extra_args: "-o 'x" }, 'has a quote that is not closed'],
  [{ ansible_ssh_extra_args: '-p' }, 'has -p without a value'],
])('%j is refused', (vars, message) => expect(refusal(vars)).toContain(message));

test('a password stands in no error', () => {
  expect(refusal({ ansible_private_key: 'hunter2' })).not.toContain('hunter2');
  expect(refusal({ ansible_password: ['hunter2'] })).not.toContain('hunter2');
  expect(refusal({ ansible_password: 'hunter2{{ x }}' })).not.toContain('hunter2');
});
