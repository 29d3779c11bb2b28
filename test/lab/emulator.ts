// Whether it was the emulator that failed, and not what it emulates. Seen with QEMU 7.2: a kernel dies of a double fault in `tar`, with the low
// half of a pointer in its flags (086e9282). On a processor the bits of EFLAGS from 22 on are always zero (Intel SDM, volume 1, 3.4.3).
import { existsSync, readFileSync } from 'node:fs';
import { consoleOf } from './machine.js';
import { type Machine, MACHINES } from './places.js';

const RESERVED_FLAGS = 0xffc00000;

/** @returns what a kernel said as it died */
export function impossibleFlags(console: string): string | undefined {
  if (!console.includes('Kernel panic')) return undefined;
  return [...console.matchAll(/^.*EFLAGS: ([0-9a-f]{8}).*$/gm)].find(([, flags = '']) => (Number.parseInt(flags, 16) & RESERVED_FLAGS) !== 0)?.[0];
}

/** The machine that the emulator has broken, with the line that shows it. */
export function brokenByEmulator(): { readonly machine: Machine; readonly line: string } | undefined {
  for (const machine of MACHINES) {
    const file = consoleOf(machine);
    const line = existsSync(file) ? impossibleFlags(readFileSync(file, 'latin1')) : undefined;
    if (line !== undefined) return { machine, line };
  }
  return undefined;
}
