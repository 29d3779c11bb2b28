import { defineConfig } from 'vitest/config';

/** The literal way takes 12 minutes: asked for by name only (`npm run test:lab -- --full`). */
const isFull = process.env.FLEET_TAP_LAB_FULL === '1';

/** Real kernels: one file, one after the other; a boot takes a minute and a setup two. */
export default defineConfig({
  test: {
    include: isFull ? ['test/lab/*.lab.ts'] : ['test/lab/capture.lab.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 900_000,
    bail: 1,
    reporters: ['verbose'],
  },
});
