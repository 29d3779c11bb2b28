// The real setup module, run on this machine beside our script: the same values under the same names, or a reason that stands here.
// And its way of finding the distribution, fed with the os-release files of many: the same names and versions.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { factsScript, splitAnswer } from '../../src/facts/answer.js';
import { ansibleFacts } from '../../src/facts/ansible.js';
import { parseFacts } from '../../src/facts/gather.js';
import { HostFiles, renderFiles } from '../../src/facts/host-files.js';
import { whyNoAnsible } from '../playbook/engines.js';

// The setup module takes seconds by itself.
vi.setConfig({ testTimeout: 180_000 });

const mayNotSkip = process.env.FLEET_TAP_NO_SKIP === '1';
const noAnsible = whyNoAnsible();
const ansibleSkipped = noAnsible === undefined ? '' : ` (skipped: ${noAnsible})`;

/** Values that change between two questions: only their keys are compared. */
const VOLATILE = ['date_time', 'loadavg', 'memfree_mb', 'swapfree_mb', 'memory_mb', 'mounts', 'uptime_seconds'];

/** Names that only one of the two has, or that differ on purpose. */
const REASONS: Readonly<Record<string, string>> = {
  env: 'Ansible starts its module through shells of its own; what both have is compared',
  lvm: 'three processes of LVM on every host, for a fact that hardly anybody asks for',
  python: 'what is inside the interpreter only an interpreter can say, and hosts need none',
  python_version: 'the third number: only the interpreter can say',
  selinux_python_present: 'it is about Ansible\'s own library',
  gather_subset: 'it is about the module\'s own options',
  module_setup: 'it is about the module itself',
  fleet_tap: 'ours',
};
/** What ethtool says of each interface: two processes for each of them. */
const ETHTOOL = ['features', 'timestamping', 'hw_timestamp_filters', 'phc_index'];

/** Python's sets and listings come in any order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !ETHTOOL.includes(key)).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

function keysOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keysOf);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, keysOf(item)])) : typeof value;
}

test.skipIf(noAnsible !== undefined && !mayNotSkip)(`the setup module says the same of this machine${ansibleSkipped}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-setup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', LOGNAME: 'root', USER: 'root', SHLVL: '2' };
  const run = promisify(execFile);
  const module = await run('ansible', ['localhost', '-c', 'local', '-m', 'setup', '-e', 'ansible_python_interpreter=/usr/bin/python3'], { env, maxBuffer: 2 ** 24 });
  const { stdout } = await run('sh', ['-c', factsScript('N0nce', '/etc/ansible/facts.d')], { env, maxBuffer: 2 ** 24 });
  const answer = splitAnswer('N0nce', stdout);
  if (answer === undefined) throw new Error(stdout);
  const ours = ansibleFacts(parseFacts(answer));
  const { ansible_facts: all } = JSON.parse(module.stdout.slice(module.stdout.indexOf('{'))) as { ansible_facts: Record<string, unknown> };
  const theirs = Object.fromEntries(Object.entries(all).map(([name, value]) => [name.replace(/^ansible_/, ''), value]));
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].filter((name) => REASONS[name] === undefined);
  expect(names.length).toBeGreaterThan(80);
  const differing = names.flatMap((name) => {
    const [mine, other] = VOLATILE.includes(name) ? [keysOf(ours[name]), keysOf(theirs[name])] : [sorted(ours[name]), sorted(theirs[name])];
    return JSON.stringify(mine) === JSON.stringify(other) ? [] : [{ name, ours: mine, theirs: other }];
  });
  expect(differing).toEqual([]);
  const both = Object.keys(ours.env as object).filter((name) => name in (theirs.env as object) && !/^(_|PWD|OLDPWD|SHLVL|LC_\w+|LANGUAGE)$/.test(name));
  expect(both).toContain('HOME');
  for (const name of both) expect([name, (ours.env as Record<string, string>)[name]]).toEqual([name, (theirs.env as Record<string, string>)[name]]);
});

interface Case {
  readonly files: Record<string, string>;
}

/** `case: fact`, and why ours differs there. */
const DISTRIBUTION_REASONS: readonly (readonly [where: RegExp, why: string])[] = [
  [/^(elementary|zorin|pureos|an unknown).*: os_family$/, 'a derivative that is not on Ansible\'s list is a family of its own there; ours goes by ID_LIKE'],
  [/^steamos 3.*: os_family$/, 'Ansible still knows SteamOS 2 only, which was made from Debian'],
  [/^(ubuntu 1|old debian testing).*: distribution_release$/, 'where os-release has no codename field, Ansible asks lsb_release, or takes both words'],
  [/^(deepin|uos).*: distribution_release$/, 'Ansible takes the next line too when the value stands without quotes'],
  [/^cumulus: distribution_release$/, 'Ansible takes VERSION, which is no codename'],
  [/ nothing but a number: /, 'Ansible looks for the name in words'],
  [/^quotes, escapes/, 'Ansible does not read the quoting of os-release(5)'],
];

test.skipIf((noAnsible !== undefined || process.getuid?.() !== 0) && !mayNotSkip)(`Ansible finds the same distribution in the files of many${ansibleSkipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-tap-distribution-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const cases = JSON.parse(readFileSync(join(import.meta.dirname, '../cases/facts/os-release.json'), 'utf8')) as Record<string, Case>;
  const known = Object.entries(cases).filter(([, { files }]) => files['/etc/os-release'] !== undefined && files['/etc/os-release'] !== '');
  writeFileSync(join(folder, 'cases.json'), JSON.stringify(Object.fromEntries(known)));
  // A mount namespace of its own: the machine's /etc stays as it is.
  const python = spawnSync('unshare', ['-m', '/usr/bin/python3', join(import.meta.dirname, 'distribution.py'), join(folder, 'cases.json'), folder], { encoding: 'utf8' });
  expect(python.stderr).toBe('');
  const theirs = JSON.parse(python.stdout) as Record<string, Record<string, string>>;
  const differing = known.flatMap(([name, { files }]) => {
    const ours = ansibleFacts(parseFacts({ sections: new Map(), files: new HostFiles(renderFiles(files)) }));
    return ['distribution', 'distribution_version', 'distribution_major_version', 'distribution_release', 'os_family'].flatMap((fact) =>
      ours[fact] === theirs[name]?.[fact] || DISTRIBUTION_REASONS.some(([where]) => where.test(`${name}: ${fact}`)) ? [] : [{ case: `${name}: ${fact}`, ours: ours[fact], theirs: theirs[name]?.[fact] }],
    );
  });
  expect(differing).toEqual([]);
});
