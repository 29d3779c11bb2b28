// What comes in: the kernel's list of mounts, and `stat -f` of those on devices, or df's table. What goes out: free space where packages go, and
// Ansible's mounts (facts/hardware/linux.py).
// What is free leaves out what is reserved for the superuser, so apt may have a little more than is said here.
// A network file system is listed without its size: one whose server is gone would hold up all facts.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

const FOLDERS = ['/', '/usr', '/var', '/boot', '/tmp'];

export const mounts: Fact = {
  name: 'mounts',
  files: ['/proc/self/mountinfo'],
  command: `set --; for folder in ${FOLDERS.join(' ')}; do [ -d "$folder" ] && set -- "$@" "$folder"; done; folders="$*"; if [ -r /proc/mounts ]; then while read -r device folder rest; do
case $device in /*) case $folder in *\\\\* | / | /usr | /var | /boot | /tmp) ;; *) set -- "$@" "$folder" ;; esac ;; esac
done </proc/mounts; fi; stat -f -c '%S %s %b %a %c %d %n' "$@" || { printf '%s\\n' "$folders"; df -P -k $folders; }; set --`,
  parse: (output) => ({ freeBytes: { ...freeByTable(output), ...freeByFolder(output) } }),
  ansible: (output, files, known) => {
    const sizes = sizesOf(output);
    const seen = new Map<string, Record<string, unknown>>();
    const uuids = (known.device_links as { uuids?: Readonly<Record<string, readonly string[]>> } | undefined)?.uuids ?? {};
    for (const line of files.lines('/proc/self/mountinfo')) {
      // `36 35 98:0 /folder /mount rw,noatime master:1 - ext3 /dev/root rw,errors=continue` (proc_pid_mountinfo(5))
      const [before = '', after = ''] = line.split(' - ');
      const [, , , root = '/', mount = '', own = ''] = before.split(' ').map(unescape8);
      const [fstype = '', device = '', superOptions = ''] = after.split(' ').map(unescape8);
      if ((!device.startsWith('/') && !device.startsWith('\\') && !device.includes(':/')) || fstype === 'none') continue;
      const words = [...new Set([...own.split(','), ...superOptions.split(',')])];
      const isReadOnly = own.split(',').includes('ro') || superOptions.split(',').includes('ro');
      const options = [isReadOnly ? 'ro' : 'rw', ...words.filter((word) => word !== 'ro' && word !== 'rw')];
      if (root !== '/') options.push('bind');
      seen.set(mount, { mount, device, fstype, options: options.join(','), ...sizes.get(mount), uuid: uuids[device.replace(/^\/dev\//, '')]?.[0] ?? 'N/A' });
    }
    return { mounts: [...seen.values()] };
  },
};

/** `\040` stands for a space. */
function unescape8(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** By mount point, or folder. */
function sizesOf(output: HostText): Map<string, Record<string, number>> {
  return new Map(
    output.split('\n').flatMap((line): [string, Record<string, number>][] => {
      const match = /^(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\/.*)$/.exec(line);
      if (match === null) return [];
      const [fundamental = 0, block = 0, total = 0, available = 0, inodes = 0, inodesFree = 0] = match.slice(1, 7).map(Number);
      return [[match[7] ?? '', {
        size_total: fundamental * total, size_available: fundamental * available, block_size: block, block_total: total, block_available: available, block_used: total - available,
        inode_total: inodes, inode_available: inodesFree, inode_used: inodes - inodesFree,
      }]];
    }),
  );
}

function freeByFolder(output: HostText): Record<string, number> {
  const sizes = sizesOf(output);
  return Object.fromEntries(FOLDERS.flatMap((folder) => (sizes.has(folder) ? [[folder, sizes.get(folder)?.size_available ?? 0]] : [])));
}

/** The folders that exist, then df's POSIX table for them in the same order. */
function freeByTable(output: HostText): Record<string, number> {
  const at = output.search(/^ ?\/(?: \/\w+)*$/m);
  const [first = '', ...lines] = at === -1 ? [] : output.slice(at).split('\n');
  const folders = first.trim().split(' ');
  // 1024-blocks, used, available, capacity, mount point; the name before them may hold spaces.
  const rows = lines.flatMap((line) => /\s\d+\s+-?\d+\s+(-?\d+)\s+(?:\d+%|-)\s+\/.*$/.exec(line)?.[1] ?? []);
  // One answer short: which one is not known, so none counts.
  return rows.length === folders.length ? Object.fromEntries(folders.map((folder, index) => [folder, Math.max(0, Number(rows[index])) * 1024])) : {};
}
