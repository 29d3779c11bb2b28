// What comes in: a build tree. What goes out: an sshd of its own on a loopback address, running natively in the tree.
// It is process 1 of a pid namespace, so that its end ends all that was started through it, and its mounts are nobody else's.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildHost, RUN_DIR, suiteDir } from './places.js';
import { endProcess, remember, runningPid } from './processes.js';
import { waitForSsh } from './remote.js';

const NAMESPACE_SCRIPT = `set -e
hostname "$2"
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t sysfs -o ro sysfs "$1/sys" 2>/dev/null || true
mount -t tmpfs tmpfs "$1/run"
mkdir -p "$1/run/sshd" "$1/run/lock"
exec chroot "$1" /usr/sbin/sshd -D -e -o ListenAddress="$3:$4" -o Port="$4" -o UseDNS=no -o MaxSessions=20
`;

export async function startBuildHost(host: BuildHost): Promise<void> {
  if ((await runningPid(host.name)) !== undefined) return;
  await mkdir(RUN_DIR, { recursive: true });
  const logFile = join(RUN_DIR, `${host.name}.log`);
  const log = openSync(logFile, 'a');
  const tree = join(suiteDir(host.suite), 'build');
  const child = spawn(
    'unshare',
    ['--mount', '--uts', '--pid', '--fork', '--kill-child=SIGKILL', '--propagation', 'private', 'sh', '-c', NAMESPACE_SCRIPT, 'sh', tree, host.name, host.address, String(host.port)],
    { detached: true, stdio: ['ignore', log, log] },
  );
  if (child.pid === undefined) throw new Error(`${host.name}: unshare could not be started`);
  await remember(host.name, child.pid);
  child.unref();
  await waitForSsh(host, 30_000, async () => (await runningPid(host.name)) !== undefined, logFile);
}

export async function stopBuildHost(host: BuildHost): Promise<void> {
  // unshare passes no SIGTERM on; its SIGKILL ends the whole pid namespace (--kill-child).
  await endProcess(host.name, 200);
}

/** Forgets what setup put there: the next start begins with a bare tree. */
export async function resetBuildHost(host: BuildHost): Promise<void> {
  await stopBuildHost(host);
  await rm(join(suiteDir(host.suite), 'build'), { recursive: true, force: true });
}
