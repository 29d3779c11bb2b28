import { defineConfig } from 'vitest/config';

/** Real kernels: one file, one after the other; a boot takes a minute and a setup half of one. */
export default defineConfig({
  test: { include: ['test/lab/*.lab.ts'], fileParallelism: false, testTimeout: 300_000, hookTimeout: 900_000, bail: 1, reporters: ['verbose'] },
});
