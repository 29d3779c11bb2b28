// fleet-tap run beside ansible-playbook: the same lines on standard output, byte for byte, and the same exit status; what it writes besides; lint.
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lint } from '../../src/commands/lint.js';
import { run, type RunCommandOptions } from '../../src/commands/run.js';
import { mayNotSkip, whyNoAnsible } from '../playbook/engines.js';
import { newPerson } from './person.js';

const cases = join(import.meta.dirname, '../cases/playbook/output');
const inventory = join(cases, 'inventory.ini');
const skipReason = whyNoAnsible();
const LIMIT_MS = 600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-output-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** One host after the other: the order of the lines is the inventory's. */
async function ours(playbooks: readonly string[], options: Partial<RunCommandOptions> = {}) {
  const person = await newPerson();
  const all = { inventory: [inventory], forks: 1, check: false, diff: false, forceHandlers: false, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false };
  const status = await run({ ...all, ...options, playbooks }, person.context);
  return { status, stdout: person.stdout(), stderr: person.stderr() };
}

async function theirs(words: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', ANSIBLE_CONFIG: join(import.meta.dirname, '../playbook/ansible.cfg'), ANSIBLE_NOCOLOR: '1', ANSIBLE_LOCAL_TEMP: join(folder, 'tmp'), ANSIBLE_REMOTE_TEMP: join(folder, 'tmp'), ...more };
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile('ansible-playbook', ['-f', '1', '-i', inventory, ...words], { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}

/** How long a command took, and when. */
const timeless = (text: string) => text.replace(/"(delta|start|end)": "[^"]*"/g, '"$1": …');

describe.skipIf(skipReason !== undefined && !mayNotSkip)(`as ansible-playbook prints it${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  test.concurrent.each(['lines', 'roles', 'max', 'endplay', 'dynamic', 'connection'])('%s', async (name) => {
    const playbook = join(cases, `${name}.yml`);
    const [their, our] = await Promise.all([theirs([playbook]), ours([playbook])]);
    expect(timeless(our.stdout), our.stderr).toBe(timeless(their.stdout));
    expect(our.status).toBe(their.status);
  }, LIMIT_MS);

  test.concurrent.each([
    ['display_skipped_hosts = no', 'lines', { ANSIBLE_DISPLAY_SKIPPED_HOSTS: 'no' }, { shownResults: { skipped: false } }],
    ['display_ok_hosts = no', 'lines', { ANSIBLE_DISPLAY_OK_HOSTS: 'no' }, { shownResults: { ok: false } }],
    ['both', 'dynamic', { ANSIBLE_DISPLAY_OK_HOSTS: 'no', ANSIBLE_DISPLAY_SKIPPED_HOSTS: 'no' }, { shownResults: { ok: false, skipped: false } }],
    ['display_failed_stderr, show_task_path_on_failure', 'lines', { ANSIBLE_DISPLAY_FAILED_STDERR: 'yes', ANSIBLE_SHOW_TASK_PATH_ON_FAILURE: 'yes' }, { shownResults: { failedToStderr: true, taskPath: true } }],
    ['gathering = explicit', 'gathering', { ANSIBLE_GATHERING: 'explicit' }, { gathering: 'explicit' }],
    ['gathering = smart', 'gathering', { ANSIBLE_GATHERING: 'smart' }, { gathering: 'smart' }],
    ['gathering', 'gathering', {}, {}],
    ['force_handlers', 'forced', { ANSIBLE_FORCE_HANDLERS: 'yes' }, { forceHandlers: true }],
  ] as const)('with the setting %s', async (_what, name, env, options) => {
    const playbook = join(cases, `${name}.yml`);
    const [their, our] = await Promise.all([theirs([playbook], env), ours([playbook], options)]);
    expect(timeless(our.stdout), our.stderr).toBe(timeless(their.stdout));
    expect(our.status).toBe(their.status);
    const failures = (text: string) => timeless(text).split('\n').filter((line) => /^(fatal|failed): /.test(line));
    expect(failures(our.stderr)).toEqual(failures(their.stderr));
  }, LIMIT_MS);

  test.concurrent.each([
    ['--tags', ['-t', 'imported,never'], { tags: ['imported,never'] }],
    ['--list-tasks', ['--list-tasks'], { listTasks: true }],
    ['--list-tags', ['--list-tags'], { listTags: true }],
  ] as const)('roles with %s', async (_what, words, options) => {
    const playbook = join(cases, 'roles.yml');
    const [their, our] = await Promise.all([theirs([playbook, ...words]), ours([playbook], options)]);
    // ansible-core 2.14 leaves out `never`, 2.19 lists it.
    const newer = (text: string) => (words[0] === '--list-tags' ? text.replace('TASK TAGS: [imported]', 'TASK TAGS: [imported, never]') : text);
    expect(timeless(our.stdout), our.stderr).toBe(newer(timeless(their.stdout)));
    expect(our.status).toBe(their.status);
  }, LIMIT_MS);

  test('ansible.cfg: names in patterns that nobody has, lines around a change, time for a task, files of hosts that failed', async () => {
    const here = join(folder, 'settings');
    await mkdir(here);
    const playbook = join(here, 'some.play.yml');
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
    await writeFile(playbook, `- hosts: all:nosuch:!nobody
  gather_facts: false
  tasks:
    - lineinfile: {path: ${join(here, 'file')}, regexp: 'line 5', line: changed}
      run_once: true
    - command: sleep 60
      ignore_errors: true
      register: slept
      when: inventory_hostname == 'one'
    - debug: {msg: "{{ slept is failed }}"}
    - fail: {msg: "no"}
      when: inventory_hostname == 'one'
- hosts: nosuch
`);
    const outcome = async (engine: () => Promise<{ status: number; stdout: string }>) => {
      await writeFile(join(here, 'file'), `${lines.join('\n')}\n`);
      await rm(join(here, 'again'), { recursive: true, force: true });
      const { status, stdout } = await engine();
      return { status, stdout: stdout.replace(/^(fatal: \[one\]: FAILED! => ).*\n\.\.\.ignoring$/m, '$1ignored'), again: await readFile(join(here, 'again/some.play.retry'), 'utf8') };
    };
    const settings = { ANSIBLE_HOST_PATTERN_MISMATCH: 'ignore', ANSIBLE_DIFF_CONTEXT: '1', ANSIBLE_TASK_TIMEOUT: '5', ANSIBLE_RETRY_FILES_ENABLED: 'yes', ANSIBLE_RETRY_FILES_SAVE_PATH: join(here, 'again') };
    const their = await outcome(() => theirs(['--diff', playbook], settings));
    const our = await outcome(() => ours([playbook], { diff: true, unknownNames: 'nobody', diffContext: 1, taskTimeoutSec: 5, retryFiles: { folder: join(here, 'again') } }));
    expect(our.stdout).toContain('@@ -5,3 +5,3 @@');
    expect(our.stdout).toContain(`to retry, use: --limit @${join(here, 'again/some.play.retry')}`);
    expect(our).toEqual(their);
  }, LIMIT_MS);

  test('what !unsafe marks and what a vault hides is no template, wherever it stands', async () => {
    const here = join(folder, 'literal');
    const vault = join(here, 'vault-password');
    const file = async (name: string, text: string): Promise<string> => {
      await mkdir(dirname(join(here, name)), { recursive: true });
      await writeFile(join(here, name), text);
      return join(here, name);
    };
    const encrypted = async (name: string, text: string): Promise<string> => {
      const path = await file(name, text);
      execFileSync('ansible-vault', ['encrypt', '--vault-password-file', vault, path], { stdio: 'ignore' });
      return path;
    };
    await file('vault-password', 'open sesame\n');
    const hidden = execFileSync('ansible-vault', ['encrypt_string', '--vault-password-file', vault, 'v {{ x }}'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).replaceAll('\n', '\n      ');
    const source = await file('hosts.yml', `all:\n  hosts: {h1: {ansible_connection: local}}\n  vars:\n    x: X\n    in_inventory: !unsafe "{{ x }}"\n    vault_in_inventory: ${hidden}\n    user: "{{ in_inventory }} {{ x }}"\n`);
    await file('group_vars/all.json', '{"in_group_vars": {"__ansible_unsafe": "{{ x }}"}, "rendered": "{{ x }}"}');
    await file('whole.yml', 'in_vars_file: !unsafe "{{ x }}"\n');
    await encrypted('secret.yml', 'in_secret_file: !unsafe "{{ x }}"\nsecret: "{{ x }}"\n');
    await encrypted('roles/r/defaults/main.yml', 'in_role: !unsafe "{{ x }}"\n');
    await encrypted('roles/r/templates/t.j2', 'from a template {{ x }}\n');
    await encrypted('roles/r/tasks/main.yml', `- debug: {var: in_role}\n- template: {src: t.j2, dest: ${join(here, 'rendered')}}\n`);
    const extra = await file('extra.yml', `in_extra: !unsafe "{{ x }}"\nvault_in_extra: ${hidden}\n`);
    const names = ['in_inventory', 'vault_in_inventory', 'user', 'in_group_vars', 'rendered', 'in_vars_file', 'in_secret_file', 'secret', 'in_play', 'vault_in_play', 'all_in_play', 'in_include', 'in_prompt', 'in_extra', 'vault_in_extra', 'in_json'];
    const playbook = await file('play.yml', `- hosts: h1
  gather_facts: false
  vars_files: [whole.yml, "{{ 'secret' }}.yml"]
  vars_prompt: [{name: in_prompt, default: !unsafe "{{ x }}", unsafe: true}]
  vars:
    in_play: !unsafe "{{ x }}"
    all_in_play: !unsafe {a: "{{ x }}", b: 5}
    vault_in_play: ${hidden}
  tasks:
    - include_vars: {file: secret.yml, name: in_include}
${names.map((name) => `    - debug: {var: ${name}}\n`).join('')}    - debug: {msg: !unsafe "{{ x }}"}
    - import_role: {name: r}
`);
    const extraVars = [`@${extra}`, '{"in_json": {"__ansible_unsafe": "{{ x }}"}}'];
    const their = await theirs(['-i', source, '--vault-password-file', vault, ...extraVars.flatMap((word) => ['-e', word]), playbook]);
    const theirText = await readFile(join(here, 'rendered'), 'utf8');
    await rm(join(here, 'rendered'));
    const our = await ours([playbook], { inventory: [source], vaultPasswordFile: [vault], extraVars });
    expect(our.stdout.match(/\{\{ x \}\}/g)).toHaveLength(16);
    expect(our.stdout, our.stderr).toBe(their.stdout);
    expect(theirText).toBe('from a template X\n');
    expect(await readFile(join(here, 'rendered'), 'utf8')).toBe(theirText);
  }, LIMIT_MS);
});

test('--json, --events and --junit tell the same', async () => {
  const [events, junit] = [join(folder, 'events.jsonl'), join(folder, 'junit.xml')];
  const { status, stdout } = await ours([join(cases, 'max.yml')], { json: true, events, junit });
  expect(status).toBe(2);
  const document = JSON.parse(stdout) as { plays: { play: object; tasks: { task: object; hosts: Record<string, object> }[] }[]; stats: Record<string, object> };
  expect(document.plays.map(({ tasks }) => tasks.map(({ hosts }) => hosts))).toMatchObject([[{ one: { failed: true, msg: 'one', action: 'fail' }, two: { skipped: true } }]]);
  expect(document.stats).toMatchObject({ one: { failures: 1, ok: 0 }, two: { skipped: 1 } });
  const lines = (await readFile(events, 'utf8')).trimEnd().split('\n').map((line) => JSON.parse(line) as { event: string; status?: string });
  expect(lines.map(({ event, status: what }) => [event, what].filter((one) => one !== undefined).join(' '))).toEqual(['play', 'task', 'result failed', 'result skipped', 'no_hosts', 'no_hosts', 'recap']);
  expect(await readFile(junit, 'utf8')).toMatch(/tests="2" failures="1"[\s\S]*<failure message="one">/);
});

test('every mistake is told, and no host is touched', async () => {
  const playbook = join(folder, 'wrong.yml');
  await mkdir(join(folder, 'roles/r/tasks'), { recursive: true });
  await writeFile(join(folder, 'roles/r/tasks/main.yml'), '- nosuchmodule: {}\n');
  await writeFile(playbook, `- hosts: all\n  roles: [r]\n  tasks:\n    - command: touch ${join(folder, 'touched')}\n    - {debug: {msg: x}, async: 5}\n`);
  const { status, stderr, stdout } = await ours([playbook]);
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain('roles/r/tasks/main.yml:1:3: the module "nosuchmodule" is not supported');
  expect(stderr).toContain('wrong.yml:5:25: the key "async" of a task is not supported');
  await expect(readFile(join(folder, 'touched'))).rejects.toThrow();

  const person = await newPerson();
  expect(await lint({ playbooks: [playbook], json: false }, person.context)).toBe(1);
  expect(person.stdout()).toContain('wrong.yml:4:7: supported\n');
  expect(person.stdout()).toMatch(/1 of 3 tasks are supported\n$/);
  const other = await newPerson();
  expect(await lint({ playbooks: [join(cases, 'roles.yml')], json: true }, other.context)).toBe(0);
  const told = JSON.parse(other.stdout()) as { supported: number; total: number; tasks: { dynamic?: boolean }[] };
  expect(told.supported).toBe(told.total);
  expect(told.tasks.some(({ dynamic }) => dynamic)).toBe(true);
});

test('a folded name, as it is printed, stands for its hosts in a play and in --limit too', async () => {
  const playbook = join(folder, 'folded.yml');
  await writeFile(playbook, "- hosts: web[01-02],db[1,3]\n  gather_facts: false\n  tasks: []\n- hosts: all:!web[01-03]\n  gather_facts: false\n  tasks: []\n");
  const options = { inventory: ['web01,web02,web03,db1,db2,db3,'], listHosts: true };
  const hostsOf = (stdout: string) => stdout.split('\n  play #').slice(1).map((play) => [...play.matchAll(/^ {6}(\S+)$/gm)].map(([, name]) => name).sort());
  expect(hostsOf((await ours([playbook], options)).stdout)).toEqual([['db1', 'db3', 'web01', 'web02'], ['db1', 'db2', 'db3']]);
  expect(hostsOf((await ours([playbook], { ...options, limit: 'db[2-3],web01' })).stdout)).toEqual([['db3', 'web01'], ['db2', 'db3']]);
});

test('without an inventory: plays for this machine are run, as Ansible runs them; others are refused', async () => {
  const local = join(folder, 'local.yml');
  await writeFile(local, '- hosts: localhost\n  gather_facts: false\n  tasks:\n    - command: echo here\n- hosts: 127.0.0.1\n  gather_facts: false\n  tasks:\n    - debug: {msg: "{{ nothing }}"}\n      ignore_errors: true\n');
  const our = await ours([local], { inventory: [] });
  expect(our.stdout).toContain('changed: [localhost]\n');
  expect(our.stdout).toContain(`fatal: [127.0.0.1]: FAILED! => {"msg": "'nothing' is undefined"}`);
  expect(our.status).toBe(0);
  const remote = join(folder, 'remote.yml');
  await writeFile(remote, '- hosts: localhost\n  gather_facts: false\n  tasks: []\n- hosts: all\n  tasks: []\n');
  await expect(ours([remote], { inventory: [] })).rejects.toMatchObject({ code: 'inventory-missing' });
});

test('where a failure stands is told on standard error, once for all its hosts', async () => {
  const playbook = join(folder, 'placed.yml');
  await writeFile(playbook, "- hosts: all\n  gather_facts: false\n  tasks:\n    - {debug: {msg: '{{ nothing }}'}, when: inventory_hostname != 'c'}\n    - {command: 'false', no_log: true}\n");
  const { status, stderr } = await ours([playbook], { inventory: ['a1,a2,c,'], connectionVars: { ansible_connection: 'local' } });
  expect(status).toBe(2);
  expect(stderr).toContain(`a[1-2]: ${playbook}:4:25: debug: 'nothing' is undefined [expression-undefined]\n    4 |     - {debug: {msg: '{{ nothing }}'}`);
  expect(stderr).toContain(`c: ${playbook}:5:7: command: failed; its output is hidden (no_log) [task-failed]\n`);
});

test('ansible_facts keeps ansible_local under that name', async () => {
  await mkdir(join(folder, 'facts.d'));
  await writeFile(join(folder, 'facts.d/site.fact'), '{"tier": 2}');
  const playbook = join(folder, 'local-facts.yml');
  await writeFile(playbook, `- hosts: localhost\n  gather_facts: false\n  tasks:\n    - setup: {fact_path: ${join(folder, 'facts.d')}}\n    - debug: {msg: "{{ [ansible_local, ansible_facts.ansible_local, ansible_facts.local is defined] | to_json }}"}\n`);
  const { stdout, stderr } = await ours([playbook], { inventory: [] });
  // Of debug the lines tell no `changed`, the document does.
  expect(JSON.parse((await ours([playbook], { inventory: [], json: true })).stdout)).toMatchObject({ plays: [{ tasks: [{}, { hosts: { localhost: { action: 'debug', changed: false } } }] }] });
  expect(stdout, stderr).toContain(String.raw`"msg": "[{\"site\": {\"tier\": 2}}, {\"site\": {\"tier\": 2}}, false]"`);
});

test('--list-hosts: a group that group_by brings has no hosts yet; an unknown name has its place', async () => {
  const playbook = join(folder, 'brought.yml');
  await writeFile(playbook, '- hosts: all\n  tasks: [{group_by: {key: found}}]\n- hosts: found\n  tasks: []\n');
  expect((await ours([playbook], { listHosts: true })).stdout).toContain("(found): found\tTAGS: []\n    pattern: ['found']\n    hosts (0):\n");
  await writeFile(playbook, '- hosts: all\n  tasks: []\n- hosts: [all, nobody]\n  tasks: []\n');
  await expect(ours([playbook])).rejects.toMatchObject({ code: 'pattern-unknown', place: { line: 3, column: 10 } });
});

test('how a host is reached can be used in tasks, whoever says it; a delegate is told with its address (as ansible-core 2.19)', async () => {
  const hosts = join(folder, 'reached.ini');
  await writeFile(hosts, '[all:vars]\nansible_connection=local\n[some]\nh1\nh2 ansible_user=inv ansible_port=99 ansible_host=1.2.3.4\nh3 ansible_ssh_user=sshinv ansible_ssh_port=98\n[others]\nother ansible_host=9.9.9.9 ansible_user=ou\n');
  const playbook = join(folder, 'reached.yml');
  const said = `{{ ansible_user | default('-') }} {{ ansible_ssh_user | default('-') }} {{ ansible_port | default('-') }} {{ ansible_host }}`;
  await writeFile(playbook, `- hosts: some
  gather_facts: false
  vars: {home: "/home/{{ ansible_user | default('-') }}"}
  tasks:
    - debug: {msg: "${said} {{ home }} {{ ansible_timeout }} {{ hostvars[inventory_hostname].ansible_user | default('none') }}"}
    - debug: {msg: "{{ ansible_user }}"}
      remote_user: task
    - debug: {msg: "${said}"}
      delegate_to: other
`);
  const messages = (stdout: string) => [...stdout.matchAll(/"msg": "(.*)"/g)].map(([, message]) => message);
  const our = await ours([playbook], { inventory: [hosts], user: 'cli' });
  expect(messages(our.stdout), our.stderr).toEqual([
    'cli cli - h1 /home/cli 10 none', 'inv inv 99 1.2.3.4 /home/inv 10 inv', 'sshinv sshinv 98 h3 /home/sshinv 10 none',
    'task', 'inv', 'sshinv',
    'ou ou - 9.9.9.9', 'inv ou 99 1.2.3.4', 'ou sshinv - 9.9.9.9',
  ]);
  expect(our.stdout).toContain('ok: [h1 -> other(9.9.9.9)] => {\n');
  expect(messages((await ours([playbook], { inventory: [hosts], limit: 'h1' })).stdout)[0]).toBe('- - - h1 /home/- 10 none');
});
