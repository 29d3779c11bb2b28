// What comes in: a number of hosts and of lines. What goes out: addresses, each with an sshd, files and processes of its own, where `capture` finds all that it needs: stap, headers, and a
// staprun that prints lines of a file, made before, as fast as it can, and then waits to be ended. Only these two programs are made up:
// login, facts, upload, supervisor, coalescer and channels are the real ones.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LoopbackFleet, startLoopbackFleet } from './loopback-fleet.js';
import { wireLines } from './wire-lines.js';

export interface StreamHosts {
  readonly fleet: LoopbackFleet;
  /** Folder with a file for each address: the script's lines, heartbeats among them. */
  readonly lines: string;
  /** The same, packets only: for those who sort text. */
  readonly packets: string;
  /** Folder in which a file appears for each address that begins to print. */
  readonly printing: string;
  /** Folder in which a file appears for each address whose lines have all been printed. */
  readonly printed: string;
}

/** Event time from one packet of a host to its next. */
const PAUSE_NS = 50_000;

export async function startStreamHosts(size: number, packetsEach: number, folder: string): Promise<StreamHosts> {
  const [programs, lines, packets, printing, printed] = ['programs', 'lines', 'packets', 'printing', 'printed'].map((name) => join(folder, name)) as [string, string, string, string, string];
  for (const each of [programs, lines, packets, printing, printed]) await mkdir(each);
  const executable = (name: string, body: string) => writeFile(join(programs, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  await executable('stap', `case $1 in -V) echo 'Systemtap translator/driver (version 5.1/0.192, made up)' >&2; exit ;; esac
while [ "$1" != -m ]; do shift; done
echo "no kernel module: $2" > "$2.ko"`);
  // What the kernel module would do from here on: print, and say goodbye when it is ended.
  await executable('staprun', `[ "$1" != -d ] || exit 0
set -- $SSH_CONNECTION
trap 'cat "${lines}/$3.end"; kill $! 2>/dev/null; exit' TERM
: > "${printing}/$3"
cat "${lines}/$3"
: > "${printed}/$3"
sleep 86400 & wait`);
  // Headers, a kernel that takes kernel modules, and no other systemtap: nothing is compiled or loaded.
  const before = `mkdir -p "/lib/modules/$(uname -r)/build" /kernel && : > "/lib/modules/$(uname -r)/build/Makefile"
mount -t proc proc /kernel && mount -t tmpfs none /proc && ln -s /kernel/1 /kernel/[!0-9]* /proc && rm -f /proc/modules && : > /proc/modules
sed -i '/^Package: systemtap/,/^$/d' /var/lib/dpkg/status`;
  const fleet = await startLoopbackFleet(size, folder, { before, programs });
  const beganNs = (BigInt(Date.now()) - BigInt(Math.ceil((packetsEach * PAUSE_NS) / 1e6) + 1000)) * 1_000_000n;
  for (const [host, address] of fleet.addresses.entries()) {
    const wanted = { host, beganNs, packets: packetsEach, pauseNs: BigInt(PAUSE_NS) };
    const all = wireLines(wanted, true);
    const end = all.lastIndexOf('\n', all.length - 2) + 1;
    await writeFile(join(lines, address), all.slice(0, end));
    await writeFile(join(lines, `${address}.end`), all.slice(end));
    await writeFile(join(packets, address), wireLines(wanted, false));
  }
  return { fleet, lines, packets, printing, printed };
}
