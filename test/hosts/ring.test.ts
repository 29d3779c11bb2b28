// Playbooks as people write them, by Ansible (Debian 13's, ansible-core 2.19) and by us on identical Debian systems: in check mode, then twice.
// The same results for every task each time, and the same system afterwards. A playbook is a file, or a folder with playbook.yml, in
// test/cases/playbook/hosts; a line `# differs: PATTERN REASON` in it names paths or tasks that differ, and why.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mayNotSkip } from '../playbook/engines.js';
import { type HostsCase, PASSES, runOurs, runTheirs } from './ring/engines.js';
import { Ring } from './ring/host.js';
import { ringRoot } from './ring/rootfs.js';
import { tell } from './ring/state.js';

/** Ansible tells of an include as of a task; we tell of what is included. */
const INCLUDE = /(^| : )(ansible\.builtin\.)?include_(tasks|role)\b/;

const CASES = join(import.meta.dirname, '../cases/playbook/hosts');

async function allCases(): Promise<HostsCase[]> {
  const entries = (await readdir(CASES, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry): HostsCase[] => {
    if (entry.isDirectory()) return existsSync(join(CASES, entry.name, 'playbook.yml')) ? [{ name: entry.name, folder: join(CASES, entry.name), playbook: 'playbook.yml' }] : [];
    return entry.name.endsWith('.yml') ? [{ name: entry.name.replace(/\.yml$/, ''), folder: CASES, playbook: entry.name }] : [];
  });
}

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount and chroot';
  return ['/usr/bin/mmdebstrap', '/usr/bin/unshare', '/usr/bin/nsenter'].find((program) => !existsSync(program))?.replace(/^.*\//, 'there is no ');
}

const why = whyNot();
const cases = await allCases();

describe.skipIf(why !== undefined && !mayNotSkip)(`on Debian systems of their own, as Ansible does it${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let ring: Ring;
  beforeAll(async () => {
    ring = await Ring.start(await ringRoot());
  }, 600_000);
  afterAll(() => ring.stop());

  test.each(cases.map((one) => [one.name, one] as const))('%s', { timeout: 300_000 }, async (_name, one) => {
    const text = await readFile(join(one.folder, one.playbook), 'utf8');
    const differs = [...text.matchAll(/^# differs: (\S+) .+$/gm)].map((match) => new RegExp(match[1] ?? ''));
    const known = (name: string) => differs.some((pattern) => pattern.test(name));
    const ourHost = await ring.host(`${one.name}-ours`);
    try {
      const started: { stop(): Promise<void> }[] = [];
      const [ours, theirs] = await Promise.all([
        runOurs(ring, ourHost, one),
        runTheirs(ring, async () => {
          const host = await ring.host(`${one.name}-theirs`);
          started.push(host);
          return host;
        }, one).finally(() => Promise.all(started.map((host) => host.stop()))),
      ]);
      const said = `Ansible said:\n  ${theirs.said.join('\n  ')}\nwe said:\n  ${ours.said.join('\n  ')}\n`;
      expect(ours.said.filter((line) => line.startsWith('check: CHANGED')), 'check mode changes nothing').toEqual([]);
      for (const pass of PASSES) {
        const told = (tasks: readonly (readonly string[])[]) => tasks.filter(([name = '']) => !known(name) && !INCLUDE.test(name));
        expect(told(ours.passes[pass]), `${pass}; ${said}`).toEqual(told(theirs.passes[pass]));
      }
      const paths = [...new Set([...Object.keys(ours.state), ...Object.keys(theirs.state)])].filter((path) => !known(path)).sort();
      // A path that only one engine has changed is told as it is on the other.
      const plain = await ring.host(`${one.name}-plain`);
      const before = await tell(ring, plain, paths).finally(() => plain.stop());
      const side = (state: Readonly<Record<string, string>>) => Object.fromEntries(paths.map((path) => [path, state[path] ?? before[path]]));
      expect(side(ours.state), said).toEqual(side(theirs.state));
    } finally {
      await ourHost.stop();
    }
  });
});
