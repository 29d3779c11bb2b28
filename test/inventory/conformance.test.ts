// Awkward inventories, read by Ansible and by us: the same hosts, order, groups, variables and types; what Ansible passes over, we refuse.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCases, layOut } from './cases.js';
import { askAnsible, askOurs, comparable, type Task } from './many.js';
import { whyNoAnsible } from './oracle.js';

const cases = await readCases();
const skipReason = whyNoAnsible();

/** Listed in docs/ansible-differences.md. */
const DIFFERS: Readonly<Record<string, string>> = {
  'folders: an empty directory': 'Ansible warns that it cannot parse it; nothing in it is wrong',
  'yaml: texts that are no templates, nested': 'Ansible 2.14 loses what is nested below !unsafe; 2.19 has it',
  'programs: TOML': 'refused with the command that makes it YAML',
};

describe.skipIf(skipReason !== undefined)(`as Ansible reads it${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  let folder: string;
  const tasks: Task[] = [];
  let answers: Awaited<ReturnType<typeof askAnsible>> = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-conformance-'));
    for (const [index, one] of cases.entries()) tasks.push(await layOut(one, join(folder, String(index))));
    answers = await askAnsible(tasks);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('names stand once, and differences are of cases that are there', () => {
    const names = cases.map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(DIFFERS).filter((name) => !names.includes(name))).toEqual([]);
  });
  test.each(cases.map(({ name }, index) => [name, index] as const))('%s', async (name, index) => {
    const [task, theirs] = [tasks[index], answers[index]];
    if (task === undefined || theirs === undefined) throw new Error('no answer');
    const ours = await askOurs(task);
    const reason = 'refused' in theirs ? theirs.refused : 'refused' in ours ? ours.refused : '';
    if (name in DIFFERS) expect(comparable(ours), reason).not.toEqual(comparable(theirs));
    else expect(comparable(ours), reason).toEqual(comparable(theirs));
    if ('refused' in theirs || 'refused' in ours) return;
    if (theirs.warnings.length > 0) expect(ours.warnings, theirs.warnings.join('\n')).not.toEqual([]);
  });
});
