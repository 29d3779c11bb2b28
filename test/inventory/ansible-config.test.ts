import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AnsibleConfig, readAnsibleConfig } from '../../src/inventory/ansible-config.js';
import { whyNoAnsible } from './oracle.js';

const skipReason = whyNoAnsible();
let home: string;
let folder: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'fleet-tap-config-'));
  folder = join(home, 'work');
  await mkdir(folder);
});
afterAll(() => rm(home, { recursive: true }));

function read(env: NodeJS.ProcessEnv = {}, playsPlaybooks = false): AnsibleConfig & { warnings: string[] } {
  const warnings: string[] = [];
  return { ...readAnsibleConfig({ env, folder, home, warn: (message) => warnings.push(message), playsPlaybooks }), warnings };
}

const CFG = `[defaults]
# a comment
inventory = hosts.yml, more/hosts
remote_user: ops ; behind it
private_key_file = ~/.ssh/fleet
timeout=33
forks = 7
host_key_checking = False
remote_port = 2222
vault_password_file = secrets/pass
verbosity = 2
nocolor = 1
playbook_dir = $PLAYS/../plays
roles_path = roles.d:~/roles:$PLAYS/roles
gathering = smart
force_handlers = yes
ansible_managed = "ours: do not edit"
duplicate_dict_key = ignore
task_timeout = 30
[privilege_escalation]
become = yes
become_user = admin
become_method = su
become_ask_pass = true
become_exe = "/opt/bin/su"
become_flags = -l -s
[sudo_become_plugin]
executable = sudo2
[connection]
retries = 3
[inventory]
ignore_extensions = .off, '.old'
ignore_patterns = ^x
host_pattern_mismatch = ignore
[diff]
always = yes
context = 0
[tags]
run = web, db
skip = slow
[ssh_connection]
ssh_args = -o ControlMaster=auto
  -o ControlPersist=60s
ssh_common_args = -o LogLevel=ERROR
retries = 4
`;

