// The engine against the installed ansible-playbook: the same playbooks (test/cases/playbook/runs) on hosts that are this machine.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineOptions, mayNotSkip, runOurs, runTheirs, tree, whyNoAnsible } from './engines.js';

const cases = join(import.meta.dirname, '../cases/playbook/runs');
const inventory = join(cases, 'inventory.yml');
const playbooks = (await readdir(cases)).filter((name) => name !== 'inventory.yml' && name.endsWith('.yml')).map((name) => name.replace('.yml', ''));
/** What writes to disk is run in check mode too, and twice. */
const WRITING = ['commands', 'files'];
/** Half a minute on a machine that does nothing else. */
const LIMIT_MS = 600_000;
const skipReason = whyNoAnsible();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-run-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Both engines on a playbook, each in a root of its own; both must tell the same. */
async function both(name: string, check: boolean) {
  const options = async (engine: string): Promise<EngineOptions> => {
    const root = join(folder, `${name}-${engine}`);
    await mkdir(root, { recursive: true });
    return { playbook: join(cases, `${name}.yml`), inventory, root, check };
  };
  const [theirs, ours] = [await options('theirs'), await options('ours')];
  const [their, our] = await Promise.all([runTheirs(theirs), runOurs(ours)]);
  const said = `Ansible said: ${their.said.join('\n  ')}\nwe said: ${our.said.join('\n  ')}`;
  expect(our.tasks, said).toEqual(their.tasks);
  expect(our.recap, said).toEqual(their.recap);
  expect(our.exitStatus).toBe(their.exitStatus);
  const [theirDisk, ourDisk] = await Promise.all([tree(theirs.root), tree(ours.root)]);
  expect(ourDisk).toEqual(theirDisk);
  return { recap: our.recap, disk: ourDisk, tasks: our.tasks };
}

describe.skipIf(skipReason !== undefined && !mayNotSkip)(`as ansible-playbook runs it${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  const reading = playbooks.filter((name) => !WRITING.includes(name));
  test('there are playbooks', () => expect(reading.length).toBeGreaterThan(3));
  test.concurrent.each(reading)('%s', async (name) => {
    const { tasks } = await both(name, false);
    expect(tasks.length).toBeGreaterThan(0);
  }, LIMIT_MS);
  test.concurrent.each(WRITING)('%s: in check mode, then for the first and the second time', async (name) => {
    const checked = await both(name, true);
    expect(checked.disk).toEqual([]);
    const first = await both(name, false);
    expect(first.recap.every(({ changed }) => changed > 0)).toBe(true);
    const second = await both(name, false);
    expect(second.disk).toEqual(first.disk);
    expect(second.recap.map(({ changed, failed }) => [changed, failed])).toEqual(second.recap.map(() => [0, 0]));
  }, LIMIT_MS);
});
