// What ansible-core 2.19 does and 2.14, which is installed here, does not: expected are the tasks and results that Debian 13's ansible-playbook printed
// for the same playbooks.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { runPlaybook } from '../../src/playbook/run.js';
import { localSession } from './local-session.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-newer-'));
  const files = {
    'roles/handles/tasks/main.yml': '- command: echo\n  notify: handles\n',
    'roles/handles/handlers/main.yml': '- {name: handles, debug: {msg: handled}}\n- {name: hears, debug: {msg: heard}, listen: topic}\n',
    'roles/leaves/tasks/main.yml': "- block:\n    - {meta: end_role, when: inventory_hostname == 'a'}\n    - {name: rest, debug: {msg: x}}\n  always:\n    - {name: always, debug: {msg: x}}\n- {name: behind, debug: {msg: x}}\n",
    'roles/chosen/tasks/main.yml': "- debug: {msg: \"{{ item | dirname | basename }}\"}\n  with_first_found:\n    - \"{{ nowhere }}.yml\"\n    - files: [both.yml, second.yml]\n      paths: nowhere:vars\n- debug: {msg: \"{{ lookup('first_found', {'files': ['second.yml', 'both.yml'], 'paths': ['files', 'vars']}) | basename }}\"}\n- include_vars: \"{{ item }}\"\n  with_first_found: both.yml\n- debug: {msg: \"{{ where }}\"}\n- {debug: {msg: never}, with_first_found: [{files: nope, skip: true}]}\n",
    'roles/chosen/files/both.yml': 'where: files',
    'roles/chosen/vars/both.yml': 'where: vars',
    'roles/chosen/vars/second.yml': 'where: second',
    'roles/chosen/defaults/main.yml': 'kind: mai',
    'roles/parts/tasks/main.yml': '- debug: {msg: main}\n',
    'roles/parts/tasks/other.yml': '- debug: {msg: "other {{ kind | default(\'\') }}"}\n',
    'roles/parts/tasks/fails.yml': '- {name: fails, fail: {msg: no way}}\n',
    'roles/parts/vars/other.yml': 'kind: named',
    'vars/a-x.yml': 'suffix: y',
    'vars/b-y.yml': 'found: "{{ suffix }} seen"',
    'inventory.ini': 'a\nb\n[all:vars]\nof_all=yes\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** One line for each task and host that has something to tell: `task host status message`. */
async function told(tasks: string, hosts = 'a,'): Promise<string[]> {
  const path = join(folder, 'playbook.yml');
  await writeFile(path, `- hosts: all\n  gather_facts: false\n${tasks}`);
  const inventory = await loadInventory([hosts]);
  const lines: string[] = [];
  await runPlaybook(await loadPlaybook(path), {
    inventory,
    select: (pattern) => selectHosts(inventory, pattern),
    session: async (host) => localSession(host.name, { cwd: folder }),
    facts: () => Promise.reject(new Error('no facts here')),
    forks: 1,
    reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: ({ task, host, status, message, part }) => void (part !== 'loop' && lines.push(`${task} ${host} ${status} ${message}`.trim())), taskFinished: () => {}, warning: () => {}, note: (line) => lines.push(line) },
  });
  return lines;
}

const HANDLED = 'handles : handles a ok handled';

test.each([
  ['imported, then included', '  tasks:\n    - import_role: {name: handles}\n    - include_role: {name: handles}\n', 1],
  ['in roles, then included', '  roles: [handles]\n  tasks:\n    - include_role: {name: handles}\n', 1],
  ['included, then imported', '  tasks:\n    - include_role: {name: handles}\n    - import_role: {name: handles}\n', 1],
  ['included twice, flushed, and again', '  tasks:\n    - include_role: {name: handles}\n    - include_role: {name: handles}\n    - meta: flush_handlers\n    - include_role: {name: handles}\n', 2],
  ['imported, flushed, imported, included', '  tasks:\n    - import_role: {name: handles}\n    - meta: flush_handlers\n    - import_role: {name: handles}\n    - include_role: {name: handles, tasks_from: main}\n', 2],
])('handlers of a role that is used more than once: %s', async (_how, tasks, times) => {
  expect((await told(tasks)).filter((line) => line === HANDLED)).toHaveLength(times);
});

test("a role's topic may be notified with the role's name", async () => {
  const lines = await told('  tasks:\n    - import_role: {name: handles}\n    - command: echo\n      notify: "handles : topic"\n');
  expect(lines.slice(-2)).toEqual([HANDLED, 'handles : hears a ok heard']);
});

test('end_role ends the role on a host, with its always sections', async () => {
  const lines = await told('  roles: [leaves]\n  tasks: [{name: behind the role, debug: {msg: x}}]\n', 'a,b,');
  expect(lines.filter((line) => line.includes(' ok '))).toEqual(['leaves : rest b ok x', 'leaves : always b ok x', 'leaves : behind b ok x', 'behind the role a ok x', 'behind the role b ok x']);
});

