// Memory for compiled code (build-wasm.mjs). There may be none: V8 reserves ten gigabytes of addresses for it, which `ulimit -v` forbids; Node's --jitless has no
// WebAssembly; and numbers must lie in it as they do in ours. Whoever asks does the work in JavaScript then.
import { LITTLE_ENDIAN } from './byte-order.js';

export const PAGE_BYTES = 65_536;

export function wasmMemory(pages: number, mostPages: number): WebAssembly.Memory | undefined {
  if (!LITTLE_ENDIAN || typeof WebAssembly === 'undefined') return undefined;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: mostPages });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
