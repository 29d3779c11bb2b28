// What ansible-core 2.19 does and 2.14, which is installed here, does not: expected are the tasks and results that Debian 13's ansible-playbook printed
// for the same playbooks.
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TaskResultEvent } from '../../src/base/playbook-events.js';
import { parseFacts } from '../../src/facts/gather.js';
import type { Facts } from '../../src/facts/facts.js';
import { HostFiles, renderFiles } from '../../src/facts/host-files.js';
import { loadInventory } from '../../src/inventory/load.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { formatStats } from '../../src/playbook/custom-stats.js';
import { runPlaybook, startRun } from '../../src/playbook/run.js';
import { resultEvent } from '../../src/playbook/result-events.js';
import { DONE } from '../../src/playbook/task-result.js';
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
    'chosen/own.yml': 'first: 1',
    'elsewhere/linked.yml': 'second: 2',
    'vars/a-x.yml': 'suffix: y',
    'vars/b-y.yml': 'found: "{{ suffix }} seen"',
    'roles/deep/tasks/main.yml': '- include_tasks: sub/first.yml\n',
    'roles/deep/tasks/next.yml': '- debug: {msg: top}\n',
    'roles/deep/tasks/sub/first.yml': '- include_tasks: next.yml\n- import_tasks: next.yml\n- include_tasks: only.yml\n',
    'roles/deep/tasks/sub/next.yml': '- debug: {msg: sub}\n',
    'roles/deep/tasks/sub/only.yml': '- debug: {msg: only there}\n',
    'inventory.ini': 'a\nb\n[all:vars]\nof_all=yes\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Of the last playbook that `told` has played. */
let exitStatus: number;

/** One line for each task and host that has something to tell: `task host status message`. */
async function told(tasks: string, hosts = 'a,', warned: string[] = [], { seen = () => {}, facts }: { seen?: (event: TaskResultEvent) => void; facts?: Facts } = {}): Promise<string[]> {
  const path = join(folder, 'playbook.yml');
  await writeFile(path, `- hosts: all\n  gather_facts: false\n${tasks}`);
  const inventory = await loadInventory([hosts]);
  const lines: string[] = [];
  const tell = (event: TaskResultEvent): void => {
    if (event.part === 'loop') return;
    seen(event);
    lines.push(`${event.task} ${event.host} ${event.status} ${event.message}`.trim());
  };
  const outcome = await runPlaybook(await loadPlaybook(path), {
    inventory,
    select: (pattern, known) => selectHosts(known, pattern),
    session: async (host) => localSession(host.name, { cwd: folder }),
    facts: () => (facts === undefined ? Promise.reject(new Error('no facts here')) : Promise.resolve(facts)),
    forks: 1,
    reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: tell, taskFinished: () => {}, warning: (line) => warned.push(line), note: (line) => lines.push(line) },
  });
  ({ exitStatus } = outcome);
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