test('break_when, and names of loop variables from templates', async () => {
  const lines = await told(`  vars: {thing: service, shown: inventory_hostname}
  tasks:
    - {debug: {msg: "{{ item }}"}, loop: [1, 2, 3], loop_control: {break_when: item >= 2}, register: said}
    - {debug: {msg: "{{ said.results | length }} {{ said.keys() | sort | join(' ') }}"}}
    - command: "echo {{ service }}"
      loop: [a, b, c]
      loop_control: {loop_var: "{{ thing }}", index_var: "{{ thing }}_number", break_when: ["said.stdout == 'b'", service_number > 0]}
      register: said
    - {debug: {msg: "{{ said.results | map(attribute='service') | join }} {{ said.results[1].ansible_index_var }}"}}
    - {debug: {var: "{{ shown }}"}}
    - {debug: {msg: "{{ lookup('flattened', [1, [2, [3]]], 4) | join }}"}}
`);
  expect(lines).toEqual(['debug a ok 1', 'debug a ok 2', 'debug a ok 2 changed msg results skipped', 'command a changed', 'command a changed', 'debug a ok ab service_number', 'debug a ok inventory_hostname: a', 'debug a ok 1234']);
});

test('a template may name a variable for debug, and makes no expression', async () => {
  const lines = await told("  tasks:\n    - {debug: {var: \"{{ 'lookup(1)' }}\"}, ignore_errors: true}\n");
  expect(lines[0]).toContain('"lookup(1)" is not the name of a variable');
});

test('meta as a handler', async () => {
  expect(await told("  tasks:\n    - {command: echo, notify: ends}\n    - meta: flush_handlers\n    - {debug: {msg: never}}\n  handlers:\n    - {name: ends, meta: end_host}\n")).toEqual(['command a changed']);
});

test('where first_found looks, and what it leaves out', async () => {
  expect(await told('  roles: [chosen]\n')).toEqual(['chosen : debug a ok vars', 'chosen : debug a ok both.yml', 'chosen : include_vars a ok', 'chosen : debug a ok vars', 'chosen : debug a skipped No items in the list']);
});

test('an import may be named by what is in the defaults of its role', async () => {
  await writeFile(join(folder, 'roles/leaves/tasks/named.yml'), '- import_tasks: "{{ kind }}n.yml"\n');
  await mkdir(join(folder, 'roles/leaves/defaults'), { recursive: true });
  await writeFile(join(folder, 'roles/leaves/defaults/main.yml'), 'kind: mai\n');
  expect(await told('  tasks:\n    - import_role: {name: leaves, tasks_from: named}\n', 'b,')).toContain('leaves : behind b ok x');
});

test('what is registered of a failure says that nothing has changed', async () => {
  const lines = await told(`  ignore_errors: true
  vars: {of: "{{ r.keys() | sort | join(' ') }}"}
  tasks:
    - {command: "echo {{ nobody }}", register: r}
    - {debug: {msg: "{{ of }}"}}
    - {template: {src: nope, dest: x}, register: r}
    - {debug: {msg: "{{ of }}"}}
    - {include_vars: nope.yml, register: r}
    - {debug: {msg: "{{ of }}"}}
    - {command: "false", register: r, failed_when: false}
    - {debug: {msg: "{{ of }}"}}
`);
  expect(lines.filter((line) => line.startsWith('debug')).map((line) => line.slice('debug a ok '.length))).toEqual([
    'changed exception failed msg',
    'changed exception failed msg',
    'ansible_facts ansible_included_var_files changed exception failed message msg',
    'changed cmd delta end failed failed_when_result failed_when_suppressed_exception msg rc start stderr stderr_lines stdout stdout_lines',
  ]);
});

test('pause says how long', async () => {
  expect(await told('  tasks: [{pause: {seconds: 1, prompt: x, echo: false}}]\n')).toEqual(['Pausing for 1 seconds (output is hidden)', "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r", 'pause a ok']);
});

test('items of a loop see what those before them have registered, and so does the label', async () => {
  const lines = await told(`  tasks:
    - {command: "test {{ item }} = b", loop: [a, b, c], register: said, failed_when: false, when: said is undefined or said.rc != 0, loop_control: {label: "{{ said.rc | default('none') }}"}}
    - {debug: {msg: "{{ said.results | map(attribute='skipped', default=false) | join(' ') }}"}}
    - {debug: {msg: "{{ ansible_loop.keys() | sort | join(' ') }}"}, loop: [1], loop_control: {extended: true, extended_allitems: false}}
    - {debug: {msg: "{{ now(fmt='%s') | int > 1700000000 }}"}}
`);
  expect(lines.filter((line) => !line.includes(' skipped '))).toEqual(['command a changed exit status 1', 'command a changed', 'debug a ok False False True', 'debug a ok first index index0 last length revindex revindex0', 'debug a ok true']);
});

