// Every module of the registry on a real Debian system, over SSH: check mode changes nothing and predicts the run; `changed` is true if and only if the
// system differs afterwards; the second run changes nothing. The cases are test/cases/modules/changed/MODULE.yml: for each at least one that changes, one where
// all is right already, one that is partly right, one that fails; a module that changes nothing by its nature has at least three in all.
// What cannot be so (a command has always changed something, as with Ansible) says why in its case (`because`).
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Inventory } from '../../src/inventory/host.js';
import { loadInventory } from '../../src/inventory/load.js';
import { modules } from '../../src/modules/index.js';
import { controlGroups, Ring, type RingHost } from '../hosts/ring/host.js';
import { closeAll, playOnce, type Sessions } from '../hosts/ring/ours.js';
import { ringRoot, whyNoRing } from '../hosts/ring/rootfs.js';
import { serve, type Served } from '../hosts/ring/served.js';
import { type Snapshot, snapshot } from '../hosts/ring/snapshot.js';
import { mayNotSkip } from '../playbook/engines.js';

type Status = 'changed' | 'failed' | 'ok' | 'skipped';

interface Case {
  /** The starting state: nothing of what is wanted is there, all is, some of it is, or it cannot be done. `says`: a module that only tells. */
  readonly is: 'changes' | 'right' | 'partly' | 'fails' | 'says';
  readonly name: string;
  /** sh, on the host. */
  readonly before?: string;
  readonly task: unknown;
  /** Keys of the task beside the module. */
  readonly with?: Readonly<Record<string, unknown>>;
  /** sh, on the host: what it prints is part of the state. */
  readonly probe?: string;
  /** Where they are others than by the rule: check mode, the first and the second run; and why. */
  readonly check?: Status;
  readonly first?: Status;
  readonly second?: Status;
  readonly because?: string;
  /** The state differs where the result does not say so, or the other way; `because` says why. */
  readonly differs?: boolean;
}