test('options in the first line of a template file: a text is neither True nor False, and a line of its own they need', async () => {
  const files = { quoted: '#jinja2: trim_blocks: "true"\n{% if true %}\nx\n{% endif %}\n', bare: '#jinja2: trim_blocks: False, lstrip_blocks: True\n  {% if true %}\nx\n{% endif %}\n', alone: '#jinja2: trim_blocks: True' };
  await mkdir(join(folder, 'templates'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'templates', name), text);
  const lines = await told(`  tasks:
    - {template: {src: quoted, dest: "${folder}/of-quoted"}, ignore_errors: true}
    - {template: {src: alone, dest: "${folder}/of-alone"}, ignore_errors: true}
    - {template: {src: bare, dest: "${folder}/of-bare"}}
    - {debug: {msg: "{{ lookup('template', 'quoted') }}"}}
`);
  const quoted = 'the option trim_blocks: "true" in the first line (#jinja2:) is not supported';
  expect(lines.filter((line) => !line.includes(' changed'))).toEqual([expect.stringContaining(`template a ignored ${quoted}`), expect.stringContaining('template a ignored behind the options of the first line (#jinja2:) no other line follows'), expect.stringContaining(`debug a failed ${quoted}`)]);
  expect(await readFile(join(folder, 'of-bare'), 'utf8')).toBe('\nx\n');
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

test('a condition that is a list with something undefined, or a method that nobody called, is a mistake in words', async () => {
  const lines = await told(`  vars: {map: {a: 1}}
  ignore_errors: true
  tasks:
    - {debug: {msg: x}, when: '[nope]'}
    - {debug: {msg: x}, when: map.keys}
`);
  expect(lines).toEqual(["debug a ignored 'nope' is undefined", 'debug a ignored the condition is neither true nor false but the function']);
});

test('keys that are numbers or true stay what they are in facts that are set, loops, files of variables and results', async () => {
  await writeFile(join(folder, 'keyed.yml'), 'read: {true: a, 12: c, 11: d, x: 1, 1.5: f}\n');
  const lines = await told(`  vars: {ports: [80, 443], names: [http, https]}
  tasks:
    - set_fact: {map: "{{ dict(ports | zip(names)) }}", own: {true: a, 12: c, 11: d}}
    - debug: {msg: "{{ [map[80], map | list, 80 in map, '80' in map, own[true], own | list] }}"}
    - {debug: {msg: "{{ [item | type_debug, item | list] }}"}, loop: "{{ [map] }}"}
    - {debug: {msg: "{{ item.key | type_debug }}{{ item.value }}"}, with_dict: "{{ map }}"}
    - {debug: {msg: "{{ [x | combine({8080: 'alt'}) | list, map] }}"}, vars: {x: "{{ map }}"}}
    - include_vars: keyed.yml
    - debug: {msg: "{{ [read[true], read[12], read[1.5], read | list] }}"}
    - {set_fact: {changed: "{{ map.update({22: 'ssh'}) }}{{ map | list }}", both: "{{ map }}"}}
    - debug: {msg: "{{ [changed, both] }}"}
`);
  const said = lines.filter((line) => line.startsWith('debug')).map((line) => line.slice('debug a ok '.length).replaceAll(/\n */g, '').replaceAll('": ', '":'));
  expect(said).toEqual(['["http",[80,443],true,false,"a",[true,12,11]]', '["dict",[80,443]]', 'inthttp', 'inthttps', '[[80,443,8080],{"80":"http","443":"https"}]', '["a","c","f",[true,12,11,"x",1.5]]', '[[80,443,22],{"80":"http","443":"https"}]']);
});

test('modes that are true or empty: 1, and none', async () => {
  await mkdir(join(folder, 'moded/below'), { recursive: true });
  await writeFile(join(folder, 'moded/below/f'), 'a\n');
  const lines = await told(`  tasks:
    - {copy: {src: moded/, dest: moded-true/, directory_mode: true}}
    - {copy: {src: moded/, dest: moded-none/, directory_mode: ""}}
    - {stat: {path: moded-true/below}, register: one}
    - {stat: {path: moded-none/below}, register: other}
    - {debug: {msg: "{{ one.stat.mode }} {{ other.stat.mode }}"}}
`);
  expect(lines.at(-1)).toMatch(/^debug a ok 0001 07[057][057]$/);
});

test('tuples print as lists in a text, also inside of others, and in files; alone and in expressions they stay what they are', async () => {
  await writeFile(join(folder, 'alone.j2'), '{{ 1, (2, 3) }}\n');
  await writeFile(join(folder, 'items.j2'), "{{ {'a': 1}.items() }}\n");
  const lines = await told(`  vars: {pair: "{{ 'a.b' | splitext }}"}
  tasks:
    - debug: {msg: "is {{ (1, 2) }} {{ pair }} {{ {'k': (1,)} }} {{ [1] | zip([2]) }} {{ {'a': 1}.items() }}"}
    - debug: {msg: "is {{ (1, 2) | string }} {{ (1, 2) ~ 'x' }} {{ pair | type_debug }}"}
    - debug: {msg: "{% for one in [1] | zip([2]) %}{{ one }} {{ one | string }} {% endfor %}"}
    - debug: {msg: "{{ lookup('template', 'alone.j2') }}|{{ lookup('template', 'items.j2') }}"}
`);
  expect(lines).toEqual(["debug a ok is [1, 2] ['a', '.b'] {'k': [1]} [[1, 2]] [['a', 1]]", 'debug a ok is (1, 2) (1, 2)x tuple', 'debug a ok [1, 2] (1, 2)', "debug a ok [1, [2, 3]]|[['a', 1]]"]);
});

test('a failure of a module that says nothing has the message of one that is unknown', async () => {
  const lines = await told(`  tasks:
    - {set_fact: {x: 1}, failed_when: true, ignore_errors: true, register: set}
    - {stat: {path: /nope}, until: r.stat.exists, retries: 1, delay: 0, ignore_errors: true, register: r}
    - {stat: {path: /}, changed_when: asked.nokey, ignore_errors: true, register: asked}
    - {command: 'true', failed_when: true, ignore_errors: true, register: command}
    - {name: says, debug: {msg: "{{ [set.msg, r.msg, asked.msg, command.msg] | join('|') }}, {{ asked.exception is defined }}"}}
`);
  const unknown = 'Task failed: Action failed: Unknown error.';
  expect(lines.at(-1)).toBe(`says a ok ${unknown}|${unknown}|${unknown}|, True`);
});

test('include_vars: what is wrong stands in message; folders are read through symbolic links', async () => {
  await symlink('../elsewhere', join(folder, 'chosen/link')).catch(() => {});
  const lines = await told(`  tasks:
    - {include_vars: {dir: nowhere}, ignore_errors: true, register: missing}
    - {include_vars: {dir: chosen, extensions: [json], name: mine}, ignore_errors: true, register: other}
    - {name: says, debug: {msg: "{{ missing.message | basename }}, {{ other.message | basename }}, {{ other.ansible_facts }}, {{ missing.msg }}"}}
    - include_vars: {dir: chosen}
    - {name: has, debug: {msg: "{{ first }} {{ second }}"}}
`);
  expect(lines.filter((line) => /^(says|has) /.test(line))).toEqual(["says a ok nowhere directory does not exist, own.yml does not have a valid extension: json, {'mine': {}}, Task failed: Action failed: Unknown error.", 'has a ok 1 2']);
});

test('with_together and with_nested of nothing fail; an undefined loop below a false condition is skipped by it', async () => {
  const lines = await told(`  tasks:
    - {name: together, debug: {}, with_together: [], ignore_errors: true}
    - {name: nested, debug: {}, with_nested: [], ignore_errors: true}
    - {name: undefined, debug: {}, loop: "{{ nowhere }}", when: nowhere is defined, register: r}
    - {name: says, debug: {msg: "{{ r.false_condition }}"}}
`);
  expect(lines).toEqual(['together a ignored with_together requires at least one element in each list', 'nested a ignored with_nested requires at least one element in the nested list', 'undefined a skipped not here: nowhere is defined', 'says a ok nowhere is defined']);
});

test('all variables of a host can be written as JSON and YAML, without omit', async () => {
  const lines = await told('  tasks:\n    - debug: {msg: "{{ hostvars.a | to_json | from_json is contains(\'omit\') }} {{ hostvars.a | to_nice_yaml is search(\'omit\') }} {{ (vars | to_json | from_json).inventory_hostname }}"}\n');
  expect(lines).toEqual(['debug a ok False False a']);
});

test('clear_host_errors: a host that has failed is there again in the next play', async () => {
  const lines = await told(`  tasks:
    - {name: fails, command: 'false', when: inventory_hostname == 'b'}
    - meta: clear_host_errors
    - {name: behind, debug: {msg: x}}
  post_tasks: [{name: after, debug: {msg: x}}]
- hosts: all
  gather_facts: false
  tasks: [{name: next, debug: {msg: x}}]
`, 'a,b,');
  expect(lines.filter((line) => line.includes(' ok '))).toEqual(['behind a ok x', 'after a ok x', 'next a ok x', 'next b ok x']);
});

test('clear_host_errors in the always section of what has failed: the host goes on in the play, and its failure counts no more', async () => {
  const play = `  tasks:
    - block:
        - block: [{name: fails, command: 'false', when: inventory_hostname == 'a'}]
          any_errors_fatal: true
      always:
        - block: [{meta: clear_host_errors}]
    - {name: behind, debug: {msg: x}}
`;
  expect((await told(play, 'a,b,')).filter((line) => line.includes(' ok '))).toEqual(['behind a ok x', 'behind b ok x']);
  expect(exitStatus).toBe(0);
  await told(`${play}    - {command: 'false', when: inventory_hostname == 'b'}\n`, 'a,b,');
  expect(exitStatus).toBe(2);
});

test('ansible_delegated_vars: the host that a task is delegated to, its templates rendered here; callbacks get how it is reached, as it is written', async () => {
  const reached: unknown[] = [];
  const lines = await told(`  vars: {near: 1.2.3.4}
  tasks:
    - add_host: {name: b, ansible_host: 127.0.0.1, v: 2}
    - debug: {msg: "{{ ansible_delegated_vars.keys() | list }} {{ ansible_delegated_vars.b.v }} {{ ansible_delegated_vars.b.inventory_hostname }} {{ ansible_delegated_vars.b.ansible_host }} {{ ansible_delegated_vars.b.ansible_port is none }} {{ ansible_delegated_vars.b.near }}"}
      delegate_to: b
    - {debug: {msg: "{{ item in ansible_delegated_vars }} {{ ansible_delegated_vars | length }}"}, delegate_to: "{{ item }}", loop: [a, b]}
    - {debug: {msg: "{{ ansible_delegated_vars is defined }}"}}
    - {debug: {msg: x}, delegate_to: b, when: ansible_delegated_vars.b.v == 2, vars: {ansible_host: "{{ near }}"}}
    - {debug: {msg: x}, delegate_to: b, when: nobody, ignore_errors: true}
    - {debug: {msg: x}, delegate_to: c}
`, 'a,', [], { seen: ({ delegatedTo, delegatedVars }) => reached.push([delegatedTo, delegatedVars?.ansible_host]) });
  expect(lines).toEqual(['add_host a changed', "debug a ok ['b'] 2 a 127.0.0.1 True 1.2.3.4", 'debug a ok True 1', 'debug a ok True 1', 'debug a ok false', 'debug a ok x', "debug a ignored 'nobody' is undefined", 'debug a ok x']);
  expect(reached).toEqual([[undefined, undefined], ['b', '127.0.0.1'], [undefined, 'a'], ['b', '127.0.0.1'], [undefined, undefined], ['b', '{{ near }}'], ['b', undefined], ['c', 'c']]);
});

test('a file or role of an include that is not there: a failure that a rescue forgives but counts, told with its reason, and not for a loop', async () => {
  const results: unknown[] = [];
  const lines = await told(`  vars: {file: none.yml, role: none}
  tasks:
    - block: [{include_tasks: "{{ file }}"}]
      rescue: [{debug: {msg: "{{ ansible_failed_result is defined }}"}}]
    - block: [{include_role: {name: "{{ role }}"}}]
      rescue: [{debug: {msg: rescued}}]
    - block: [{include_tasks: "{{ item }}", loop: [none.yml]}]
      rescue: [{debug: {msg: rescued}}]
    - {debug: {msg: end}}
`, 'a,', [], { seen: ({ result, status }) => status === 'failed' && results.push(result) });
  expect(lines).toEqual(['include_tasks a failed there is no file none.yml', 'debug a ok false', 'include_role : {{ role }} a failed there is no role none', 'debug a ok rescued', 'debug a ok rescued', 'debug a ok end']);
  expect(results).toEqual([{ changed: false, include: 'none.yml', reason: 'there is no file none.yml' }, { changed: false, reason: 'there is no role none' }]);
  expect(exitStatus).toBe(0);
  const ignored = await told(`  vars: {file: none.yml}\n  tasks:\n    - {include_tasks: "{{ file }}", ignore_errors: true}\n    - {debug: {msg: on}}\n`);
  expect(ignored).toEqual(['include_tasks a failed there is no file none.yml']);
  await writeFile(join(folder, 'broken.yml'), '- debug: {msg: x}\n  wehn: true\n');
  await expect(told(`  vars: {file: broken.yml}\n  tasks:\n    - block: [{include_tasks: "{{ file }}"}]\n      rescue: [{debug: {msg: rescued}}]\n`)).rejects.toThrow('a task has no key "wehn"');
});

test('keys with nothing behind them: as if not there, or false', async () => {
  const empty = ['when', 'register', 'until', 'retries', 'loop', 'args', 'become', 'check_mode', 'diff', 'no_log', 'ignore_errors', 'run_once', 'any_errors_fatal', 'delegate_facts'].map((key) => `      ${key}:\n`).join('');
  const lines = await told(`  become:\n  order:\n  vars_files:\n  force_handlers:\n  tasks:\n    - debug: {msg: x}\n${empty}    - {command: echo, notify: h, loop_control: {label: , pause: , extended: }, loop: [1]}\n  handlers:\n    - {name: h, debug: {msg: handled}, listen: }\n`);
  expect(lines).toEqual(['debug a ok x', 'command a changed', 'h a ok handled']);
});

test('a role may lie beside roles/, and is called as it is written; by another name it is another role', async () => {
  const lines = await told('  roles: [../elsewhere/../roles/parts, parts, parts]\n  tasks:\n    - include_role: {name: ../roles/parts}\n');
  expect(lines).toEqual(['../elsewhere/../roles/parts : debug a ok main', 'parts : debug a ok main', '../roles/parts : debug a ok main']);
});

test('run_once: what it registers and sets is known to all of the batch, also to hosts that are elsewhere', async () => {
  const lines = await told(`  tasks:
    - block:
        - {fail: {msg: x}, when: inventory_hostname == 'b'}
      rescue:
        - {command: echo 1, run_once: true, register: r}
        - {set_fact: {who: "{{ inventory_hostname }}"}, run_once: true}
    - {name: says, debug: {msg: "{{ r.stdout }} {{ who }}"}}
`, 'a,b,c,');
  expect(lines.filter((line) => line.startsWith('says'))).toEqual(['says a ok 1 b', 'says b ok 1 b', 'says c ok 1 b']);
});

test('group_by with localhost, which no inventory names: it is in that group, and not in all', async () => {
  const path = join(folder, 'grouped.yml');
  await writeFile(path, `- hosts: localhost
  gather_facts: false
  tasks:
    - {group_by: {key: "of_{{ inventory_hostname }}", parents: above}}
    - {debug: {msg: "{{ groups.all }} {{ groups.of_localhost }} {{ groups.above }} {{ group_names }} {{ hostvars.keys() | list }}"}}
- {hosts: of_localhost, gather_facts: false, tasks: [{debug: {msg: "{{ ansible_connection }} {{ group_names }}"}}]}
- {hosts: all, gather_facts: false, tasks: [{debug: {msg: all}}]}
- {hosts: above, gather_facts: false, tasks: [{debug: {msg: above}}]}
`);
  const said: string[] = [];
  const local = { name: 'localhost', groups: [], vars: { ansible_connection: 'local' } };
  await runPlaybook(await loadPlaybook(path), {
    inventory: await loadInventory(['a,']),
    select: (pattern, known) => selectHosts(known.hosts.some(({ name }) => name === 'localhost') ? known : { ...known, hosts: [...known.hosts, local] }, pattern),
    session: async (host) => localSession(host.name, { cwd: folder }),
    facts: () => Promise.reject(new Error('no facts here')),
    forks: 1,
    reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: ({ host, message }) => void said.push(`${host} ${message}`), taskFinished: () => {}, warning: () => {} },
  });
  expect(said.slice(1)).toEqual(["localhost ['a'] ['localhost'] ['localhost'] ['above', 'of_localhost'] ['a']", "localhost local ['above', 'of_localhost']", 'a all', 'localhost above']);
});

test('include_vars tells the files with the ./ and ../ that are written', async () => {
  const lines = await told(`  tasks:
    - {include_vars: "{{ item }}", loop: [./vars/a-x.yml, a-x.yml, vars/../vars/a-x.yml], register: read}
    - {include_vars: {dir: ./vars/, files_matching: a-x}, register: folder}
    - {debug: {msg: "{{ (read.results | map(attribute='ansible_included_var_files') | flatten + folder.ansible_included_var_files) | map('replace', playbook_dir, '') | join(' ') }}"}}
`);
  expect(lines.at(-1)).toBe('debug a ok /./vars/a-x.yml /vars/a-x.yml /vars/../vars/a-x.yml /./vars/a-x.yml');
});

test('a task that reaches nobody asks nothing of the connection', async () => {
  const path = join(folder, 'unreached.yml');
  await writeFile(path, '- hosts: all\n  gather_facts: false\n  tasks: [{set_fact: {x: 1}}]\n');
  const never = () => {
    throw new Error('asked');
  };
  const inventory = await loadInventory(['a,']);
  const outcome = await runPlaybook(await loadPlaybook(path), { inventory, select: (pattern, known) => selectHosts(known, pattern), session: never, isLocal: never, facts: never, forks: 1, reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: () => {}, taskFinished: () => {}, warning: () => {} } });
  expect(outcome.exitStatus).toBe(0);
});

