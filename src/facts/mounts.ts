// What comes in: the kernel's list of mounts, and `stat -f` of those on devices. What goes out: Ansible's mounts (facts/hardware/linux.py).
// A network file system is listed without its size: one whose server is gone would hold up all facts.
import type { Fact } from './fact.js';

export const mounts: Fact = {
  name: 'mounts',
  files: ['/proc/self/mountinfo'],
  command: `set --; if [ -r /proc/mounts ]; then while read -r device folder rest; do
case $device in /*) case $folder in *\\\\*) ;; *) set -- "$@" "$folder" ;; esac ;; esac
done </proc/mounts; fi; [ $# -eq 0 ] || stat -f -c '%S %s %b %a %c %d %n' "$@"; set --`,
  ansible: (output, files, known) => {
    const sizes = new Map(
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
