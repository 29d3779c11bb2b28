import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * Rings 1 and 2: `npm test`. Ring 3 has a configuration of its own (test/lab/).
 * SHLVL: bash whose input is a socket, as a child's of node is, takes itself for a remote login and reads ~/.bashrc where it is below 2.
 */
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], globalSetup: [join(import.meta.dirname, 'install.ts')], testTimeout: 600_000, hookTimeout: 300_000, maxWorkers: 2, env: { SHLVL: '2' } },
});