test('whole numbers of parameters: as Ansible converts them; those of pause lose their fraction', async () => {
  const lines = await told(`  tasks:
    - {wait_for: {timeout: "{{ item }}"}, loop: ["{{ 0 / 2 }}", "0.0", "0.", " 0 ", false, 0e0]}
    - {wait_for: {timeout: "{{ 1 / 2 }}"}, ignore_errors: true}
    - {pause: {seconds: "{{ 1.7 }}"}}
    - {pause: {seconds: "{{ '1.0' }}"}, ignore_errors: true}
`);
  expect(lines).toEqual([...Array<string>(6).fill('wait_for a ok'), 'wait_for a ignored timeout: 0.5 is not a whole number', 'Pausing for 1 seconds', 'pause a ok', 'pause a ignored seconds: "1.0" is not a whole number']);
});

test('switches of a role that is included or imported may be templates over what is known before the run', async () => {
  const lines = await told(`  vars: {never: false}
  tasks:
    - import_role: {name: parts, allow_duplicates: "{{ never | bool }}"}
    - import_role: {name: parts, allow_duplicates: "{{ never | bool }}"}
    - include_role: {name: parts, public: "{{ never }}", rolespec_validate: "{{ never }}"}
`);
  expect(lines.filter((line) => line.endsWith('ok main'))).toHaveLength(2);
});

test('days and times of YAML are what Python makes of them', async () => {
  const lines = await told(`  vars: {d: 2001-12-14, t: 2001-12-14 21:59:43.10 -5, n: 2001-12-14 21:59:43, z: 2001-12-14T21:59:43Z, m: {a: 2001-12-14, l: [2001-12-14 01:02:03]}}
  tasks:
    - debug: {msg: "x {{ d }} {{ t }} {{ n }} {{ z }} {{ m }}"}
    - debug: {msg: "{{ t }}"}
    - debug: {msg: "{{ m | to_json }} {{ m | to_nice_yaml }}"}
    - debug: {msg: "{{ [d, t, (m | to_json | from_json).a, ('a: 2001-12-14' | from_yaml).a, ('--- 2001-12-14 01:02:03' | from_yaml_all)[0]] | map('type_debug') | join(' ') }}"}
    - debug: {msg: "{{ d.year }} {{ d.strftime('%Y') }} {{ (n - n).days }} {{ d.isoformat() }} {{ z.strftime('%z %Z') }} {{ t.strftime('%z %Z') }} {{ z > t }} {{ t.date() == d }}"}
    - debug: {msg: "{{ d == '2001-12-14' }} {{ d | regex_replace('-', '.') }} {{ d ~ 'x' }} {{ d in ['2001-12-14'] }} {{ d | int }} {{ d is string }} {{ d is mapping }}"}
    - {debug: {msg: "{{ n > z }}"}, ignore_errors: true}
    - {debug: {msg: "{{ d | length }}"}, ignore_errors: true}
    - command: {argv: [echo, "{{ d }}", 2001-12-14, 2001-12-14 01:02:03]}
      register: said
    - set_fact: {f: "{{ n }}", g: 2001-12-14}
    - debug: {msg: "{{ said.stdout }} {{ f | type_debug }} {{ f }} {{ g | type_debug }} {{ g }}"}
    - copy: {content: "{{ t }}", dest: ${folder}/time}
    - slurp: {src: ${folder}/time}
      register: read
    - debug: {msg: "{{ read.content | b64decode }}"}
    - {copy: {content: "{{ m }}", dest: ${folder}/time}, ignore_errors: true}
    - {debug: {msg: hey}, loop: [2001-12-14, "{{ n }}"], register: looped}
    - debug: {msg: "{{ looped.results | map(attribute='item') | join(' ') }}"}
`);
  expect(lines.filter((line) => line.startsWith('debug'))).toEqual([
    "debug a ok x 2001-12-14 2001-12-14 21:59:43.100000-05:00 2001-12-14 21:59:43 2001-12-14 21:59:43+00:00 {'a': datetime.date(2001, 12, 14), 'l': [datetime.datetime(2001, 12, 14, 1, 2, 3)]}",
    'debug a ok 2001-12-14T21:59:43.100000-05:00',
    'debug a ok {"a": "2001-12-14", "l": ["2001-12-14T01:02:03"]} a: 2001-12-14\nl:\n- 2001-12-14 01:02:03',
    'debug a ok date datetime str date datetime',
    'debug a ok 2001 2001 0 2001-12-14 +0000 UTC -0500 UTC-05:00 False True',
    'debug a ok False 2001.12.14 2001-12-14x False 0 False False',
    'debug a ignored the comparison cannot order datetime and datetime',
    'debug a ignored the filter "length" takes a list, a mapping or a text, not date',
    'debug a ok 2001-12-14 2001-12-14 2001-12-14T01:02:03 datetime 2001-12-14 21:59:43 date 2001-12-14',
    'debug a ok 2001-12-14 21:59:43.100000-05:00',
    'debug a ok hey',
    'debug a ok hey',
    'debug a ok 2001-12-14 2001-12-14 21:59:43',
  ]);
});

test.each([['debug', {}], ['ansible.builtin.debug', {}], ['command', { changed: false }]])('what no_log leaves to see of %s', (action, seen) => {
  const result = { ...DONE, noLog: true, registered: { changed: false, msg: 'secret' } };
  expect(resultEvent({ id: 1, name: 'x', action }, 'a', result, 'task').result).toEqual({ censored: expect.any(String), ...seen });
});

test('of handlers of one name, the first of the play or of the role that came last is meant; of listeners of one name, too', async () => {
  const lines = await told(`  tasks:
    - {import_role: {name: handles}}
    - {command: echo, notify: [dup, hears]}
    - meta: flush_handlers
    - {command: echo, notify: [topic, 'handles : hears']}
  handlers:
    - {name: dup, debug: {msg: first}}
    - {name: dup, debug: {msg: second}}
    - {name: hears, debug: {msg: of the play}}
    - {name: other, debug: {msg: first}, listen: topic}
    - {name: other, debug: {msg: second}, listen: topic}
`);
  expect(lines.filter((line) => line.includes(' ok '))).toEqual(['dup a ok first', HANDLED, 'handles : hears a ok heard', 'other a ok first', 'handles : hears a ok heard']);
});

