// What comes in: the folders that exist, then df's POSIX table for them in the same order. What goes out: free bytes for each.
// df's "Available" leaves out what is reserved for the superuser, so apt may have a little more than is said here.
import type { Fact } from './fact.js';

export const freeSpace: Fact = {
  name: 'free-space',
  command: `dirs=; for d in / /usr /var /boot /tmp; do [ -d "$d" ] && dirs="$dirs $d"; done
printf '%s\\n' "$dirs"; df -P -k $dirs`,
  parse: (output) => {
    const [first = '', ...lines] = output.split('\n');
    const folders = first.trim().split(' ');
    // 1024-blocks, used, available, capacity, mount point; the name before them may hold spaces.
    const rows = lines.flatMap((line) => /\s\d+\s+-?\d+\s+(-?\d+)\s+(?:\d+%|-)\s+\/.*$/.exec(line)?.[1] ?? []);
    // One answer short: which one is not known, so none counts.
    if (rows.length !== folders.length) return { freeBytes: {} };
    return { freeBytes: Object.fromEntries(folders.map((folder, index) => [folder, Math.max(0, Number(rows[index])) * 1024])) };
  },
};
