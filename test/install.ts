// What the tests need of the system, and how they get it: as root on Debian they install it (`npm test` on a fresh machine), otherwise the
// tests that need it are skipped and one line says which and why. Before vitest's workers start (globalSetup).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Need {
  readonly program: string;
  /** One or more, with spaces between. */
  readonly debianPackage: string;
  /** What is skipped without it. */
  readonly tests: string;
}

const NEEDS: readonly Need[] = [
  { program: 'ansible-playbook', debianPackage: 'ansible-core', tests: 'comparisons with real Ansible' },
  { program: 'sshd', debianPackage: 'openssh-server', tests: 'connections to a real sshd' },
  { program: 'ssh-keygen', debianPackage: 'openssh-client', tests: 'known_hosts against ssh-keygen' },
  { program: 'busybox', debianPackage: 'busybox', tests: 'facts under busybox sh' },
  { program: 'expect', debianPackage: 'expect', tests: 'questions at a terminal' },
  { program: 'sudo', debianPackage: 'sudo', tests: 'become through real sudo' },
  { program: 'doas', debianPackage: 'doas', tests: 'become through real doas' },
  { program: 'tshark', debianPackage: 'tshark', tests: 'pcapng as tshark reads it' },
  { program: 'jq', debianPackage: 'jq', tests: 'JSONL as jq reads it' },
  { program: 'zstd', debianPackage: 'zstd', tests: 'logs compressed with zstd' },
  { program: 'python3', debianPackage: 'python3-minimal', tests: "CSV as Python's csv reads it" },
  { program: 'stap', debianPackage: 'systemtap linux-headers-cloud-amd64', tests: 'filters as stap analyses them' },
  { program: 'chromium', debianPackage: 'chromium fonts-dejavu-core', tests: 'the report in a browser' },
  { program: 'mmdebstrap', debianPackage: 'mmdebstrap', tests: 'playbooks on Debian systems of their own' },
  { program: 'zsh', debianPackage: 'zsh', tests: 'completion in zsh' },
  { program: 'fish', debianPackage: 'fish', tests: 'completion in fish' },
  { program: 'groff', debianPackage: 'groff', tests: 'the man page as groff reads it' },
  { program: 'vagrant', debianPackage: 'vagrant vagrant-libvirt', tests: 'the Vagrantfile as Vagrant reads it' },
  { program: 'perl', debianPackage: 'perl-base', tests: 'small writes that go together' },
];

const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

function isInstalled(program: string): boolean {
  return FOLDERS.some((folder) => existsSync(join(folder, program)));
}

/** @returns what is still missing */
export function installMissing<T extends Pick<Need, 'program' | 'debianPackage'>>(needs: readonly T[]): T[] {
  const missing = needs.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !isInstalled('apt-get')) return missing;
  const packages = [...new Set(missing.flatMap(({ debianPackage }) => debianPackage.split(' ')))];
  console.error(`installing what the tests need: ${packages.join(' ')}`);
  // Runlevel 1: no service is started by its installation.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const words of [['update', '-q'], ['install', '-y', '-q', '--no-install-recommends', ...packages]]) {
    const result = spawnSync('apt-get', words, { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
    if (result.status !== 0) console.error(`apt-get ${words.join(' ')} failed:\n${result.stdout}${result.stderr}`);
  }
  return needs.filter(({ program }) => !isInstalled(program));
}

export default function setup(): void {
  // The tests run the sources; the report's page is bundled from them, and WebAssembly compiled.
  for (const build of ['build-page.mjs', 'build-wasm.mjs']) execFileSync(process.execPath, [join(import.meta.dirname, '..', build)], { stdio: 'inherit' });
  const missing = installMissing(NEEDS);
  for (const { program, debianPackage, tests } of missing) console.error(`skipped: ${tests}: ${program} is not installed (as root: apt-get install ${debianPackage})`);
  if (missing.length > 0 && process.env.FLEET_TAP_NO_SKIP === '1') throw new Error('FLEET_TAP_NO_SKIP=1, and not all that the tests need is there');
}
