// What `npm i -g` puts on a machine: the packed file, installed somewhere else, without anything that only the project's folder has.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = resolve(import.meta.dirname, '..', '..');
const LIMIT_BYTES = 2 * 2 ** 20;
let folder = '';
let tarball = '';
let packed: { readonly size: number; readonly files: readonly { readonly path: string }[] } | undefined;

const QUIET = { npm_config_update_notifier: 'false', npm_config_audit: 'false', npm_config_fund: 'false' };
const npm = (words: readonly string[], cwd: string): string => execFileSync('npm', [...words], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...QUIET } });
/** Major versions of Node beside the one that runs this, from npm's registry. */
const OTHERS = [22, 24].filter((major) => !process.version.startsWith(`v${major}.`));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-tap-package-'));
  // As `npm ci` has built it: building again would take away what other tests use at this moment.
  const [result] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], project)) as (typeof packed & { filename: string })[];
  packed = result;
  tarball = join(folder, result?.filename ?? '');
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('holds the program, its data and its documentation, and nothing of the tests', async () => {
  const files = packed?.files.map(({ path }) => path) ?? [];
  for (const path of ['dist/cli.js', 'dist/report-page/main.js', 'dist/report-page/main.js.LEGAL.txt', 'dist/man/fleet-tap.1', 'dist/wasm/packet-lines.wasm', 'dist/wasm/text-rows.wasm', 'playbooks/setup.yml', 'stap/tcpdumplike.stp', 'docs/guide.md', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE']) expect(files).toContain(path);
  expect(files.filter((path) => /^(src|test|\.ci)\//.test(path) || path.endsWith('.ts'))).toEqual([]);
  const readme = await readFile(join(project, 'README.md'), 'utf8');
  expect([...readme.matchAll(/\]\(([^)#:]+)/g)].map(([, path = '']) => path).filter((path) => !files.includes(path))).toEqual([]);
  expect(packed?.size).toBeLessThan(LIMIT_BYTES);
  // Every version is in the changelog once it is no longer being made.
  expect(await readFile(join(project, 'CHANGELOG.md'), 'utf8')).toMatch(/^## \[(Unreleased|\d+\.\d+\.\d+)\]/m);
});

/** @param run runs the installed program with these words in `folder` */
function expectItRuns(page: string, run: (words: readonly string[]) => string): void {
  expect(run(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
  const lines = run(['demo', '--for', '1s', '--report', page]).split('\n').slice(0, -1);
  expect(lines.length).toBeGreaterThan(10);
  expect(execFileSync('grep', ['-c', 'Content-Security-Policy', page], { encoding: 'utf8' })).toBe('1\n');
  expect(run(['completion', 'bash'])).toContain('complete -F _fleet_tap fleet-tap');
}

describe.each([['with ssh2\'s native parts, where they can be built', []], ['without them, and without a compiler', ['--omit=optional', '--ignore-scripts']]] as const)('installed %s', (_, flags) => {
  it('runs: version, demo, completion, and the report of the demo', () => {
    const prefix = join(folder, flags.length === 0 ? 'whole' : 'bare');
    npm(['install', '--global', '--prefix', prefix, ...flags, tarball], folder);
    expectItRuns(join(prefix, 'demo.html'), (words) => execFileSync(join(prefix, 'bin', 'fleet-tap'), [...words], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder } }));
  }, 300_000);
});

it.each(OTHERS)('is installed and runs on Node %i', { timeout: 300_000 }, (major) => {
  const place = join(folder, `node-${major}`);
  npm(['install', '--prefix', place, `node-linux-${process.arch}@${major}`], folder);
  const bin = join(place, 'node_modules', `node-linux-${process.arch}`, 'bin');
  const env = { ...process.env, ...QUIET, HOME: folder, PATH: `${bin}:${process.env.PATH}` };
  const run = (words: readonly string[]) => execFileSync(join(bin, 'node'), [...words], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env });
  expect(run(['--version'])).toMatch(new RegExp(`^v${major}\\.`));
  // npm is this machine's, but what runs it and what it installs for is that Node.
  run([join(npm(['root', '--global'], folder).trim(), 'npm/bin/npm-cli.js'), 'install', '--global', '--prefix', place, tarball]);
  expectItRuns(join(place, 'demo.html'), (words) => run([join(place, 'bin', 'fleet-tap'), ...words]));
});
