// --step beside ansible-playbook: what it asks, and what runs by the answers. Expected is what ansible-core 2.19 prints for the same playbook and the same answers.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { run } from '../../src/commands/run.js';
import { newPerson } from './person.js';

const PLAYBOOK = `- hosts: all
  gather_facts: false
  vars: {v: val}
  tasks:
    - {name: "one {{ v }}", debug: {msg: 1}, changed_when: true, notify: h}
    - {name: two, debug: {msg: 2}}
    - meta: flush_handlers
    - include_tasks: ./inc1.yml
    - include_role: {name: r1}
    - {name: loop, debug: {msg: 4}, loop: [1, 2]}
  handlers: [{name: h, debug: {msg: handled}}]
`;

const EXPECTED = `
PLAY [all] *********************************************************************
Perform task: TASK: one {{ v }} (N)o/(y)es/(c)ontinue: 
Perform task: TASK: one {{ v }} (N)o/(y)es/(c)ontinue: *************************

TASK [one val] *****************************************************************
changed: [a] => {
    "msg": 1
}
changed: [b] => {
    "msg": 1
}
Perform task: TASK: two (N)o/(y)es/(c)ontinue: 
Perform task: TASK: two (N)o/(y)es/(c)ontinue: *********************************

TASK [meta] ********************************************************************

TASK [meta] ********************************************************************
Perform task: HANDLER: h (N)o/(y)es/(c)ontinue: 
Perform task: HANDLER: h (N)o/(y)es/(c)ontinue: ********************************
Perform task: TASK: include_tasks (N)o/(y)es/(c)ontinue: 
Perform task: TASK: include_tasks (N)o/(y)es/(c)ontinue: ***********************

TASK [include_tasks] ***********************************************************
included: FOLDER/inc1.yml for a, b
Perform task: TASK: debug (N)o/(y)es/(c)ontinue: 
Perform task: TASK: debug (N)o/(y)es/(c)ontinue: *******************************
Perform task: TASK: include_role : r1 (N)o/(y)es/(c)ontinue: 
Perform task: TASK: include_role : r1 (N)o/(y)es/(c)ontinue: *******************

TASK [include_role : r1] *******************************************************
included: r1 for a, b
Perform task: TASK: r1 : debug (N)o/(y)es/(c)ontinue: 
Perform task: TASK: r1 : debug (N)o/(y)es/(c)ontinue: **************************
Perform task: TASK: loop (N)o/(y)es/(c)ontinue: 
Perform task: TASK: loop (N)o/(y)es/(c)ontinue: ********************************

TASK [loop] ********************************************************************
ok: [a] => (item=1) => {
    "msg": 4
}
ok: [a] => (item=2) => {
    "msg": 4
}
ok: [b] => (item=1) => {
    "msg": 4
}
ok: [b] => (item=2) => {
    "msg": 4
}

RUNNING HANDLER [h] ************************************************************
ok: [a] => {
    "msg": "handled"
}
ok: [b] => {
    "msg": "handled"
}

PLAY RECAP *********************************************************************
a                          : ok=5    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   
b                          : ok=5    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0   

`;

async function stepped(playbook: string, answers: string | undefined, askLine?: (prompt: string) => Promise<string>) {
  const person = await newPerson();
  await mkdir(join(person.folder, 'roles/r1/tasks'), { recursive: true });
  await writeFile(join(person.folder, 'roles/r1/tasks/main.yml'), '- debug: {msg: r1}\n');
  await writeFile(join(person.folder, 'inc1.yml'), '- debug: {msg: inc}\n');
  await writeFile(join(person.folder, 'hosts'), 'a ansible_connection=local\nb ansible_connection=local\n');
  const path = join(person.folder, 'step.yml');
  await writeFile(path, playbook);
  const input = answers === undefined ? undefined : Readable.from([answers]);
  const context = { ...person.context, openStdin: () => input, ...(askLine === undefined ? {} : { askLine }) };
  const status = run({ playbooks: [path], inventory: [join(person.folder, 'hosts')], forks: 1, check: false, diff: false, forceHandlers: false, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false, step: true }, context);
  return { status, stdout: () => person.stdout().replaceAll(`${person.folder}/`, 'FOLDER/') };
}

test('the questions, and what runs', async () => {
  const { status, stdout } = await stepped(PLAYBOOK, 'y\nno\n\nY\nno\nyes\nx\nc\n');
  expect(await status).toBe(0);
  expect(stdout()).toBe(EXPECTED);
});

const FREE = '- hosts: all\n  strategy: free\n  gather_facts: false\n  tasks:\n    - {name: one, debug: {msg: x}}\n';

test('where hosts do not wait for each other, each is asked about; a terminal is asked itself', async () => {
  const asked: string[] = [];
  const { status, stdout } = await stepped(FREE, undefined, async (prompt) => (asked.push(prompt) === 1 ? 'y' : 'n'));
  expect(await status).toBe(0);
  expect(asked).toEqual(['Perform task: TASK: one on a (N)o/(y)es/(c)ontinue: ', 'Perform task: TASK: one on b (N)o/(y)es/(c)ontinue: ']);
  expect(stdout()).toContain('ok: [a]');
  expect(stdout()).not.toContain('ok: [b]');
});

test.each([['y\n'], [undefined]])('no more answers: %j', async (answers) => {
  const { status } = await stepped(FREE, answers);
  await expect(status).rejects.toThrow('--step asks before each task, and standard input has no more answers');
});