test('with delegate_facts each item sets the facts of the host where it ran; localhost has variables although no inventory names it', async () => {
  const lines = await told(`  tasks:
    - {set_fact: {own: "{{ item }}!"}, delegate_to: "{{ item }}", delegate_facts: true, loop: [a, b, localhost], run_once: true}
    - {debug: {msg: "{{ [hostvars.a.own, hostvars.b.own, hostvars.localhost.own] | join }} {{ hostvars | list | join }} {{ hostvars.localhost.group_names | length }} {{ hostvars.localhost.of_all }}"}, when: inventory_hostname == 'a'}
`, join(folder, 'inventory.ini'));
  expect(lines.filter((line) => line.startsWith('debug'))).toEqual(['debug a ok a!b!localhost! ab 0 yes', "debug b skipped not here: inventory_hostname == 'a'"]);
});

test('include_role: which of a role\'s files is known when it is its turn: of facts, registered results, loop items; omit is main', async () => {
  const tasks = `  tasks:
    - set_fact: {file: "{{ 'other' if inventory_hostname == 'a' else 'main' }}"}
    - include_role: {name: parts, tasks_from: "{{ file }}.yml", vars_from: "{{ 'other' if file == 'other' else omit }}"}
    - include_role: {name: parts, tasks_from: "{{ item }}"}
      loop: [main, other]
      when: inventory_hostname == 'b'
    - include_role: {name: parts, tasks_from: "{{ nothing | default(omit) }}"}
      when: inventory_hostname == 'b'
`;
  // b has no vars/main.yml to read, and needs none.
  const lines = (await told(tasks, 'a,b,')).filter((line) => line.includes('debug'));
  expect(lines).toEqual(['parts : debug a ok other named', 'parts : debug b ok main', 'parts : debug b ok main', 'parts : debug b ok other', 'parts : debug b ok main']);
});

test('include with run_once: its tasks are for the first host alone, the others go on whatever becomes of them', async () => {
  const tasks = `  tasks:
    - include_role: {name: parts}
      run_once: true
    - include_role: {name: parts, tasks_from: fails}
      run_once: true
    - {name: after, debug: {msg: x}}
`;
  expect(await told(tasks, 'a,b,')).toEqual(['parts : debug a ok main', 'parts : fails a failed no way', 'after b ok x']);
});

test('a file that an item of include_vars has read says where the next one is', async () => {
  const tasks = '  vars: {suffix: x}\n  tasks:\n    - include_vars: "vars/{{ item }}-{{ suffix }}.yml"\n      loop: [a, b]\n    - debug: {msg: "{{ found }}"}\n';
  expect((await told(tasks)).at(-1)).toBe('debug a ok y seen');
});

// Two uses are one where they say the same, however they bring the role in.
test.each<[string, string, number]>([
  ['included, then imported', '    - include_role: {name: parts}\n    - import_role: {name: parts, allow_duplicates: false}\n', 1],
  ['imported with other variables', '    - include_role: {name: parts}\n    - import_role: {name: parts, allow_duplicates: false}\n      vars: {x: 1}\n', 2],
  ['included with the file that is read anyway', '    - include_role: {name: parts}\n    - include_role: {name: parts, tasks_from: main, allow_duplicates: false}\n', 2],
])('a role that runs once: %s', async (_what, tasks, times) => {
  expect((await told(`  tasks:\n${tasks}`)).filter((line) => line.endsWith('main'))).toHaveLength(times);
});

test('modules that left ansible.builtin are found under its names', async () => {
  const lines = await told("  tasks:\n    - {name: suse, ansible.legacy.zypper: {name: x}, when: false}\n    - {name: arch, ansible.builtin.pacman: {name: x}, when: false}\n");
  expect(lines).toEqual(['suse a skipped not here: false', 'arch a skipped not here: false']);
});

test('what a template printed: nothing is none, a single value keeps its kind; so do macros and blocks of set', async () => {
  const values = {
    a: '{% if false %}x{% endif %}', b: '{{ none }}{{ 5 }}', c: '{# c #}', d: '{% for i in [1] %}{{ i }}{% endfor %}', e: '{{ none }}x',
    f: '{% macro m() %}{% endmacro %}{{ m() is none }}', g: '{% set x %}{{ 5 }}{% endset %}{{ x is number }}', h: '{% macro m() %}{{ [1] }}{% endmacro %}{{ m() | first }}',
    i: '{% for i in [[1, []]] recursive %}{{ i[0] }}{{ loop(i[1]) is none }}{% endfor %}',
  };
  const lines = await told(`  vars: ${JSON.stringify(values)}\n  tasks:\n    - {debug: {msg: "{{ [${Object.keys(values).join(', ')}] | to_json }}"}}\n    - {debug: {msg: "{{ a }}"}}\n    - debug:\n`);
  expect(lines).toEqual(['debug a ok [null, 5, null, 1, "x", true, true, 1, "1True"]', 'debug a ok null', 'debug a ok Hello world!']);
});