/** With passlib 1.7.4. */
test.each([
  ["'pw' | password_hash('sha512','abcdefgh')", '$6$rounds=656000$abcdefgh$pLncf7ljI4rnlGRtlaRLIaBXT8hoDhe5j.p3YfqrEPrlrDTn7qRk9ssGh4MFgYzW30TNcYrpyeSWhww63/Kel0'],
  ["'päß€' | password_hash('sha256','saltsaltsaltsalt', rounds=5000)", '$5$saltsaltsaltsalt$d2odeW8iT9a.uWqelpj1sZzF/5LSJ2iS3XusBQKN5T2'],
  ["('x'*63) | password_hash('sha512','saltsalt', rounds=5000)", '$6$saltsalt$mxt0YkCtyNBFrQ6nYxaw9UpRq0bzf9ElpzJ2/VJDXiyEpRmw9tfttP/exGmJa1Kw6678sFD/RDRsm9m.dUY2f/'],
  ["('x'*64) | password_hash('sha256','saltsalt', rounds=5001)", '$5$rounds=5001$saltsalt$Ui7KOeg36lngJkk8itOQ83DQ3kS7Jc9Y6DWd1sLXs44'],
  ["'pw' | password_hash('md5','abcdefgh')", '$1$abcdefgh$IQtUouv7y7Q9dRWkQEPCc.'],
  ["('longer password than sixteen') | password_hash('md5','ab')", '$1$ab$VC/8BsWHLbryIH.rgq.Ff1'],
  ["'pw' | password_hash('sha512', 'abc', salt_size=8, rounds=1000)", '$6$rounds=1000$abc$yxe0KSjmoHd8rpohJgwvF5lnIQ/9t.klcz24a1cca3nWm.PLUmhXgcGgKWCoRFHRHYxXj4SVEtjCnCAwaFY0V0'],
  ["'pw' | password_hash('bcrypt','abcdefghijklmnopqrstuv', rounds=5)", '$2b$05$abcdefghijklmnopqrstuuHIrMEWpUCQe2YqFR3sXwQ75u4od..9q'],
  ["'pw' | password_hash('blowfish','abcdefghijklmnopqrstuz', ident='2a', rounds=4)", '$2a$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW'],
  ["('x'*80) | password_hash('blowfish','abcdefghijklmnopqrstuz', rounds=4)", '$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i'],
  ["'pw' | password_hash('sha512', 65534 | random(seed='host') | string, rounds=1000)", '$6$rounds=1000$6038$2WuaN4/w5zqT./dZZRKiqBEKcHPOg7mki31KDrbf3ERmgBx.S378vR75QKtZN7Tm2W9wpQ2iCQ9RDmTG4vsSi.'],
])('password_hash: %s', async (expression, expected) => {
  expect(await told(`  tasks: [{debug: {msg: "{{ ${expression} }}"}}]\n`)).toEqual([`debug a ok ${expected}`]);
});

test.each([
  ["'pw' | password_hash('md5', 'abcdefghi')", 'takes a salt of at most 8 characters for md5_crypt; this one has 9'],
  ["'pw' | password_hash('sha512', 'a b')", 'takes a salt of letters, digits, . and / only'],
  ["'pw' | password_hash('sha512', 'ab', rounds=999)", 'takes 1000 to 10000000 rounds for sha512_crypt, not 999'],
  ["'pw' | password_hash('sha512', 'ab', rounds=5000.0)", 'takes a whole number of rounds, not float'],
  ["'pw' | password_hash('md5', 'ab', rounds=1000)", 'takes no rounds for md5_crypt'],
  ["'pw' | password_hash('sha512', salt_size=17)", 'takes a salt_size of at most 16 for sha512_crypt, not 17'],
  ["'pw' | password_hash('blowfish', 'abcdefghijklmnopqrstu')", 'takes a salt of 22 characters for bcrypt; this one has 21'],
  ["'pw' | password_hash('crypt', 'ab')", 'does not know the hash crypt; there are md5_crypt, bcrypt, sha256_crypt, sha512_crypt'],
  ["5 | password_hash('sha512', 'ab')", 'takes a text as password, not int: quote it, or put | string behind it'],
])('password_hash fails where it fails in Ansible: %s', async (expression, message) => {
  expect((await told(`  ignore_errors: true\n  tasks: [{debug: {msg: "{{ ${expression} }}"}}]\n`))[0]).toBe(`debug a ignored the filter "password_hash" ${message}`);
});

test('a salt that nobody gives is new each time, as long as asked', async () => {
  const lines = await told(`  tasks:
    - {debug: {msg: "{{ ['pw' | password_hash('sha512', rounds=1000), 'pw' | password_hash('sha512', rounds=1000)] | unique | length }} {{ ('pw' | password_hash('sha512', salt_size=8, rounds=5000)).split('$')[2] | length }}"}}
`);
  expect(lines).toEqual(['debug a ok 2 8']);
});

test('what a question is answered with may be hashed', async () => {
  const lines = await told(`  vars_prompt:
    - {name: a, default: secret, encrypt: sha256_crypt, salt: ab}
    - {name: b, default: secret, encrypt: "{{ 'md5_crypt' }}", salt: ab}
    - {name: c, default: secret, encrypt: md5_crypt, salt_size: 7}
    - {name: d, default: secret, encrypt: ''}
  tasks: [{debug: {msg: "{{ a }} {{ b }} {{ c | length }} {{ d }}"}}]
`);
  expect(lines).toEqual(['debug a ok $5$rounds=535000$ab$dt2mcM7p8IyVM6jX5WOzlVJ5XcKDbV1LkrT2sa/uxaB $1$ab$dslkcXxVH.x8LwW1W/oAB/ 33 secret']);
});

test('a hash that there is not is refused before a host is touched', async () => {
  await expect(told("  vars_prompt: [{name: a, default: secret, encrypt: sha256}]\n  tasks: [{debug: {msg: x}}]\n")).rejects.toThrow('encrypt of the question for "a" does not know the hash sha256; there are md5_crypt, bcrypt, sha256_crypt, sha512_crypt');
});

test('names of imported files may use where the playbook and the role stand, and the vars of the import', async () => {
  await mkdir(join(folder, 'roles/placed/tasks'), { recursive: true });
  await writeFile(join(folder, 'roles/placed/tasks/main.yml'), `- import_tasks: "{{ role_path }}/tasks/one.yml"\n- import_tasks: "{{ 'one' if [role_name, ansible_role_name] | unique in [['placed']] else 'x' }}.yml"\n`);
  await writeFile(join(folder, 'roles/placed/tasks/one.yml'), '- debug: {msg: "one {{ role_name }}"}\n');
  await writeFile(join(folder, 'beside.yml'), '- debug: {msg: beside}\n');
  const lines = await told('  roles: [placed]\n  tasks:\n    - import_tasks: "{{ playbook_dir }}/beside.yml"\n    - {import_tasks: "{{ t }}.yml", vars: {t: beside}}\n');
  expect(lines).toEqual(['placed : debug a ok one placed', 'placed : debug a ok one placed', 'debug a ok beside', 'debug a ok beside']);
});

test('fail takes any value as its message', async () => {
  const lines = await told(`  vars: {nothing: ~}
  tasks:
    - {fail: {msg: [a, {b: 1}]}, ignore_errors: true, register: listed}
    - {fail: {msg: 5}, ignore_errors: true}
    - {fail: {msg: "{{ nothing }}"}, ignore_errors: true}
    - {debug: {msg: "{{ listed.msg | to_json }}"}}
`);
  expect(lines).toEqual(['fail a ignored ["a",{"b":1}]', 'fail a ignored 5', 'fail a ignored null', 'debug a ok ["a", {"b": 1}]']);
});

test('a backslash keeps a quote in a string of an expression, and stays itself in {{ }} outside of blocks', async () => {
  const lines = await told(`  tasks:
    - {debug: {msg: "{{ 'don\\\\'t' }}"}}
    - {debug: {msg: x}, when: "'don\\\\'t' == \\"don't\\""}
`);
  expect(lines).toEqual(["debug a ok don\\'t", 'debug a ok x']);
});

test('add_host: new hosts are in ansible_play_hosts of the rest of the play, first in all, and in the groups above theirs', async () => {
  const inventory = join(folder, 'groups.ini');
  await writeFile(inventory, 'u\n[p]\nz\n[p:children]\ng\n[g]\na\nb\n');
  const lines = await told(`  order: reverse_inventory
  tasks:
    - {add_host: {name: d, groups: "g,h"}}
    - {add_host: {name: u, groups: h}}
    - {name: hosts, debug: {msg: "{{ ansible_play_hosts_all | join }} {{ ansible_play_hosts | join }} {{ ansible_play_batch | join }}"}, run_once: true}
    - {name: groups, debug: {msg: "{{ groups.p | join }} {{ groups.all | join }} {{ groups.h | join }} {{ groups.ungrouped }} {{ hostvars.d.group_names | join }}"}, run_once: true}
    - {add_host: {name: e}, changed_when: false}
    - {meta: refresh_inventory}
    - {name: hosts, debug: {msg: "{{ ansible_play_hosts_all | join }}"}, run_once: true}
- hosts: p
  gather_facts: false
  tasks: [{name: next, debug: {msg: "{{ ansible_play_hosts | join }}"}, run_once: true}]
`, inventory);
  expect(lines.filter((line) => /^(hosts|groups|next) /.test(line))).toEqual(['hosts b ok uzabd uzabd bazu', 'groups b ok zabd dzuab du [] ghp', 'hosts b ok dezuab', 'next z ok zabd']);
});

