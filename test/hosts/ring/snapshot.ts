// What comes in: a host of the ring. What goes out: all that is on its disks and not as in the root it began as: kind, mode, owner, times, content; and
// what a probe says of the rest (mounts, processes). Two snapshots are equal when nothing has happened between them: a file that was written again
// with the same words has another time, and a folder in which a file came and went too.
// Left out: what programs that only look leave behind (locks, caches that are made again), each with its reason.
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { RingHost } from './host.js';

export type Snapshot = Readonly<Record<string, string>>;

const LEFT_OUT = [
  // apt-get -s and apt-cache map the lists into a cache file of their own, and take locks.
  /^var\/cache\/apt\//, /^var\/cache\/apt$/, /^var\/lib\/apt\/lists\/(lock|partial|auxfiles)/, /^var\/lib\/apt\/lists$/, /^var\/lib\/dpkg\/(lock|lock-frontend|triggers\/Lock)$/, /^var\/lib\/dpkg$/, /^var\/lib\/apt$/,
  // Logs say that somebody looked.
  /^var\/log(\/|$)/,
  // debconf-show opens its database for writing, and rotates it.
  /^var\/cache\/debconf(\/.*-old)?$/,
  // The scripts' own, which they remove.
  /^tmp$/, /^var\/tmp$/,
  // Lock of the accounts' files.
  /^etc\/\.pwd\.lock$/, /^etc$/,
  /^etc\/machine-id$/, /^var\/lib\/systemd\/(timers|random-seed|catalog)/,
];

export async function snapshot(host: RingHost, root: string, probe: string | undefined): Promise<Snapshot> {
  const taken: Record<string, string> = {};
  await walk(host.changes, root, '', taken);
  if (probe !== undefined) {
    const { status, stdout, stderr } = await host.run(['sh', '-c', probe]);
    taken['the probe'] = `${status} ${stdout}${stderr}`;
  }
  return taken;
}

async function walk(folder: string, root: string, below: string, taken: Record<string, string>): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const own = join(folder, name);
    const what = await describe(own);
    if (!LEFT_OUT.some((pattern) => pattern.test(path)) && what !== (await describe(join(root, path)))) taken[path] = what ?? 'gone';
    if (what?.startsWith('folder') === true) await walk(own, root, path, taken);
  }
}

/** undefined: nothing is there, or (in the upper folder of an overlay) what was there is gone: a device 0:0 says that. */
async function describe(path: string): Promise<string | undefined> {
  const stat = await lstat(path, { bigint: true }).catch(() => undefined);
  if (stat === undefined) return undefined;
  const who = `${stat.uid}:${stat.gid} ${(stat.mode & 0o7777n).toString(8)} ${stat.mtimeNs}`;
  if (stat.isSymbolicLink()) return `link ${stat.uid}:${stat.gid} ${await readlink(path)}`;
  if (stat.isDirectory()) return `folder ${who}`;
  if (stat.isFile()) return `file ${who} ${createHash('sha256').update(await readFile(path)).digest('hex')}`;
  return stat.isCharacterDevice() && stat.rdev === 0n ? 'gone' : `special ${who}`;
}
