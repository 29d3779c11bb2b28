// What comes in: the first line of /proc/meminfo and the number of processors. What goes out: memory in MiB (as Ansible's memtotal_mb) and processors.
import type { Fact } from './fact.js';

export const hardware: Fact = {
  name: 'hardware',
  command: `if [ -r /proc/meminfo ]; then read -r line </proc/meminfo; printf '%s\\n' "$line"; fi
printf 'processors %s\\n' "$(nproc || getconf _NPROCESSORS_ONLN)"`,
  parse: (output) => ({
    memoryTotalMb: Math.floor(Number(/^MemTotal:\s+(\d+) kB$/m.exec(output)?.[1] ?? 0) / 1024),
    processors: Number(/^processors (\d+)$/m.exec(output)?.[1] ?? 1),
  }),
};