interface ModuleCases {
  readonly module: string;
  /** systemd is the host's first process. */
  readonly systemd?: boolean;
  /** Beside the playbook. */
  readonly files?: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

const FOLDER = join(import.meta.dirname, '../cases/modules/changed');
const files = existsSync(FOLDER) ? (await readdir(FOLDER)).filter((name) => name.endsWith('.yml')).sort() : [];
const all: readonly ModuleCases[] = await Promise.all(files.map(async (name) => ({ module: name.replace(/\.yml$/, ''), ...(parse(await readFile(join(FOLDER, name), 'utf8')) as Omit<ModuleCases, 'module'>) })));

/** Whose cases are all `says`: they have nothing that could change. */
const kinds = (cases: readonly Case[]) => [...new Set(cases.map((one) => one.is))];

test('every module has its cases', () => {
  const lacking = [...modules.keys()].flatMap((name) => {
    const cases = all.find(({ module }) => module === name)?.cases ?? [];
    const wanted = kinds(cases).some((is) => is === 'changes') ? (['changes', 'right', 'fails'] as const) : [];
    const missing = wanted.filter((is) => !kinds(cases).includes(is));
    return [...(cases.length < 3 ? [`${name}: ${cases.length} cases`] : []), ...missing.map((is) => `${name}: none that is "${is}"`)];
  });
  expect(lacking).toEqual([]);
  expect(all.map(({ module }) => module).filter((name) => !modules.has(name)), 'cases of no module').toEqual([]);
  const unsaid = all.flatMap(({ module, cases }) => cases.filter((one) => [one.check, one.first, one.second, one.differs].some((value) => value !== undefined) && one.because === undefined).map(({ name }) => `${module}: ${name}`));
  expect(unsaid, 'an exception says why').toEqual([]);
});

const why = whyNoRing();
const whyNoSystemd = (await controlGroups()) === undefined ? 'no control groups of version 2 are mounted here' : undefined;

describe.skipIf(why !== undefined && !mayNotSkip)(`on a Debian system${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let ring: Ring;
  let served: Served;
  beforeAll(async () => {
    ring = await Ring.start(await ringRoot());
    served = await serve(join(import.meta.dirname, '../cases/playbook/hosts/served'));
  }, 600_000);
  afterAll(async () => {
    await served.stop();
    await ring.stop();
  });

  for (const { module, systemd = false, files: beside = {}, cases } of all) {
    const lacks = systemd ? whyNoSystemd : undefined;
    describe.skipIf(lacks !== undefined && !mayNotSkip)(`${module}${lacks === undefined ? '' : ` (skipped: ${lacks})`}`, () => {
      let host: RingHost;
      let folder: string;
      let inventory: Inventory;
      const sessions: Sessions = new Map();
      beforeAll(async () => {
        host = await ring.host(`module-${module}`, { systemd });
        folder = await mkdtemp(join(tmpdir(), 'fleet-tap-changed-'));
        for (const [name, content] of Object.entries(beside)) {
          await mkdir(dirname(join(folder, name)), { recursive: true });
          await writeFile(join(folder, name), content);
        }
        await writeFile(join(folder, 'inventory'), `web1 ring_http=${served.url}\n`);
        inventory = await loadInventory([join(folder, 'inventory')]);
      });
      afterAll(async () => {
        await closeAll(sessions);
        await host.stop();
        await rm(folder, { recursive: true });
      });

      test.each(cases.map((one) => [one.is, one.name, one] as const))('%s: %s', { timeout: 120_000 }, async (_is, _name, one) => {
        if (one.before !== undefined) {
          const { status, stderr } = await host.run(['sh', '-ec', one.before]);
          expect(status, stderr).toBe(0);
        }
        const playbook = join(folder, 'playbook.yml');
        await writeFile(playbook, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: [{ name: 'it', [module]: one.task, ...one.with }] }]));
        const play = async (check: boolean) => {
          const { tasks, said } = await playOnce(playbook, inventory, new Map([['web1', host]]), check, sessions);
          return { status: tasks[0]?.[1]?.replace(/^.*: /, '') ?? 'ok', said: said.join('\n') };
        };
        const look = async (): Promise<Snapshot> => snapshot(host, ring.root, one.probe);
        const before = await look();
        const foreseen = await play(true);
        expect(await look(), `check mode changes nothing; it said ${foreseen.status} ${foreseen.said}`).toEqual(before);
        const first = await play(false);
        const after = await look();
        const second = await play(false);
        const settled = await look();
        const [whenFirst, whenSecond] = { changes: ['changed', 'ok'], partly: ['changed', 'ok'], right: ['ok', 'ok'], fails: ['failed', 'failed'], says: ['ok', 'ok'] }[one.is] as [string, string];
        const wanted = one.first ?? whenFirst;
        expect(`check: ${foreseen.status}, first: ${first.status}, second: ${second.status}`, `${foreseen.said}\n${first.said}\n${second.said}`).toBe(`check: ${one.check ?? wanted}, first: ${wanted}, second: ${one.second ?? whenSecond}`);
        // What failed may have been undone: a file that did not pass a check, a line of fstab for what cannot be mounted.
        const same = one.is === 'fails' ? difference(withoutTimes(before), withoutTimes(after)) === '' : difference(before, after) === '';
        expect(same, `changed if and only if the state differs: ${difference(before, after)}`).toBe(wanted !== 'changed' && one.differs !== true || wanted === 'changed' && one.differs === false);
        if ((one.second ?? whenSecond) !== 'changed' && one.is !== 'fails') expect(difference(after, settled), 'the second run changes nothing').toBe('');
      });
    });
  }
});

const difference = (before: Snapshot, after: Snapshot) => [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => before[path] !== after[path]).map((path) => `${path}: ${before[path] ?? 'as in the root'} → ${after[path] ?? 'as in the root'}`).join('\n');
const withoutTimes = (taken: Snapshot) => Object.fromEntries(Object.entries(taken).flatMap(([path, what]) => (what.startsWith('folder') ? [] : [[path, what.replace(/ \d{19}\b/, '')]])));
