// fleet-tap run beside ansible-core 2.19 (Debian 13's, run in the ring): the same lines on standard output. For what 2.14 prints or does otherwise;
// the rest is in test/commands/run.test.ts. What Ansible printed is kept in test/cases/playbook/output/newer/printed, under a digest of the cases;
// FLEET_TAP_RING_ASK=1 asks it anew. Left out: the paragraphs beginning with [ERROR], which show the file that a mistake stands in.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/commands/run.js';
import { newPerson } from '../commands/person.js';
import { mayNotSkip } from '../playbook/engines.js';
import { Ring, type RingHost } from './ring/host.js';
import { ringRoot, whyNoRing } from './ring/rootfs.js';
import { digest } from './ring/state.js';

const CASES = join(import.meta.dirname, '../cases/playbook/output');
const NEWER = join(CASES, 'newer');
const PRINTED = join(NEWER, 'printed');
const THERE = '/ring/case/newer';
const LIMIT_MS = 600_000;

const playbooks = (await readdir(NEWER)).filter((name) => name.endsWith('.yml') && !name.startsWith('_')).sort();
const why = whyNoRing();

describe.skipIf(why !== undefined && !mayNotSkip)(`as ansible-core 2.19 prints it${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let ring: Ring | undefined;
  let controller: RingHost | undefined;
  let key: string;
  beforeAll(async () => {
    key = digest(await contents());
  });
  afterAll(async () => {
    await controller?.stop();
    await ring?.stop();
  });

  test('there are playbooks', () => expect(playbooks.length).toBeGreaterThan(2));
  test.each(playbooks)('%s', async (name) => {
    const their = await theirs(name);
    const person = await newPerson();
    const options = { inventory: [join(CASES, 'inventory.ini')], forks: 1, check: false, diff: false, forceHandlers: false, listHosts: false, listTasks: false, listTags: false, syntaxCheck: false, json: false };
    const status = await run({ ...options, playbooks: [join(NEWER, name)] }, person.context);
    expect({ status, stdout: plain(person.stdout(), NEWER) }, person.stderr()).toEqual(their);
  }, LIMIT_MS);

  async function theirs(name: string): Promise<{ readonly status: number; readonly stdout: string }> {
    const file = join(PRINTED, name.replace('.yml', '.json'));
    if (existsSync(file) && process.env.FLEET_TAP_RING_ASK !== '1') {
      const { key: of, ...known } = JSON.parse(await readFile(file, 'utf8')) as { key: string; status: number; stdout: string };
      if (of === key) return known;
    }
    if (controller === undefined) {
      ring = await Ring.start(await ringRoot());
      controller = await ring.host('printer');
      await controller.bring(CASES, '/ring/case');
    }
    const settings = ['ANSIBLE_NOCOLOR=1', 'ANSIBLE_LOCALHOST_WARNING=0', 'ANSIBLE_DEPRECATION_WARNINGS=0', 'ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3'];
    const { status, stdout } = await controller.run(['env', ...settings, 'ansible-playbook', '-f', '1', '-i', '/ring/case/inventory.ini', join(THERE, name)]);
    const printed = { status, stdout: plain(stdout, THERE) };
    await mkdir(PRINTED, { recursive: true });
    await writeFile(file, `${JSON.stringify({ key, ...printed }, null, 1)}\n`);
    return printed;
  }
});

async function contents(): Promise<string[]> {
  const entries = await readdir(NEWER, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.parentPath !== PRINTED).map((entry) => join(entry.parentPath, entry.name)).sort();
  return Promise.all(files.map(async (file) => `${file.slice(NEWER.length)} ${await readFile(file, 'utf8')}`));
}

/** Without times, paths of the machine, and paragraphs of mistakes. */
function plain(text: string, folder: string): string {
  const lines = text.replaceAll(folder, '').replace(/"(delta|start|end)": "[^"]*"/g, '"$1": …').split('\n');
  let isMistake = false;
  const kept = lines.filter((line) => {
    if (line.startsWith('[ERROR]')) isMistake = true;
    else if (/^(fatal|failed|ok|changed|skipping|included|TASK|PLAY|RUNNING)\b/.test(line)) isMistake = false;
    return !isMistake;
  });
  // What is undefined is told in other words.
  return kept.join('\n').replaceAll(/"(\w+)": "(?:[^"\\\n]|\\.)*is undefined(?:[^"\\\n]|\\.)*"(?=[,}])/g, '"$1": …');
}
