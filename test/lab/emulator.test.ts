import { expect, it } from 'vitest';
import { impossibleFlags } from './emulator.js';

const died = (flags: string) => `[  159.285539] traps: PANIC: double fault, error_code: 0x0\n[  159.293443] RSP: 0018:ffa0000000ae3900 EFLAGS: ${flags}\n[  159.299019] Kernel panic - not syncing: Fatal exception in interrupt\n`;

it('knows a kernel that died of flags that no processor has, from one that died of itself', () => {
  expect(impossibleFlags(died('086e9282'))).toContain('EFLAGS: 086e9282');
  for (const flags of ['00010046', '00200246', '00010282']) expect(impossibleFlags(died(flags))).toBeUndefined();
  expect(impossibleFlags('[   12.1] RSP: 0018:0 EFLAGS: 086e9282\n')).toBeUndefined();
});