describe.skipIf(skipReason !== undefined)(`as ansible-config reads it${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  test('a file, and the environment over it', async () => {
    await writeFile(join(folder, 'ansible.cfg'), CFG);
    await mkdir(join(folder, 'secrets'), { recursive: true });
    await writeFile(join(folder, 'secrets/pass'), 'x');
    for (const extra of [{}, { ANSIBLE_FORKS: '9', ANSIBLE_REMOTE_USER: 'other', ANSIBLE_INVENTORY: 'x/y', ANSIBLE_BECOME: 'no', ANSIBLE_ROLES_PATH: 'a:/b' }]) {
      const env = { PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8', PLAYS: '/srv', ...extra };
      const dump = execFileSync('ansible-config', ['dump', '--only-changed', '--format', 'json'], { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const theirs = Object.fromEntries((JSON.parse(dump.slice(dump.search(/^\[\n?\s*[{\]]/m))) as { name: string; value: unknown }[]).map(({ name, value }) => [name, value]));
      const ours = read({ PLAYS: '/srv', ...extra });
      expect(ours.inventory).toEqual(theirs.DEFAULT_HOST_LIST);
      expect([ours.user, ours.privateKey, ours.timeout, ours.forks]).toEqual([theirs.DEFAULT_REMOTE_USER, theirs.DEFAULT_PRIVATE_KEY_FILE, theirs.DEFAULT_TIMEOUT, theirs.DEFAULT_FORKS]);
      expect([ours.become ?? false, ours.connectionVars.ansible_become_user, ours.connectionVars.ansible_become_method, ours.askBecomePass]).toEqual([theirs.DEFAULT_BECOME ?? false, theirs.DEFAULT_BECOME_USER, theirs.DEFAULT_BECOME_METHOD, theirs.DEFAULT_BECOME_ASK_PASS]);
      expect([ours.hostKeyChecking, ours.vaultPasswordFile]).toEqual([theirs.HOST_KEY_CHECKING === false ? 'no' : undefined, [theirs.DEFAULT_VAULT_PASSWORD_FILE]]);
      expect([ours.connectionVars.ansible_become_exe, ours.connectionVars.ansible_become_flags]).toEqual([theirs.DEFAULT_BECOME_EXE, theirs.DEFAULT_BECOME_FLAGS]);
      expect([ours.verbose, ours.diff, ours.colour, ours.playbookDir]).toEqual([theirs.DEFAULT_VERBOSITY, theirs.DIFF_ALWAYS, theirs.ANSIBLE_NOCOLOR === true ? false : undefined, theirs.PLAYBOOK_DIR]);
      expect([ours.gathering, ours.forceHandlers, ours.managed]).toEqual([theirs.DEFAULT_GATHERING, theirs.DEFAULT_FORCE_HANDLERS, theirs.DEFAULT_MANAGED_STR]);
      expect([ours.rules?.repeatedKeys, ours.taskTimeoutSec, ours.diffContext]).toEqual([theirs.DUPLICATE_YAML_DICT_KEY, theirs.TASK_TIMEOUT, theirs.DIFF_CONTEXT]);
      expect(ours.unknownNames).toBe(theirs.HOST_PATTERN_MISMATCH === 'ignore' ? 'nobody' : undefined);
      expect([ours.tags, ours.skipTags]).toEqual([theirs.TAGS_RUN, theirs.TAGS_SKIP]);
      expect(ours.rolesPath).toEqual(theirs.DEFAULT_ROLES_PATH);
      expect([ours.rules?.ignoredEndings, ours.rules?.ignoredNames]).toEqual([theirs.INVENTORY_IGNORE_EXTS, theirs.INVENTORY_IGNORE_PATTERNS]);
      expect(ours.connectionVars).toEqual({ ansible_become_user: 'admin', ansible_become_method: 'su', ansible_become_exe: '/opt/bin/su', ansible_become_flags: '-l -s', ansible_sudo_exe: 'sudo2', ansible_ssh_retries: '4', ansible_port: '2222', ansible_ssh_args: '-o ControlMaster=auto\n-o ControlPersist=60s', ansible_ssh_common_args: '-o LogLevel=ERROR' });
    }
  }, 60_000);
});

test('the first file that exists is the only one', async () => {
  await writeFile(join(home, '.ansible.cfg'), '[defaults]\nforks = 3\ntimeout = 4\n');
  await writeFile(join(folder, 'ansible.cfg'), '[defaults]\nforks = 7\n');
  await writeFile(join(home, 'named.cfg'), '[defaults]\nforks = 11\n');
  expect(read()).toMatchObject({ forks: 7 });
  expect(read().timeout).toBeUndefined();
  expect(read({ ANSIBLE_CONFIG: join(home, 'named.cfg') })).toMatchObject({ forks: 11 });
  await rm(join(folder, 'ansible.cfg'));
  expect(read()).toMatchObject({ forks: 3, timeout: 4 });
});

test('never from a folder that everybody may write to', async () => {
  await writeFile(join(folder, 'ansible.cfg'), '[defaults]\nforks = 7\n');
  await chmod(folder, 0o777);
  const config = read();
  await chmod(folder, 0o755);
  expect(config.forks).not.toBe(7);
  expect(config.warnings.join()).toContain('everybody may write to this folder');
});

test('what cannot be read is an error with its place', async () => {
  await writeFile(join(folder, 'ansible.cfg'), '[defaults]\nforks = many\n');
  expect(() => read()).toThrow('defaults.forks must be a whole number above 0, not "many"');
  for (const [text, message] of [
    ['[defaults]\nnonsense\n', 'neither a [section] nor key = value'],
    ['forks = 3\n', 'before the first [section]'],
    ['[defaults]\nforks = 3\nForks = 4\n', 'defaults.forks is set twice, here and in line 2'],
    ['[defaults]\n[ssh_connection]\n[defaults]\n', '[defaults] stands here for the second time'],
    ['[defaults]\nduplicate_dict_key = maybe\n', 'defaults.duplicate_dict_key must be error, warn or ignore, not "maybe"'],
    ['[vars_host_group_vars]\nstage = inventory\n', 'vars_host_group_vars.stage = inventory is not supported'],
    ['[defaults]\nhash_behaviour = merge\n', 'defaults.hash_behaviour = merge is not supported'],
  ] as const) {
    await writeFile(join(folder, 'ansible.cfg'), text);
    expect(() => read()).toThrow(message);
  }
});

test('a folder for roles below another home; files of hosts that failed', async () => {
  await writeFile(join(folder, 'ansible.cfg'), '[defaults]\nhome = else\nretry_files_save_path = ~/again\n');
  expect(read()).toMatchObject({ rolesPath: [join(folder, 'else/roles'), '/usr/share/ansible/roles', '/etc/ansible/roles'] });
  expect(read()).not.toHaveProperty('retryFiles');
  expect(read({ ANSIBLE_RETRY_FILES_ENABLED: 'yes' }).retryFiles).toEqual({ folder: join(home, 'again') });
  expect(read({ ANSIBLE_PRIVATE_KEY: 'canary', ANSIBLE_PRIVATE_KEY_PASSPHRASE: 'canary' }).warnings).toEqual([expect.stringMatching(/^ANSIBLE_PRIVATE_KEY is passed over: keys /), expect.stringMatching(/^ANSIBLE_PRIVATE_KEY_PASSPHRASE is passed over: a key /)]);
});

test('what is set and passed over is told, with its place', async () => {
  await writeFile(join(folder, 'ansible.cfg'), '[defaults]\nlog_path = x.log\n[inventory]\nenable_plugins = yaml, ini\n');
  expect(read({ ANSIBLE_EXECUTABLE: '/bin/zsh' }).warnings).toEqual([
    `${join(folder, 'ansible.cfg')}:4: inventory.enable_plugins = yaml, ini is passed over: lists of hosts, programs, YAML and INI are always read`,
    'ANSIBLE_EXECUTABLE = /bin/zsh is passed over: sh runs everything on the hosts',
    `${join(folder, 'ansible.cfg')}:2: defaults.log_path = x.log is passed over: each run leaves a directory of its own`,
  ]);
});

test('what concerns playbooks alone is refused or told where they are played, and nowhere else', async () => {
  await writeFile(join(folder, 'ansible.cfg'), '[defaults]\nstdout_callback = yaml\ncallbacks_enabled = timer\ngathering = smart\ndisplay_skipped_hosts = no\n');
  expect(read()).toMatchObject({ gathering: 'smart', shownResults: { skipped: false }, warnings: [] });
  expect(read({}, true).warnings).toEqual([
    `${join(folder, 'ansible.cfg')}:2: defaults.stdout_callback = yaml is passed over: output is that of the default callback, or --json`,
    `${join(folder, 'ansible.cfg')}:3: defaults.callbacks_enabled = timer is passed over: there are no callbacks; --events and --junit write files`,
  ]);
  expect(() => read({ ANSIBLE_GATHERING: 'often' })).toThrow('ANSIBLE_GATHERING must be implicit, explicit or smart, not "often"');
  for (const [line, message] of [
    ['ansible_managed = by {uid} on %Y', 'defaults.ansible_managed = by {uid} on %Y is not supported'],
    ['any_errors_fatal = yes', 'defaults.any_errors_fatal = yes is not supported'],
    ['strategy = free', 'defaults.strategy = free is not supported'],
  ] as const) {
    await writeFile(join(folder, 'ansible.cfg'), `[defaults]\n${line}\n`);
    expect(() => read({}, true)).toThrow(message);
    expect(read().warnings).toEqual([]);
  }
});
