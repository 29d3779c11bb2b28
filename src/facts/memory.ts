// What comes in: /proc/meminfo. What goes out: memory in MiB, rounded down (Ansible's memtotal_mb and its like).
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

export const memory: Fact = {
  name: 'memory',
  files: ['/proc/meminfo'],
  parse: (_output, files) => ({ memoryTotalMb: valuesOf(files).get('MemTotal') ?? 0 }),
  ansible: (_output, files) => {
    const values = valuesOf(files);
    const of = (name: string): number => values.get(name) ?? 0;
    const freeMb = of('Cached') + of('MemFree') + of('Buffers');
    if (values.size === 0) return {};
    return {
      memtotal_mb: of('MemTotal'),
      memfree_mb: of('MemFree'),
      swaptotal_mb: of('SwapTotal'),
      swapfree_mb: of('SwapFree'),
      memory_mb: {
        real: { total: of('MemTotal'), used: of('MemTotal') - of('MemFree'), free: of('MemFree') },
        nocache: { free: freeMb, used: of('MemTotal') - freeMb },
        swap: { total: of('SwapTotal'), free: of('SwapFree'), used: of('SwapTotal') - of('SwapFree'), cached: of('SwapCached') },
      },
    };
  },
};

function valuesOf(files: HostFiles): Map<string, number> {
  return new Map(
    files.lines('/proc/meminfo').flatMap((line) => {
      const match = /^(\w+):\s+(\d+) kB$/.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], Math.floor(Number(match[2]) / 1024)] as const];
    }),
  );
}
