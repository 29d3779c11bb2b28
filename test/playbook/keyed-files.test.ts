// The lookups ini and csvfile, and include_vars with hash_behaviour: expected is what ansible-core 2.19 on Debian 13 printed for the same tasks and files.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-keyed-'));
  const files: Readonly<Record<string, string | Buffer>> = {
    'files/a.ini':
      '[DEFAULT]\nshared = base\nTop: d%%x\n[global]\n; comment\nuser=robert\nHome = /home/%(user)s\nmulti = one\n  two\n  three\nempty =\n[section1]\nuser : alfred\nshared=own # not comment\n[integration]\nuser2=x\nUSER3=y\n',
    'files/nv.ini': '[s]\nflag\nk=v\n',
    'files/dup.ini': '[s]\nk=v\nk=w\n',
    'files/interp.ini': '[s]\nk=100%\nj=%(nope)s\n',
    'files/u.properties': 'user.name = robert\nuser.pass: secret\n',
    'files/latin.ini': Buffer.from('[s]\nk=caf\xe9\nj=plain\n', 'latin1'),
    'files/e.csv': 'Li\t3\t6.9\nNa\t11\t22.9\nLi\t5\t7\n',
    'files/c.csv': 'a,b,c\n1,2,3\nx,y z,"q,r"\n\n  sp , v\n',
    'vars/m1.yml': 'd: {a: 1, n: {x: 1, y: 2}, l: [1]}\ns: one\n',
    'vars/m2.yml': 'd: {b: 2, n: {y: 3, z: 4}, l: [2]}\ns: two\nt: "{{ s }}-t"\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

async function messages(tasks: string): Promise<string[]> {
  const path = join(folder, 'playbook.yml');
  await writeFile(path, `- hosts: all\n  gather_facts: false\n${tasks}`);
  const inventory = await loadInventory(['a,']);
  const lines: string[] = [];
  await runPlaybook(await loadPlaybook(path), {
    inventory,
    select: (pattern) => selectHosts(inventory, pattern),
    session: async (host) => localSession(host.name, { cwd: folder }),
    facts: () => Promise.reject(new Error('no facts here')),
    forks: 1,
    reporter: { playStarted: () => {}, taskStarted: () => {}, taskResult: ({ message, part }) => void (part !== 'loop' && lines.push(message)), taskFinished: () => {}, warning: () => {}, note: () => {} },
  });
  return lines;
}

test.each([
  ["lookup('ini', 'user', section='global', file='a.ini')", 'robert'],
  ["lookup('ini', 'user section=section1 file=a.ini')", 'alfred'],
  ["lookup('ini', 'home', section='global', file='a.ini')", '/home/robert'],
  ["lookup('ini', 'multi', section='global', file='a.ini') | to_json", '"one\\ntwo\\nthree"'],
  ["query('ini', 'empty', section='global', file='a.ini') | to_json", '[""]'],
  ["lookup('ini', 'shared', section='global', file='a.ini')", 'base'],
  ["lookup('ini', 'shared', section='section1', file='a.ini')", 'own # not comment'],
  ["lookup('ini', 'top', section='DEFAULT', file='a.ini')", 'd%x'],
  ["query('ini', 'nope', section='global', file='a.ini') | to_json", '[""]'],
  ["lookup('ini', 'nope default=dx section=global file=a.ini')", 'dx'],
  ["lookup('ini', 'user', file='a.ini')", 'robert'],
  ["query('ini', '.*', section='global', file='a.ini', re=true) | to_json", '["base", "d%x", "robert", "/home/robert", "one\\ntwo\\nthree", ""]'],
  ["lookup('ini', 'user.* section=integration file=a.ini re=True')", 'x,y'],
  ["query('ini', 'ser', section='integration', file='a.ini', re=true) | to_json", '[]'],
  ["lookup('ini', 'user', 'home', section='global', file='a.ini')", 'robert,/home/robert'],
  ["query('ini', 'user3', section='integration', file='a.ini', case_sensitive=true) | to_json", '[""]'],
  ["query('ini', 'flag', section='s', file='nv.ini', allow_no_value=true) | to_json", '[]'],
  ["lookup('ini', 'k', section='s', file='nv.ini', allow_none=true)", 'v'],
  ["lookup('ini', 'user.pass type=properties file=u.properties')", 'secret'],
  ["lookup('ini', 'k', section='s', file='latin.ini', encoding='latin-1')", 'café'],
  ["lookup('ini', 'j', section='s', file='latin.ini')", 'plain'],
  ["lookup('csvfile', 'Li', file='e.csv')", '3'],
  ["lookup('csvfile', 'Li', file='e.csv', col=2)", '6.9'],
  ["lookup('csvfile', 'Na file=e.csv delimiter=TAB col=2')", '22.9'],
  ["lookup('csvfile', 'zz', file='e.csv') | to_json", '[]'],
  ["lookup('csvfile', 'zz', file='e.csv', default='none')", 'none'],
  ["lookup('csvfile', '1', 'x', file='c.csv', delimiter=',')", '2,y z'],
  ["query('csvfile', '1', 'x', file='c.csv', delimiter=',', col=2) | to_json", '["3", "q,r"]'],
  ["lookup('csvfile', '  sp ', file='c.csv', delimiter=',') | to_json", '" v"'],
  ["lookup('csvfile', '3', file='c.csv', delimiter=',', keycol=-1, col='-3')", '1'],
])('%s', async (expression, expected) => {
  expect(await messages(`  tasks: [{debug: {msg: "{{ ${expression} }}"}}]\n`)).toEqual([expected]);
});

test.each([
  ["lookup('ini', 'user', section='nosection', file='a.ini')", "finds no section 'nosection' in 'a.ini'"],
  ["lookup('ini', 'flag', section='s', file='nv.ini')", "cannot read 'nv.ini': Source contains parsing errors: '<???>'\n\t[line  2]: 'flag\\n'"],
  ["lookup('ini', 'k', section='s', file='dup.ini')", "cannot read 'dup.ini': While reading from '<???>' [line  3]: option 'k' in section 's' already exists"],
  ["lookup('ini', 'k', section='s', file='interp.ini')", "cannot read 'interp.ini': '%' must be followed by '%' or '(', found: '%'"],
  ["lookup('ini', 'j', section='s', file='interp.ini')", "cannot read 'interp.ini': Bad value substitution: option 'j' in section 's' contains an interpolation key 'nope' which is not a valid option name. Raw value: '%(nope)s'"],
  ["lookup('ini', 'k', section='s', file='latin.ini')", "finds a value in 'latin.ini' that is no utf-8; give the file's encoding"],
  ["lookup('ini', 'k foo=bar file=nv.ini section=s')", "takes no option 'k foo'; it takes type, file, section, re, encoding, default, case_sensitive, allow_no_value, interpolation"],
  ["lookup('csvfile', 'q\\\" x', file='e.csv', col=2)", 'cannot read the key q" x: a quote in it is not closed'],
  ["lookup('csvfile', 'a', file='c.csv', delimiter=',', col=7)", 'finds a row of 3 fields, and col is 7'],
  ["lookup('csvfile', 'k', file='c.csv', delimiter=';;')", 'takes one character as delimiter, or TAB, not ";;"'],
  ["lookup('csvfile', 'a', file='c.csv', delimiter=',', col='b')", 'takes a whole number as col, not b'],
])('fails where it fails in Ansible: %s', async (expression, message) => {
  const [told] = await messages(`  ignore_errors: true\n  tasks: [{debug: {msg: "{{ ${expression} }}"}}]\n`);
  expect(told).toContain(message);
});

test('with_csvfile and with_ini: options hold for the terms behind', async () => {
  const lines = await messages(`  tasks:
    - {debug: {msg: "{{ item }}"}, with_csvfile: ["Li file=e.csv delimiter=TAB", "Na file=e.csv"]}
    - {debug: {msg: "{{ item }}"}, with_ini: ["user section=global file=a.ini", "user section=section1"]}
    - {debug: {msg: "{{ item }}"}, with_ini: ".* section=integration file=a.ini re=True"}
`);
  expect(lines).toEqual(['3', '11', 'robert', 'alfred', 'base', 'd%x', 'x', 'y']);
});

test('include_vars merges mappings into what is there', async () => {
  const lines = await messages(`  vars: {d: {p: "{{ '{{' }}", n: {q: 9}}}
  tasks:
    - include_vars: {file: m1.yml, hash_behaviour: merge}
    - debug: {msg: "{{ d | to_json(sort_keys=true) }}"}
    - include_vars: {file: m2.yml, hash_behaviour: merge}
    - debug: {msg: "{{ d | to_json(sort_keys=true) }} {{ t }}"}
    - include_vars: m1.yml
    - include_vars: {file: m2.yml, name: d, hash_behaviour: merge}
    - debug: {msg: "{{ d | to_json(sort_keys=true) }}"}
`);
  expect(lines.filter((line) => line.startsWith('{'))).toEqual([
    '{"a": 1, "l": [1], "n": {"q": 9, "x": 1, "y": 2}, "p": "{{"}',
    '{"a": 1, "b": 2, "l": [2], "n": {"q": 9, "x": 1, "y": 3, "z": 4}, "p": "{{"} two-t',
    '{"a": 1, "d": {"b": 2, "l": [2], "n": {"y": 3, "z": 4}}, "l": [1], "n": {"x": 1, "y": 2}, "s": "two", "t": "one-t"}',
  ]);
});
