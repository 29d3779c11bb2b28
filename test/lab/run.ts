// `npm run test:lab [-- --full]`: ring 3 of the tests. --full also takes one machine through the literal way (test/lab/full.lab.ts).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { brokenByEmulator } from './emulator.js';
import { down, whyNoLab } from './lab.js';
import { PROJECT_DIR } from './places.js';

const reason = whyNoLab();
if (reason !== undefined) {
  console.error(`test:lab is skipped: ${reason}`);
  process.exitCode = process.env.FLEET_TAP_NO_SKIP === '1' ? 1 : 0;
} else {
  const words = process.argv.slice(2).filter((word) => word !== '--full');
  const full = words.length < process.argv.length - 2;
  const vitest = join(PROJECT_DIR, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, FLEET_TAP_LAB_FULL: full ? '1' : '0' };
  const tests = () => spawnSync(process.execPath, [vitest, 'run', '--config', join(PROJECT_DIR, 'test', 'lab', 'vitest.config.ts'), ...words], { stdio: 'inherit', cwd: PROJECT_DIR, env });
  let result = tests();
  const broken = result.status === 0 ? undefined : brokenByEmulator();
  await down();
  if (broken !== undefined) {
    console.error(`\n${broken.machine.name} died of its emulator: flags that no processor has: ${broken.line.trim()}\nonce more, on new machines:\n`);
    result = tests();
    await down();
  }
  process.exitCode = result.status ?? 1;
}
