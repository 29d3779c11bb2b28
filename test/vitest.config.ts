import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Rings 1 and 2: `npm test`. Ring 3 has a configuration of its own (test/lab/). */
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], globalSetup: [join(import.meta.dirname, 'install.ts')], testTimeout: 600_000, hookTimeout: 300_000, maxWorkers: 2 },
});