test("names of handlers know no host's variables: extra, play and role variables only", async () => {
  const inventory = join(folder, 'handlers.ini');
  await writeFile(inventory, 'a who=x\n');
  const play = (name: string) => `  vars: {own: play}\n  tasks: [{command: 'true', notify: [topic, "${name}"]}]\n  handlers:\n    - {name: "restart {{ own }}", debug: {msg: one}}\n    - {name: "restart {{ who }}", listen: topic, debug: {msg: two}}\n`;
  expect(await told(play('restart play'), inventory)).toEqual(['command a changed', 'restart play a ok one', 'restart x a ok two']);
  await expect(told(play("restart {{ 'x' }}"), inventory)).rejects.toMatchObject({ kind: 'input', message: 'no handler has the name "restart x", which a task on a notifies', hint: expect.stringContaining('"restart {{ who }}"') });
});

test('range() is no list: it prints as it is called, and is no value for a task or a loop', async () => {
  const lines = await told(`  vars: {r: "{{ range(3) }}"}
  tasks:
    - {debug: {msg: "{{ r }} {{ [range(1, 9, 2)] }} {{ range(5)[1:] }} {{ r | list }} {{ r == [0, 1, 2] }} {{ r | type_debug }} {{ range(2) | default([]) }}"}}
    - {name: fails, debug: {msg: "{{ range(3) }}"}, ignore_errors: true}
    - {name: fails, debug: {msg: x}, loop: "{{ range(3) }}", ignore_errors: true}
    - {name: fails, debug: {msg: "{{ [1] + range(3) }}"}, ignore_errors: true}
    - {name: fails, debug: {msg: "{{ range(3) | to_yaml }}"}, ignore_errors: true}
    - {debug: {msg: "{{ item }}"}, loop: "{{ range(2) | list }}"}
`);
  expect(lines.filter((line) => line.includes(' ok '))).toEqual(['debug a ok range(0, 3) [range(1, 9, 2)] range(1, 5) [0, 1, 2] False range [0, 1]', 'debug a ok 0', 'debug a ok 1']);
  expect(lines.filter((line) => line.startsWith('fails a ignored'))).toHaveLength(4);
});

test('unique of lists and mappings knows no case_sensitive=false and no attribute', async () => {
  const lines = await told(`  tasks:
    - {debug: {msg: "{{ [{'a': 'X'}, {'a': 'x'}, {'a': 'X'}, 'b', 'B'] | unique }} {{ [{'a': 'X'}, {'a': 'x'}] | unique(attribute='a') }}"}}
    - {name: fails, debug: {msg: "{{ [{'a': 'X'}] | unique(case_sensitive=false) }}"}, ignore_errors: true}
`);
  expect(lines[0]).toBe("debug a ok [{'a': 'X'}, {'a': 'x'}, 'b', 'B'] [{'a': 'X'}]");
  expect(lines[1]).toMatch(/^fails a ignored /);
});

test('set_stats: of the run and of hosts, together or anew', async () => {
  const path = join(folder, 'stats.yml');
  await writeFile(path, `- hosts: all
  gather_facts: false
  tasks:
    - {set_stats: {data: {n: 1, t: "{{ inventory_hostname }}", l: [1], m: {k: 1, d: {x: 1}}, b: true, f: 1.5}}}
    - {set_stats: {data: {n: text, l: [2], m: {z: 2, d: {y: 2}}, f: 2.5}}}
    - {set_stats: {data: {own: 3}, per_host: "yes"}}
    - {set_stats: {data: {own: 9}, per_host: true, aggregate: "no"}, when: inventory_hostname == 'a'}
    - {set_stats: {data: {own: 1}, per_host: true}, run_once: true}
    - {set_stats: {data: {lo: "{{ item }}"}}, loop: [1, 2]}
    - {set_stats: {data: {no: 1}}, failed_when: true, ignore_errors: true}
    - {set_stats: {data: [1]}, ignore_errors: true}
`);
  const inventory = await loadInventory(['a,b,']);
  const started = await startRun({
    inventory,
    select: (pattern) => selectHosts(inventory, pattern),
    session: async (host) => localSession(host.name, { cwd: folder }),
    facts: () => Promise.reject(new Error('no facts here')),
    forks: 1,
    reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: () => {}, taskFinished: () => {}, warning: () => {} },
  });
  await started.playbook(await loadPlaybook(path));
  expect(formatStats(started.stats).replace(/\*+/, '***')).toBe(`
CUSTOM STATS: ***
\ta: { "own": 10}
\tb: { "own": 4}

\tRUN: { "b": 2, "f": 8.0, "l": [  1,  1,  2,  2 ], "lo": 6, "m": {  "d": {   "x": 1,   "y": 2  },  "k": 1,  "z": 2 }, "n": 2, "t": "ab"}

`);
});

test('what a program of validate prints keeps its line breaks', async () => {
  const lines = await told(`  ignore_errors: true
  tasks:
    - {copy: {content: "b", dest: "${folder}/checked", validate: 'sh -c "echo; echo out; echo err >&2; exit 3" %s'}, register: r}
    - {debug: {msg: "{{ [r.exit_status, r.stdout, r.stderr, r.stdout_lines] | to_json }}"}}
    - {command: "touch ${folder}/there"}
    - {lineinfile: {path: "${folder}/there", line: x, validate: 'sh -c "echo err >&2; exit 3" %s'}, register: r}
    - {debug: {msg: "{{ r.msg | to_json }}"}}
`);
  expect(lines.filter((line) => line.startsWith('debug'))).toEqual(['debug a ok [3, "\\nout\\n", "err\\n", ["", "out"]]', 'debug a ok "failed to validate: rc:3 error:err\\n"']);
});

test('a loop variable that has a value already is warned about', async () => {
  const warned: string[] = [];
  await told('  vars: {item: taken}\n  tasks:\n    - {debug: {msg: x}, loop: [1, 2]}\n    - {debug: {msg: x}, loop: [1], loop_control: {loop_var: free}}\n', 'a,', warned);
  expect(warned).toEqual(["The loop variable 'item' is already in use. Give this loop another one: loop_control: {loop_var: NAME}"]);
});

test('a block of handlers: each by its own name, under its condition, without rescue and always', async () => {
  const lines = await told(`  tasks:
    - {command: echo, notify: [one, topic, never]}
    - {meta: flush_handlers}
    - {debug: {msg: not reached}}
  handlers:
    - when: never is not defined
      block:
        - {name: one, debug: {msg: 1}}
        - {name: fails, fail: {msg: no}, listen: topic}
        - {name: after, debug: {msg: x}, listen: topic}
      rescue:
        - {name: rescue, debug: {msg: x}}
      always:
        - {name: always, debug: {msg: x}, listen: topic}
    - when: false
      block:
        - {name: never, debug: {msg: x}}
`);
  expect(lines).toEqual(['command a changed', 'one a ok 1', 'fails a failed false']);
});

