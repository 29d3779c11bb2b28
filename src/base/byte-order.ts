/** Whether numbers lie in memory with their lowest byte first, as in WebAssembly's memory everywhere. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
