// `npm run lab:vagrant`: the Vagrantfile of the project with Debian's own Vagrant and libvirt, from nothing to a merged log of two machines.
// All of it runs in namespaces (namespace.ts); outside, only the lab's trees are made, and packages fetched from the mirror of this machine.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { installMissing } from '../../install.js';
import { whyNoLab } from '../lab.js';
import { LAB_DIR, PROJECT_DIR, RUN_DIR } from '../places.js';
import { makeKeys } from '../rootfs.js';
import { fetchPackages } from './box.js';
import { VAGRANT_MACHINES } from './machines.js';
import { inNamespace, processesIn } from './namespace.js';

const NEEDED = [
  { program: 'vagrant', debianPackage: 'vagrant vagrant-libvirt' },
  { program: 'libvirtd', debianPackage: 'libvirt-daemon-system' },
  { program: 'virsh', debianPackage: 'libvirt-clients' },
  { program: 'dnsmasq', debianPackage: 'dnsmasq-base' },
  { program: 'iptables', debianPackage: 'iptables' },
  { program: 'gpg', debianPackage: 'gpg gpg-agent' },
];

async function main(shell: boolean): Promise<void> {
  const startedMs = performance.now();
  const say = (line: string) => console.log(line);
  const missing = installMissing(NEEDED).map(({ debianPackage }) => debianPackage);
  const reason = whyNoLab() ?? (missing.length === 0 ? undefined : `the lab needs: apt-get install -y --no-install-recommends ${missing.join(' ')}`);
  if (reason !== undefined) throw new Error(reason);
  execFileSync('npm', ['run', '-s', 'build'], { cwd: PROJECT_DIR, stdio: 'inherit' });
  await mkdir(LAB_DIR, { recursive: true });
  await makeKeys();
  for (const { suite } of VAGRANT_MACHINES) await fetchPackages(suite, say);
  const folder = join(RUN_DIR, 'vagrant');
  const inside = [process.execPath, '--import', import.meta.resolve('tsx'), join(import.meta.dirname, 'inside.ts'), folder, ...(shell ? ['--shell'] : [])];
  const status = await inNamespace(folder, inside, process.env);
  if (shell) return;
  const left = await processesIn((await readFile(join(folder, 'network'), 'utf8')).trim());
  const passed = status === 0 && existsSync(join(folder, 'passed')) && left.length === 0;
  if (left.length > 0) say(`processes that are left: ${left.join(' ')}`);
  say(`lab:vagrant: ${passed ? 'PASSED' : 'FAILED'} after ${((performance.now() - startedMs) / 1000).toFixed(0)} s; files: ${folder}`);
  process.exitCode = passed ? 0 : 1;
}

try {
  await new Command('lab:vagrant')
    .description('the Vagrantfile from nothing to a merged log of two machines: boxes of the lab\'s guests, vagrant up, setup, capture, destroy; 25 minutes under emulation')
    .option('--shell', 'boxes and libvirt only, then a shell in the namespace, for what you type by hand', false)
    .action(({ shell }: { shell: boolean }) => main(shell))
    .parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