test('a parameter under two names: the other name goes first, where it is not omitted', async () => {
  const lines = await told(`  tasks:
    - {file: {path: "{{ omit }}", dest: /, state: directory}, register: r}
    - {file: {path: /, dest: "{{ omit }}", state: directory}, register: s}
    - {file: {path: "{{ omit | default('/nowhere') }}", dest: /, state: directory}, register: t}
    - {debug: {msg: "{{ [r.path, s.path, t.path] | join(' ') }}"}}
    - {file: {path: /nowhere, src: /, state: absent}, when: false}
`);
  expect(lines.filter((line) => line.startsWith('debug'))).toEqual(['debug a ok / / /']);
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

test('assert asks no condition behind the first that does not hold', async () => {
  const lines = await told("  ignore_errors: true\n  tasks:\n    - {assert: {that: [1 == 2, nobody]}, register: said}\n    - {debug: {msg: '{{ said.assertion }} {{ said.evaluated_to }}'}}\n    - assert: {that: [1 == 1, nobody, 1 == 2]}\n");
  expect(lines[1]).toBe('debug a ok 1 == 2 False');
  expect(lines[2]).toContain("'nobody' is undefined");
});

test.each(['vars: {ansible_become: true, ansible_become_password: "{{ nobody }}"}', 'become: "{{ nobody }}"', 'environment: {A: "{{ nobody }}"}', 'delegate_to: "{{ nobody }}"'])('a setting that cannot be evaluated is a failure that ignore_errors ignores: %s', async (setting) => {
  const lines = await told(`  tasks:\n    - {command: echo, ignore_errors: true, register: said, ${setting}}\n    - {debug: {msg: "{{ said is failed }}"}}\n`);
  expect(lines[0]).toContain("'nobody' is undefined");
  expect(lines[1]).toBe('debug a ok true');
});

test('package by another package manager than apt, chosen by a variable', async () => {
  expect(await told("  tasks:\n    - {package: {name: nothing}, vars: {ansible_package_use: lola}}\n")).toEqual(['package a failed Could not find a matching action for the "lola" package manager.']);
});

test('unarchive of a zip where there is no unzip', async () => {
  await writeFile(join(folder, 'a.zip'), Buffer.from('504b0506', 'hex'));
  await mkdir(join(folder, 'no-unzip'));
  for (const name of ['id', 'stat', 'head', 'od', 'tr', 'mktemp', 'rm', 'cat', 'sh', 'tar', 'grep', 'cut', 'sed', 'printenv', 'readlink', 'date']) await symlink(`/usr/bin/${name}`, join(folder, 'no-unzip', name));
  const [line] = await told(`  tasks:\n    - unarchive: {src: ${folder}/a.zip, dest: ${folder}, remote_src: true}\n      environment: {PATH: ${folder}/no-unzip}\n`);
  expect(line).toBe(`unarchive a failed Failed to find handler for "${folder}/a.zip". Make sure the required command to extract the file is installed.\nUnable to find required 'unzip' or 'zipinfo' binary in the path.`);
});

test('what turns out wrong with a parameter is told without the name of the module; a value that is null writes nothing', async () => {
  const lines = await told(`  vars: {nothing: null, blank: ""}
  ignore_errors: true
  tasks:
    - {ansible.posix.sysctl: {name: a.b, value: "{{ nothing }}", sysctl_file: ${folder}/sysctl}}
    - {ansible.posix.sysctl: {name: a.b, value: "{{ blank }}", sysctl_file: ${folder}/sysctl}}
    - {ansible.posix.sysctl: {name: "{{ blank }}", value: 1, sysctl_file: ${folder}/sysctl}, register: said}
    - {debug: {msg: "{{ said.msg }}"}}
    - {stat: {path: ${folder}/sysctl}, register: said}
    - {debug: {msg: "{{ said.stat.exists }}"}}
`);
  expect(lines).toEqual(['ansible.posix.sysctl a ignored value cannot be None', 'ansible.posix.sysctl a ignored value cannot be blank', 'ansible.posix.sysctl a ignored name cannot be blank', 'debug a ok name cannot be blank', 'stat a ok', 'debug a ok false']);
});

test('mount with opts_no_log hides what it was told', async () => {
  const lines = await told(`  tasks:\n    - {ansible.posix.mount: {path: ${folder}/m, src: /dev/none, fstype: ext4, state: present, opts: ro, fstab: ${folder}/fstab, opts_no_log: true}, register: said}\n    - {debug: {msg: "{{ said.opts }}"}}\n`);
  expect(lines[1]).toBe('debug a ok VALUE_SPECIFIED_IN_NO_LOG_PARAMETER');
});

test('what programs of this machine say: lookups and loops pipe and lines', async () => {
  const lines = await told(`  vars: {two: "{{ 1 + 1 }}", p: "{{ lookup('pipe', 'echo v') }}"}
  tasks:
    - {debug: {msg: "{{ lookup('pipe', 'pwd') == playbook_dir }}"}}
    - {debug: {msg: "{{ query('pipe', 'printf \\"a \\\\n\\\\n\\"', 'cat') | to_json }}"}}
    - {debug: {msg: "{{ query('lines', 'printf \\"a \\\\r\\\\nb\\\\rc\\\\n\\\\nd\\"', 'echo e') | to_json }} {{ lookup('lines', 'seq 2') }} {{ lookup('lines', 'cat') | length }}"}}
    - {debug: {msg: "{{ item }}"}, with_lines: ["seq {{ two }}", "echo {{ p }}"]}
    - {debug: {msg: "{{ item | to_json }}"}, with_pipe: seq 2}
    - {debug: {msg: "{{ lookup('ansible.builtin.pipe', 'echo {{ p }} x') }} {{ lookup('pipe', 'exit 1', errors='ignore') is none }} {{ query('lines', 'exit 1', errors='warn') }}"}}
    - {debug: {msg: "{{ lookup('pipe', 'exit 3') }}"}, ignore_errors: true}
    - {debug: {msg: x}, with_lines: exit 3, ignore_errors: true}
`);
  expect(lines.slice(0, 8)).toEqual(['debug a ok true', 'debug a ok ["a", ""]', 'debug a ok ["a ", "b", "c", "", "d", "e"] 1,2 0', 'debug a ok 1', 'debug a ok 2', 'debug a ok v', 'debug a ok "1\\n2"', 'debug a ok v x True []']);
  expect(lines.slice(8)).toEqual([expect.stringContaining('"lookup" "pipe" ran exit 3: it ended with status 3'), expect.stringContaining('with_lines ran exit 3: it ended with status 3')]);
});

test('passwords that are kept in files of this machine: the lookup password', async () => {
  await writeFile(join(folder, 'k1'), 'pw salt=abcdefgh\n');
  await writeFile(join(folder, 'k2'), 'a salt=b salt=c ident=d ident=2y  \n\n');
  const asked: readonly (readonly [expression: string, expected: string])[] = [
    ["lookup('password', '/dev/null', seed='x')", 'O9iX65WvW9::bS:gx:86'],
    ["lookup('password', '/dev/null', seed='x', length=6, chars='digits')", '599716'],
    ["lookup('password', '/dev/null', seed='x', length=30, chars=['punctuation', 'hexdigits', 'q\\\"w'])", 'a[880&C_7~c}_-_06E22!]2%.208q~'],
    ["lookup('password', '/dev/null seed=x length=10 chars=octdigits,,')", '4605665156'],
    ["lookup('password', '/dev/null seed=x chars=,,,a,b', length=3)", 'babba,ababaa,aabbb,a'],
    ["lookup('ansible.builtin.password', '/dev/null', seed=5, length='4', chars='digits,hexdigits')", 'c734'],
    ["lookup('password', 'k1 encrypt=sha512_crypt')", '$6$rounds=656000$abcdefgh$pLncf7ljI4rnlGRtlaRLIaBXT8hoDhe5j.p3YfqrEPrlrDTn7qRk9ssGh4MFgYzW30TNcYrpyeSWhww63/Kel0'],
    ["lookup('password', 'k1', encrypt='md5_crypt')", '$1$abcdefgh$IQtUouv7y7Q9dRWkQEPCc.'],
    ["lookup('password', 'k2')", 'a salt=b'],
    ["lookup('password', 'made/here/p q length=4 chars=a')", 'aaaa'],
    ["lookup('password', 'made/here/p q length=9')", 'aaaa'],
    ["lookup('password', 'made/s encrypt=sha256_crypt') == lookup('password', 'made/s encrypt=sha256_crypt')", 'true'],
    ["lookup('password', 'made/b encrypt=bcrypt') | length", '60'],
    ["query('password', 'made/l', '/dev/null length=7') | map('length') | join(' ')", '20 7'],
    ['twice == twice', 'true'],
  ];
  const lines = await told(`  vars: {twice: "{{ lookup('password', '/dev/null') }}"}\n  tasks:\n${asked.map(([expression]) => `    - {debug: {msg: "{{ ${expression} }}"}}\n`).join('')}`);
  expect(lines).toEqual(asked.map(([, expected]) => `debug a ok ${expected}`));
  const kept = async (name: string) => [(await stat(join(folder, name))).mode & 0o777, await readFile(join(folder, name), 'utf8')];
  expect(await kept('made/here/p q')).toEqual([0o600, 'aaaa\n']);
  expect(await kept('made/s')).toEqual([0o600, expect.stringMatching(/^\S{20} salt=[./\w]{16}\n$/)]);
  expect(await kept('made/b')).toEqual([0o600, expect.stringMatching(/^\S{20} salt=[./\w]{22} ident=2b\n$/)]);
  expect((await stat(join(folder, 'made/here'))).mode & 0o777).toBe(0o700);
});

test.each([
  ["'/dev/null length=x'", 'takes a whole number as length, not "x"'],
  ["'/dev/null length=5 junk'", 'takes the path first, then name=value: "/dev/null length=5 junk"'],
  ["'/dev/null chars='", 'has no characters to choose from: give chars'],
  ["'h foo=3'", 'takes no option "foo"; it takes length, chars, encrypt, ident, seed'],
  ["'/dev/null encrypt=sha512'", 'does not know the hash sha512; there are md5_crypt, bcrypt, sha256_crypt, sha512_crypt'],
])('the lookup password fails where it fails in Ansible: %s', async (term, message) => {
  expect((await told(`  ignore_errors: true\n  tasks: [{debug: {msg: "{{ lookup('password', ${term}) }}"}}]\n`))[0]).toContain(`"lookup" "password" ${message}`);
});

test('a name without a folder is one of the working directory, and told as Ansible tells it', async () => {
  await writeFile(join(folder, 'plain.j2'), 'x\n');
  const lines = await told(`  tasks:
    - {copy: {dest: bare, content: x}, register: made}
    - {copy: {dest: bare, content: x}, register: same}
    - {template: {dest: bare, src: plain.j2, backup: true}, register: other}
    - {copy: {dest: bare2, src: bare, remote_src: true}, register: there}
    - {copy: {dest: bare2, src: bare, remote_src: true}, register: again}
    - {debug: {msg: "{{ [made.dest, same.dest, other.dest, other.backup_file[:7], there.dest, again.dest] | join(' ') }}"}}
    - {get_url: {url: "file://${folder}/plain.j2", dest: bare3}, ignore_errors: true}
    - {get_url: {url: "file://${folder}/plain.j2", dest: bare}}
    - {get_url: {url: "file://${folder}/plain.j2", dest: ./bare3}}
`);
  expect(lines.slice(5)).toEqual(['debug a ok ./bare bare ./bare ./bare. ./bare2 ./bare2', 'get_url a ignored Destination  does not exist', 'get_url a ok OK (2 bytes)', 'get_url a changed OK (2 bytes)']);
});

test('a template file may name filters, tests and lookups that are not there, where it does not come to them', async () => {
  await writeFile(join(folder, 'far.j2'), "{% if false %}{{ 'x' | nowhere.at.all }}{{ 1 is nothing }}{{ lookup('none') }}{% endif %}{{ 'ok' if true else ('x' | none) }}");
  await writeFile(join(folder, 'near.j2'), "{{ 'x' | nowhere.at.all }}");
  await writeFile(join(folder, 'test.j2'), '{% if 1 is nothing %}{% endif %}');
  await writeFile(join(folder, 'asks.j2'), "{{ lookup('none') }}");
  const lines = await told(`  ignore_errors: true\n  tasks:\n    - {copy: {dest: far, content: "{{ lookup('template', 'far.j2') }}"}}\n${['far', 'near', 'test', 'asks'].map((name) => `    - {template: {src: ${name}.j2, dest: far}}\n`).join('')}`);
  expect(lines).toEqual(['copy a changed', 'template a ok', 'template a ignored the filter "nowhere.at.all" is not supported', 'template a ignored the test "nothing" is not supported', expect.stringContaining('template a ignored "lookup" does not know the lookup "none"')]);
});

test('unsafe_writes writes into a file that cannot be replaced, as one that is mounted', async () => {
  await mkdir(join(folder, 'stuck'));
  await writeFile(join(folder, 'stuck/mv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await writeFile(join(folder, 'mounted'), 'old\n', { mode: 0o644 });
  const { ino } = await stat(join(folder, 'mounted'));
  const written = [`copy: {dest: ${folder}/mounted, content: "new\\n", mode: "0600", unsafe_writes: true}`, `lineinfile: {path: ${folder}/mounted, line: x, unsafe_writes: "{{ true }}"}`, `copy: {dest: ${folder}/mounted, content: y}`];
  const lines = await told(`  environment: {PATH: "${folder}/stuck:/usr/sbin:/usr/bin:/sbin:/bin"}\n  ignore_errors: true\n  tasks:\n${written.map((task) => `    - {${task}}\n`).join('')}`);
  expect(lines).toEqual(['copy a changed', 'lineinfile a changed line added', `copy a ignored cannot put the file at ${folder}/mounted`]);
  const after = await stat(join(folder, 'mounted'));
  expect([after.ino, after.mode & 0o777, await readFile(join(folder, 'mounted'), 'utf8')]).toEqual([ino, 0o600, 'new\nx\n']);
});

test('what setup says of itself has no prefix, as a variable and as a result', async () => {
  const said = "{{ r.ansible_facts | reject('match', 'ansible_') | sort | join(' ') }} {{ gather_subset | default('none') }} {{ module_setup | default('none') }} {{ ansible_module_setup | default('none') }} {{ ansible_facts.module_setup }}";
  const lines = await told(`  tasks:
    - {debug: {msg: "{{ module_setup | default('none') }}"}}
    - {setup: {gather_subset: "!all,!min,distribution"}, register: r}
    - {debug: {msg: "${said}"}}
    - {debug: {msg: "{{ gather_subset }}"}, vars: {gather_subset: mine}}
    - {debug: {msg: "{{ hostvars.a.module_setup }} {{ 'module_setup' in hostvars.a }} {{ 'ansible_module_setup' in vars }}"}}
    - {gather_facts: {gather_subset: ["!all", "!min", distribution], filter: ansible_dist*}, register: r}
    - {debug: {msg: "{{ r.ansible_facts | sort | join(' ') }}"}}
    - {fetch: {src: /, dest: ./, flat: true, fail_on_missing: false}, register: f}
    - {debug: {msg: "{{ f.keys() | sort | join(' ') }}"}}
`, 'a,', [], { facts: parseFacts({ sections: new Map(), files: new HostFiles(renderFiles({ '/etc/os-release': 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n' })) }) });
  const [before, , after, ...rest] = lines;
  expect(before).toBe('debug a ok none');
  expect(after).toBe("debug a ok gather_subset module_setup ['!all', '!min', 'distribution'] True none True");
  expect(rest).toEqual(['debug a ok mine', 'debug a ok True True False', 'gather_facts a ok', expect.stringMatching(/^debug a ok(?: ansible_distribution\w*)+$/), 'fetch a ok remote file is a directory, fetch cannot work on directories, not transferring, ignored', 'debug a ok changed failed msg']);
});

test('omit is a value that equals itself, is nothing within a text, and no item of a loop', async () => {
  await writeFile(join(folder, 'alone.j2'), '{{ a }}\n');
  await writeFile(join(folder, 'omit.j2'), '{% if a != omit %}A{% else %}B{% endif %}{% if c == omit %}C{% elif d.k == omit %}D{% endif %}');
  const lines = await told(`  vars: {a: "{{ 'x' if false else omit }}", b: "{{ omit }}", c: y, l: ["{{ omit }}", z], d: {k: "{{ omit }}", m: 1}}
  tasks:
    - {debug: {msg: "{{ a == omit }} {{ a != omit }} {{ c == omit }} {{ omit == omit }} {{ c != omit }} {{ b == a }} {{ a is sameas omit }}"}}
    - {debug: {msg: not told}, when: a != omit}
    - {debug: {msg: told}, when: a == omit}
    - {debug: {msg: "{{ lookup('template', 'omit.j2') }}"}}
    - {debug: {msg: "{{ a is defined }} {{ a | default('q') }}|"}}
    - {debug: {msg: "{{ a in [omit] }} {{ [a, c] | reject('equalto', omit) | list }} {{ a | type_debug }} x{{ a }}{{ d }}"}}
    - {debug: {msg: "{{ [a, 1] | string }} {{ a ~ 'z' }}"}}
    - {debug: {msg: "{{ item }}"}, loop: ["{{ a }}", i]}
    - {debug: {var: d}}
    - {debug: {var: a}}
    - {debug: {msg: "{{ item.shell | default('none') }} {{ item | list }}"}, loop: [{name: n, shell: "{{ a }}", in: ["{{ omit }}"]}]}
    - {copy: {dest: omitted, content: "{{ a }}"}, ignore_errors: true}
    - {copy: {dest: omitted, content: "{{ lookup('template', 'alone.j2') }}"}, ignore_errors: true}
    - {template: {dest: omitted, src: alone.j2}, ignore_errors: true}
`);
  expect(lines.splice(10)).toEqual(["debug a ok none ['name', 'in']", ...Array.from({ length: 2 }, () => 'copy a ignored src (or content) is required'), expect.stringContaining('template a ignored this is `omit` and nothing else')]);
  expect(lines).toEqual(['debug a ok True False False True True True True', 'debug a skipped not here: a != omit', 'debug a ok told', 'debug a ok BD', 'debug a ok True |', "debug a ok True ['y'] _OmitType x{'m': 1}", 'debug a ok [<<Omit>>, 1] <<Omit>>z', 'debug a ok i', 'debug a ok d: {\n    "m": 1\n}', 'debug a ok a: <<Omit>>']);
});

test('what cannot be remounted is unmounted and mounted; where that fails, fstab is as it was', async () => {
  await mkdir(join(folder, 'mounts'));
  for (const [name, body] of [['mount', 'case "$*" in *remount*|*shm*) echo "no $*"; exit 32 ;; esac'], ['umount', 'true']] as const) await writeFile(join(folder, 'mounts', name), `#!/bin/sh\necho "${name} $*" >> ${folder}/asked\n${body}\n`, { mode: 0o755 });
  await writeFile(join(folder, 'table'), '# none\n');
  const table = `fstab: ${folder}/table`;
  const lines = await told(`  environment: {PATH: "${folder}/mounts:/usr/sbin:/usr/bin:/sbin:/bin"}
  ignore_errors: true
  tasks:
    - {ansible.posix.mount: {path: /proc, src: proc, fstype: proc, opts: a=b, state: mounted, ${table}}}
    - {ansible.posix.mount: {path: /dev/shm, src: shm, fstype: tmpfs, opts: a=b, state: mounted, ${table}}}
    - {ansible.posix.mount: {path: /proc, state: remounted, opts: c=d, ${table}}}
    - {ansible.posix.mount: {path: /dev/shm, state: remounted, ${table}}}
`);
  const named = lines.map((line) => line.replaceAll(folder, 'F').trim());
  expect(named).toEqual([
    'ansible.posix.mount a changed',
    'ansible.posix.mount a ignored Error mounting /dev/shm: no -T F/table /dev/shm',
    expect.stringMatching(/^ansible.posix.mount a ignored Options were specified with remounted, but the remount command failed\. .*"state: unmounted" followed by a "state: mounted" using the full desired mount options instead\.$/),
    'ansible.posix.mount a ignored Error remounting /dev/shm: no -T F/table /dev/shm',
  ]);
  const again = (path: string): string => `mount -o remount -T F/table ${path}\numount ${path}\nmount -T F/table ${path}\n`;
  expect((await readFile(join(folder, 'asked'), 'utf8')).replaceAll(folder, 'F')).toBe(`${again('/proc')}${again('/dev/shm')}mount -o remount,c=d -T F/table /proc\n${again('/dev/shm')}`);
  expect(await readFile(join(folder, 'table'), 'utf8')).toBe('# none\nproc /proc proc a=b 0 0\n');
});

test('a lookup in a template file may render another one', async () => {
  await writeFile(join(folder, 'outer.j2'), "{{ lookup('template', 'inner.j2') }}{{ lookup('pipe', 'echo x') }}");
  await writeFile(join(folder, 'inner.j2'), '{{ 1 + 1 }}');
  expect(await told("  tasks: [{debug: {msg: \"{{ lookup('template', 'outer.j2') }}\"}}]\n")).toEqual(['debug a ok 2x']);
});

test('a task has one limit of time, for waits too; failed_when and retries do not change that failure', async () => {
  const lines = await told(`  ignore_errors: true
  tasks:
    - {command: sleep 9, timeout: 1, failed_when: false, register: command}
    - {wait_for: {path: /nowhere, timeout: 8}, timeout: 1, retries: 3, delay: 0, until: false, register: waits}
    - {pause: {seconds: 9}, timeout: 1}
    - {command: echo, timeout: 2.5}
    - {debug: {msg: "{{ [command, waits] | to_json }}"}}
`);
  const timedOut = { changed: false, failed: true, exception: '(traceback unavailable)', msg: 'Task failed: Timed out after 1 second(s).', timedout: { frame: 'Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.', period: 1 } };
  expect(lines.filter((line) => line.includes('Timed out') && !line.startsWith('debug'))).toHaveLength(3);
  expect(lines.find((line) => line.startsWith('command') && line.includes('timeout:'))).toContain('this is no whole number of seconds');
  expect(JSON.parse(lines.at(-1)?.slice('debug a ok '.length) ?? '')).toEqual([timedOut, timedOut]);
});

test("assert's messages are texts or lists of texts", async () => {
  const lines = await told(`  ignore_errors: true
  vars: {number: 5}
  tasks:
    - {assert: {that: 1 == 1, fail_msg: "{{ number }}"}}
    - {assert: {that: 1 == 1, success_msg: [a]}, register: r}
    - {debug: {msg: "{{ r.msg | to_json }}"}}
    - {assert: {that: 1 == 2, fail_msg: ["one {{ number }}", two]}, register: f}
    - {debug: {msg: "{{ f.msg | to_json }}"}}
    - {include_vars: {file: "{{ none }}"}}
    - {pause: {seconds: 0}, register: r}
    - {debug: {msg: "{{ r.stdout_lines is defined }}"}}
`);
  expect(lines).toContain('debug a ok ["a"]');
  expect(lines).toContain('debug a ok ["one 5", "two"]');
  expect(lines[0]).toBe('assert a ignored fail_msg takes a string or a list of strings');
  expect(lines.find((line) => line.startsWith('include_vars'))).toContain('a ignored Could not find file');
  expect(lines.at(-1)).toBe('debug a ok false');
});

test('what debug says of a part that a value has not', async () => {
  const lines = await told("  vars: {a: {b: 1, l: [1]}, s: text}\n  tasks:\n    - {debug: {var: a.c.d}}\n    - {debug: {var: \"a['c']\"}}\n    - {debug: {var: \"a.l[4]\"}}\n    - {debug: {var: s.x}}\n    - {debug: {var: a.b.x}}\n");
  expect(lines.map((line) => line.replace(/.*<< error 1 - (.*) >>$/, '$1'))).toEqual(["object of type 'dict' has no attribute 'c'", "object of type 'dict' has no attribute 'c'", "object of type 'list' has no attribute 4", "object of type 'str' has no attribute 'x'", "object of type 'int' has no attribute 'x'"]);
});

test('copy of a folder with one file, and of a file in check mode', async () => {
  await mkdir(join(folder, 'single/below'), { recursive: true });
  await writeFile(join(folder, 'single/below/f'), 'a\n');
  const lines = await told(`  tasks:
    - {copy: {src: single/below, dest: out}, check_mode: true, register: one}
    - {copy: {src: single/below, dest: out}, register: two}
    - {copy: {src: single/below, dest: out}, register: three}
    - {copy: {src: single, dest: out}, register: four}
    - {copy: {src: single/below/f, dest: out/x}, check_mode: true, register: five}
    - {copy: {src: /etc/hostname, dest: out/x, remote_src: true}, check_mode: true, register: six}
    - {debug: {msg: "{{ [one, two, three, four, five, six] | map('list') | map('sort') | to_json }} {{ two.dest }}"}}
    - {file: {path: temporary, state: directory}}
    - {copy: {src: single, dest: owned, owner: nobodyx}, environment: {TMPDIR: temporary}, ignore_errors: true}
    - {find: {paths: temporary, file_type: any}, register: left}
    - {debug: {msg: "left {{ left.matched }}"}}
`);
  const of = ['changed', 'checksum', 'dest', 'diff', 'failed', 'gid', 'group', 'mode', 'owner', 'size', 'state', 'uid'];
  const expected = [['changed', 'diff', 'failed'], [...of, 'md5sum'].sort(), [...of, 'path'].sort(), ['changed', 'dest', 'failed', 'src'], ['changed', 'diff', 'failed'], ['changed', 'checksum', 'dest', 'failed', 'md5sum', 'src']];
  const line = lines.find((one) => one.startsWith('debug'))?.slice('debug a ok '.length) ?? '';
  expect(JSON.parse(line.slice(0, line.lastIndexOf(' ')))).toEqual(expected);
  expect(line.slice(line.lastIndexOf(' ') + 1)).toBe('out/below/f');
  expect(lines.slice(-3)).toEqual(['copy a ignored chown failed: failed to look up user nobodyx', 'find a ok All paths examined', 'debug a ok left 0']);
});

test('wait_for hears what a port says', async () => {
  const server = createServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const lines = await told(`  ignore_errors: true
  tasks:
    - {wait_for: {port: ${port}, search_regex: 'Open(SSH)_(?P<number>[0-9])', timeout: 9}, register: heard}
    - {debug: {msg: "{{ [heard.match_groups, heard.match_groupdict, heard.state, heard.port == ${port}] | to_json }}"}}
    - {wait_for: {port: ${port}, search_regex: Dropbear, timeout: 1, connect_timeout: 1}}
`);
    expect(lines).toEqual(['wait_for a ok', 'debug a ok [[], {}, "started", true]', `wait_for a ignored Timeout when waiting for search string Dropbear in 127.0.0.1:${port}`]);
  } finally {
    server.close();
  }
});

test('loop without a value is no loop; variables of cron by words; a group that is not there', async () => {
  const lines = await told(`  tasks:
    - {command: echo once, loop: null, register: once}
    - {debug: {msg: "{{ once.stdout }} {{ once.results is defined }}"}}
    - {cron: {name: x, job: x, insertafter: "{{ 'PATH' }}", env: "{{ false }}"}, ignore_errors: true}
    - {user: {name: root, groups: nosuchgroup}, ignore_errors: true, register: it}
    - {debug: {msg: "{{ it.keys() | sort | join(' ') }}"}}
`);
  expect(lines).toEqual([
    'command a changed',
    'debug a ok once False',
    'cron a ignored Insertafter and insertbefore parameters are valid only with env=yes',
    'user a ignored Group nosuchgroup does not exist',
    'debug a ok changed exception failed msg',
  ]);
});

test('include_tasks in a role looks into its tasks/ before the folder of the file, import_tasks the other way', async () => {
  const lines = await told('  roles: [deep]\n');
  expect(lines.filter((line) => line.includes('debug'))).toEqual(['deep : debug a ok top', 'deep : debug a ok sub', 'deep : debug a ok only there']);
});

test('an inline if without else is no value by itself, but nothing within a text', async () => {
  const lines = await told(`  ignore_errors: true
  tasks:
    - {debug: {msg: "{{ 'a' if false }}"}}
    - {debug: {msg: "x{{ 'a' if false }}y"}}
    - {set_fact: {fact: "{{ [1, ('a' if false)] }}"}}
    - {debug: {msg: "{{ ('a' if false) ~ 'b' }}"}}
`);
  expect(lines).toEqual(['debug a ignored the inline if without else is undefined', 'debug a ok xy', 'set_fact a ignored the inline if without else is undefined', 'debug a ok b']);
});

test('max_fail_percentage does not count who failed before an always section', async () => {
  const tasks = (wrap: (task: string) => string) => `  max_fail_percentage: 50
  tasks:
    - {name: first, fail: {msg: no}, when: inventory_hostname == 'a'}
    ${wrap("{name: second, fail: {msg: no}, when: inventory_hostname == 'b'}")}
    - {name: end, debug: {msg: x}}
`;
  const ends = async (wrap: (task: string) => string) => (await told(tasks(wrap), 'a,b,c,')).filter((line) => line.startsWith('end'));
  expect(await ends((task) => `- ${task}`)).toEqual([]);
  expect(await ends((task) => `- {block: [${task}], always: [{debug: {msg: always}}]}`)).toEqual(['end c ok x']);
});
