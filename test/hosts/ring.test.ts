// Playbooks as people write them, by Ansible (Debian 13's, ansible-core 2.19) and by us on identical Debian systems: in check mode, then twice.
// The same results for every task and host each time, and the same systems afterwards. A playbook is a file, or a folder with playbook.yml, in
// test/cases/playbook/hosts. Lines of it: `# differs: PATTERN REASON` names paths or tasks that differ, and why; `# hosts: web1 web2 db1` (else: web1);
// `# systemd`: systemd is the first process of its hosts (else nothing manages services there, as in a container).
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mayNotSkip } from '../playbook/engines.js';
import { type HostsCase, PASSES, runOurs, runTheirs } from './ring/engines.js';
import { controlGroups, Ring, type RingHost } from './ring/host.js';
import type { Hosts } from './ring/ours.js';
import { ringRoot, whyNoRing } from './ring/rootfs.js';
import { serve, type Served } from './ring/served.js';
import { tell } from './ring/state.js';

/** Ansible tells of an include as of a task; we tell of what is included. */
const INCLUDE = /(^| : )(ansible\.builtin\.)?include_(tasks|role)\b/;

const CASES = join(import.meta.dirname, '../cases/playbook/hosts');
/** What the server at `ring_http` serves. */
const SERVED = join(CASES, 'served');

interface Written {
  readonly name: string;
  /** A folder with playbook.yml, or the file. */
  readonly path: string;
  readonly text: string;
}

async function allCases(): Promise<Written[]> {
  const entries = (await readdir(CASES, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const found = entries.flatMap(({ name }) => {
    const path = join(CASES, name);
    if (existsSync(join(path, 'playbook.yml'))) return [{ name, path, file: join(path, 'playbook.yml') }];
    return name.endsWith('.yml') ? [{ name: name.replace(/\.yml$/, ''), path, file: path }] : [];
  });
  return Promise.all(found.map(async ({ name, path, file }) => ({ name, path, text: await readFile(file, 'utf8') })));
}

const why = whyNoRing();
const cases = await allCases();
const whyNoSystemd = (await controlGroups()) === undefined ? 'no control groups of version 2 are mounted here' : undefined;

describe.skipIf(why !== undefined && !mayNotSkip)(`on Debian systems of their own, as Ansible does it${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let ring: Ring;
  let served: Served;
  let controller: Promise<RingHost> | undefined;
  beforeAll(async () => {
    ring = await Ring.start(await ringRoot());
    served = await serve(SERVED);
  }, 600_000);
  afterAll(async () => {
    await (await controller)?.stop();
    await served.stop();
    await ring.stop();
  });

  for (const written of cases) {
    const systemd = /^# systemd$/m.test(written.text);
    const lacks = systemd ? whyNoSystemd : undefined;
    test.skipIf(lacks !== undefined && !mayNotSkip)(`${written.name}${lacks === undefined ? '' : ` (skipped: ${lacks})`}`, { timeout: 600_000 }, () => compare(written, systemd));
  }

  async function compare({ name, path, text }: Written, systemd: boolean): Promise<void> {
    const differs = [...text.matchAll(/^# differs: (\S+) .+$/gm)].map((match) => new RegExp(match[1] ?? ''));
    const known = (what: string) => differs.some((pattern) => pattern.test(what));
    const names = (/^# hosts: (.+)$/m.exec(text)?.[1] ?? 'web1').split(' ');
    // A copy: a playbook may write beside itself (fetch).
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-ring-case-'));
    const started: RingHost[] = [];
    const start = async (side: string): Promise<Hosts> => {
      const hosts = await Promise.all(names.map(async (one) => [one, await ring.host(`${name}-${side}-${one}`, { systemd })] as const));
      started.push(...hosts.map(([, host]) => host));
      return new Map(hosts);
    };
    try {
      await cp(path, path.endsWith('.yml') ? join(folder, 'playbook.yml') : folder, { recursive: true, verbatimSymlinks: true });
      const one: HostsCase = { name, folder, playbook: 'playbook.yml', hosts: names, systemd, served: text.includes('ring_http') ? SERVED : undefined };
      // Before ours, which may write into the folder.
      const theirs = await runTheirs(ring, served.url, async () => {
        controller ??= ring.host('controller');
        return { controller: await controller, hosts: await start('theirs') };
      }, one);
      const ours = await runOurs(ring, served.url, await start('ours'), one);
      const said = `Ansible said:\n  ${theirs.said.join('\n  ')}\nwe said:\n  ${ours.said.join('\n  ')}\n`;
      expect(ours.said.filter((line) => line.startsWith('check: CHANGED')), 'check mode changes nothing').toEqual([]);
      for (const pass of PASSES) {
        const told = (tasks: readonly (readonly string[])[]) => tasks.filter(([task = '']) => !known(task) && !INCLUDE.test(task));
        expect(told(ours.passes[pass]), `${pass}; ${said}`).toEqual(told(theirs.passes[pass]));
      }
      const paths = [...new Set([...Object.keys(ours.state), ...Object.keys(theirs.state)])].filter((one) => !known(one)).sort();
      // A path that only one engine has changed is told as it is on the other.
      const plain = await ring.host(`${name}-plain`);
      const withoutHost = (one: string) => (names.length === 1 ? one : one.slice(one.indexOf(':') + 1));
      const before = await tell(ring, plain, paths.map(withoutHost)).finally(() => plain.stop());
      const side = (state: Readonly<Record<string, string>>) => Object.fromEntries(paths.map((one) => [one, state[one] ?? before[withoutHost(one)]]));
      expect(side(ours.state), said).toEqual(side(theirs.state));
    } finally {
      await Promise.all(started.map((host) => host.stop()));
      await rm(folder, { recursive: true });
    }
  }
});
