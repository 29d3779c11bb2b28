// The Vagrantfile, as the real Vagrant reads it; and -i vagrant: where no machine is up.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const project = resolve(import.meta.dirname, '..', '..');
const skipped = existsSync('/usr/bin/vagrant') ? '' : 'skipped: vagrant is not installed (apt-get install vagrant vagrant-libvirt)';
const MACHINES = ['ubuntu-22.04', 'ubuntu-24.04', 'ubuntu-26.04', 'debian-12', 'debian-13'];

describe.skipIf(skipped !== '')(`the Vagrantfile ${skipped}`, () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-vagrant-'));
    await copyFile(join(project, 'Vagrantfile'), join(folder, 'Vagrantfile'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
    const result = spawnSync(program, words, { cwd: folder, encoding: 'utf8', env: { ...process.env, VAGRANT_HOME: join(folder, 'home'), VAGRANT_DEFAULT_PROVIDER: 'libvirt', VAGRANT_CHECKPOINT_DISABLE: '1', ...env } });
    return { status: result.status, output: `${result.stdout}${result.stderr}` };
  }

  it('is valid, for libvirt with and without KVM, and has all machines', () => {
    for (const driver of ['kvm', 'qemu']) expect(run('vagrant', ['validate'], { FLEET_TAP_DRIVER: driver, FLEET_TAP_SYMBOLS: 'none' })).toEqual({ status: 0, output: 'Vagrantfile validated successfully.\n' });
    const { output } = run('vagrant', ['status', '--machine-readable']);
    expect(output.split('\n').filter((line) => line.includes(',state,')).map((line) => line.split(',')[1])).toEqual(MACHINES);
  });

  it('names the machine that there is not', () => {
    expect(run('vagrant', ['validate'], { FLEET_TAP_MACHINES: 'debian-12,debian-99' })).toMatchObject({ status: 1, output: expect.stringContaining('there is no machine debian-99; there are ubuntu-22.04') });
  });

  it('-i vagrant: says that no machine is up, and what to do', () => {
    const { status, output } = run(process.execPath, ['--import', join(project, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs'), join(project, 'src', 'cli.ts'), 'inventory', '-i', 'vagrant:', '--list']);
    expect(output).toMatch(/no vagrant machine of this folder is up \[inventory-vagrant\]\n {2}hint: vagrant up/);
    expect(status).toBe(1);
  });
});
