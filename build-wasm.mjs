// Compiles what is written in AssemblyScript to dist/wasm/: the innermost loops of capture and merge. Only when they have changed: it takes seconds.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const changedMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
for (const [room, name] of [['capture', 'packet-lines'], ['sinks', 'text-rows']]) {
  const folder = join(here, 'src', room, 'wasm');
  const out = join(here, 'dist', 'wasm', `${name}.wasm`);
  const sources = [fileURLToPath(import.meta.url), ...readdirSync(folder).map((file) => join(folder, file))];
  if (changedMs(out) > Math.max(...sources.map(changedMs))) continue;
  mkdirSync(join(here, 'dist', 'wasm'), { recursive: true });
  const { default: asc } = await import('assemblyscript/asc');
  // No memory management of its own; the memory comes from whoever calls it.
  const { error, stderr } = await asc.main([join(folder, `${name}.ts`), '--outFile', out, '--runtime', 'stub', '--optimizeLevel', '3', '--noAssert', '--pedantic', '--importMemory', '--noExportMemory', '--use', 'abort=']);
  process.stderr.write(stderr.toString());
  if (error !== null) process.exit(1);
}
