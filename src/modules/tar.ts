// What comes in: files with short names. What goes out: a tar (POSIX.1-1988, ustar), which every host can read. Pure.

const BLOCK_BYTES = 512;

export function tarOf(files: readonly { readonly name: string; readonly bytes: Buffer }[]): Buffer {
  const parts: Buffer[] = [];
  for (const { name, bytes } of files) {
    const header = Buffer.alloc(BLOCK_BYTES);
    header.write(name, 0, 100);
    for (const [at, digits, value] of [[100, 7, 0o600], [108, 7, 0], [116, 7, 0], [124, 11, bytes.length], [136, 11, 0]] as const) header.write(value.toString(8).padStart(digits, '0'), at);
    header.write('        0', 148);
    header.write('ustar\u000000', 257);
    header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\u0000 `, 148);
    parts.push(header, bytes, Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}
