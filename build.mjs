// Compiles src/ to dist/, and puts the program where npx finds it in the source tree.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const compiler = join(here, 'node_modules', 'typescript', 'bin', 'tsc');
if (existsSync(compiler)) {
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  execFileSync(process.execPath, [compiler, '-p', join(here, 'tsconfig.build.json')], { stdio: 'inherit' });
  execFileSync(process.execPath, [join(here, 'build-page.mjs')], { stdio: 'inherit' });
  chmodSync(join(here, 'dist', 'cli.js'), 0o755);
  mkdirSync(join(here, 'dist', 'man'), { recursive: true });
  writeFileSync(join(here, 'dist', 'man', 'fleet-tap.1'), execFileSync(process.execPath, [join(here, 'dist', 'cli.js'), '__manual', 'man']));
  const link = join(here, 'node_modules', '.bin', 'fleet-tap');
  mkdirSync(join(here, 'node_modules', '.bin'), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'dist', 'cli.js'), link);
}
