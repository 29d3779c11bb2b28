// Turns src/ into dist/ and puts the program where npx finds it in the source tree. Types are checked by the tests, not here: who only wants
// to run it would wait for that twice, since npx builds a source tree of its own accord when it first runs its program.
// What a command needs comes in a few large files (dist/parts): Node takes 1 to 2 ms of CPU for each file that it loads, and exec needs 240 of src/.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
if (existsSync(join(here, 'node_modules', 'esbuild'))) {
  const { buildSync } = await import('esbuild');
  const dist = join(here, 'dist');
  const programs = ['cli.ts', join('sinks', 'text-thread.ts')].map((file) => join(here, 'src', file));
  // What WebAssembly was compiled to stays: build-wasm.mjs knows whether it has changed.
  for (const file of existsSync(dist) ? readdirSync(dist) : []) if (file !== 'wasm') rmSync(join(dist, file), { recursive: true });
  buildSync({ entryPoints: programs, outbase: join(here, 'src'), outdir: dist, bundle: true, splitting: true, chunkNames: 'parts/[name]-[hash]', packages: 'external', format: 'esm', platform: 'node', target: 'node20' });
  for (const other of ['build-page.mjs', 'build-wasm.mjs']) execFileSync(process.execPath, [join(here, other)], { stdio: 'inherit' });
  chmodSync(join(dist, 'cli.js'), 0o755);
  mkdirSync(join(dist, 'man'), { recursive: true });
  writeFileSync(join(dist, 'man', 'fleet-tap.1'), execFileSync(process.execPath, [join(dist, 'cli.js'), '__manual', 'man']));
  const link = join(here, 'node_modules', '.bin', 'fleet-tap');
  mkdirSync(join(here, 'node_modules', '.bin'), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'dist', 'cli.js'), link);
}