test('a template file that is one value, and no text, ends without a line break; one that prints nothing is empty', async () => {
  const files = { number: '{{ 5 }}\n', list: '{{ [1] }}\n\n', nothing: '{% for i in [] %}\n[x]\n{% endfor %}\n', none: '{{ none }}\n', text: "{{ '' }}\n", plain: '\n' };
  await mkdir(join(folder, 'templates'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'templates', name), text);
  const lines = await told(`  tasks:
    - {template: {src: "{{ item }}", dest: "${folder}/of-{{ item }}"}, loop: [${Object.keys(files).join(', ')}]}
    - {debug: {msg: "{{ lookup('template', 'none') is none }} {{ lookup('template', 'plain') | length }}"}}
`);
  const made = await Promise.all(Object.keys(files).map((name) => readFile(join(folder, `of-${name}`), 'utf8')));
  expect(made).toEqual(['5', '[1]\n\n', '', '', '\n', '\n']);
  expect(lines.at(-1)).toBe('debug a ok True 1');
});

test('what filters make of something undefined is undefined until it is used', async () => {
  const lines = await told(`  vars: {v: "{{ (nope is defined) | ternary(nope | join(', '), 'no') }}", w: "{{ nope | upper }}"}
  tasks:
    - {debug: {msg: "{{ v }} {{ w | default('d') }} {{ w is defined }} {{ ['a', nope] | join | default('x') }} {{ 'a' | replace('a', nope) | default('y') }} {{ (nope | bool) | default(false) | ternary(1, 2) }}"}}
    - {debug: {msg: x}, when: (nope | length | default(0)) > 0}
    - {debug: {msg: x}, when: nope | bool, ignore_errors: true}
    - {debug: {msg: "{{ nope | upper }}"}, ignore_errors: true}
`);
  expect(lines[0]).toBe('debug a ok no d False x y 2');
  expect(lines.slice(1).map((line) => line.split(' ')[2])).toEqual(['skipped', 'ignored', 'ignored']);
});

test('meta that takes no condition is never skipped', async () => {
  expect(await told('  tasks:\n    - when: false\n      block:\n        - meta: noop\n        - {meta: end_play}\n    - {meta: refresh_inventory, when: false}\n')).toEqual(['meta a skipped not here: false']);
});

test('a backslash that stands alone in a command of free form joins lines', async () => {
  const lines = await told(`  tasks:
    - shell: |
        echo a \\
          | cat \\
        -
        echo 'b \\ c'
      register: piped
    - {debug: {msg: "{{ [piped.cmd, piped.stdout] | to_json }}"}}
    - command: >
        echo a
        \\
        b
      register: words
    - {debug: {msg: "{{ words.stdout }} {{ words.cmd | length }}"}}
`);
  expect(lines.filter((line) => line.startsWith('debug'))).toEqual(['debug a ok ["echo a  | cat -\\necho \'b \\\\ c\'\\n", "a\\nb \\\\ c"]', 'debug a ok a b 3']);
});

test('results of modules in check mode, of what a search found, of a folder that is not there', async () => {
  const lines = await told(`  ignore_errors: true
  tasks:
    - {command: echo, args: {creates: /etc/passwd}, check_mode: true, register: command}
    - {wait_for_connection: {}, check_mode: true, register: connection}
    - {wait_for: {path: /etc/passwd, search_regex: '^(r)(?P<rest>oot)(nope)?:'}, register: found}
    - {wait_for: {path: /etc/passwd}, check_mode: true, register: waits}
    - {tempfile: {path: /srv/none, prefix: "", suffix: .x}, register: temporary}
    - {ping: {data: crash}, register: crash}
    - debug:
        msg: "{{ [command.msg, connection.skipped, found.match_groups, found.match_groupdict, found.state, waits.msg, temporary.msg | regex_replace('[^/]*[.]x', 'X'), crash.msg] | to_json }}"
`);
  expect(lines.at(-1)).toBe(
    `debug a ok ["Would not run command since '/etc/passwd' exists", true, ["r", "oot", null], {"rest": "oot"}, "file", "remote module (wait_for) does not support check mode", "[Errno 2] No such file or directory: '/srv/none/X'", "Task failed: Module failed: boom"]`,
  );
});
