// Compiles what is written in AssemblyScript to dist/wasm/: the innermost loops of capture and merge. Only when they have changed: it takes seconds.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = join(here, 'src', 'capture', 'wasm');
const out = join(here, 'dist', 'wasm', 'packet-lines.wasm');
const changedMs = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = [fileURLToPath(import.meta.url), ...readdirSync(folder).filter((file) => file.endsWith('.ts')).map((file) => join(folder, file))];
if (changedMs(out) < Math.max(...sources.map(changedMs))) {
  mkdirSync(join(here, 'dist', 'wasm'), { recursive: true });
  const { default: asc } = await import('assemblyscript/asc');
  // No memory management of its own; the memory is base/batch-memory.ts's, which says how large it is.
  const { error, stderr } = await asc.main([join(folder, 'packet-lines.ts'), '--outFile', out, '--runtime', 'stub', '--optimizeLevel', '3', '--noAssert', '--pedantic', '--importMemory', '--noExportMemory', '--use', 'abort=']);
  process.stderr.write(stderr.toString());
  if (error !== null) process.exit(1);
}
