// What is left of a run: never a secret, bounded, and good for --rerun-failed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { failedHosts } from '../../src/commands/rerun-failed.js';
import { RunDirectory } from '../../src/commands/run-directory.js';
import { withoutSecrets } from '../../src/commands/secrets.js';

const CANARY = 'c4nary-s3cret';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'fleet-tap-runs-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function optionsIn(stateDirectory: string) {
  const vars = { ansible_host: '10.0.0.1', ansible_port: 22, ansible_password: CANARY, ansible_become_password: CANARY, ansible_user: CANARY, db_password: CANARY };
  return { stateDirectory, command: 'exec', words: ['exec', '-e', `pw=${CANARY}`, 'web1'], hosts: [{ name: 'web1', groups: ['web'], vars }, { name: '../web2', groups: [], vars: { ansible_host: { encrypted: CANARY } } }], say: () => {} };
}

it('holds no secret, and nobody else may read it', async () => {
  const state = folder();
  const run = await RunDirectory.create(optionsIn(state));
  run.log.write('../web2', 'stdout', Buffer.from('hello\n'));
  run.failed('../web2', new FleetTapError('unreachable', 'connect-refused', 'nothing listens'));
  await run.finish(4);
  const path = run.path ?? '';
  expect(execFileSync('grep', ['-rc', '.', path], { encoding: 'utf8' })).toContain('hosts.json');
  expect(() => execFileSync('grep', ['-r', CANARY, path])).toThrow();
  for (const name of readdirSync(path, { recursive: true }) as string[]) {
    const info = statSync(join(path, name));
    expect([name, info.mode & 0o777]).toEqual([name, info.isDirectory() ? 0o700 : 0o600]);
  }
  expect(readFileSync(join(path, 'hosts', '%2E.%2Fweb2.out'), 'utf8')).toBe('hello\n');
  expect(JSON.parse(readFileSync(join(path, 'hosts.json'), 'utf8'))[0]).toEqual({ name: 'web1', groups: ['web'], vars: { ansible_host: '10.0.0.1', ansible_port: 22 } });
  expect(await failedHosts(path, state)).toEqual(new Set(['../web2']));
  expect(await failedHosts('last', state)).toEqual(new Set(['../web2']));
});

it('keeps the newest 50, and removes nothing that is not its own', async () => {
  const state = folder();
  writeFileSync(join(state, 'notes.txt'), 'mine');
  for (let run = 0; run < 53; run++) await (await RunDirectory.create(optionsIn(state))).finish(0);
  const names = readdirSync(state);
  expect(names).toContain('notes.txt');
  expect(names).toHaveLength(51);
});

it('a folder that cannot be made stops nothing', async () => {
  const state = folder();
  writeFileSync(join(state, 'file'), '');
  const said: string[] = [];
  const run = await RunDirectory.create({ ...optionsIn(join(state, 'file')), say: (line) => void said.push(line) });
  run.log.write('web1', 'stdout', Buffer.from('x'));
  await run.finish(0);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^this run leaves no run directory: /);
});

it('says so when there is nothing to go on from', async () => {
  const state = folder();
  await expect(failedHosts('last', state)).rejects.toMatchObject({ kind: 'input', code: 'run-directory' });
  await expect(failedHosts(state, state)).rejects.toMatchObject({ kind: 'input', code: 'run-directory' });
});

it.each([
  [['run', '-e', 'a=b', '--extra-vars', '{"a": "b"}', '-e', '@vars.yml'], ['run', '-e', 'a=(not kept)', '--extra-vars', '(not kept)', '-e', '@vars.yml']],
  [['run', '-ea=b', '--extra-vars=a=b c=d'], ['run', '-ea=(not kept)', '--extra-vars=(not kept)']],
  [['exec', 'web', '--', 'sed', '-e', 's/a/b/'], ['exec', 'web', '--', 'sed', '-e', 's/a/b/']],
])('%j is kept as %j', (words, kept) => expect(withoutSecrets(words)).toEqual(kept));
