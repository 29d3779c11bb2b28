// What comes in: a host's name in the inventory, which may be anything. What goes out: a file's name that stands for it.
// Guaranteed: two hosts never share a name; no slash, no `..`, no hidden file, at most 200 bytes.
import { createHash } from 'node:crypto';

const LIMIT_BYTES = 200;

/** Letters, digits and `._-:@+` stay; all else is written as in a URL: `%2F`. */
export function fileNameOf(host: string): string {
  const escaped = [...Buffer.from(host, 'utf8')]
    .map((byte, index) => {
      const char = String.fromCharCode(byte);
      const stays = /[A-Za-z0-9_:@+-]/.test(char) || (char === '.' && index > 0);
      return stays ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  if (escaped.length <= LIMIT_BYTES) return escaped;
  return `${escaped.slice(0, LIMIT_BYTES - 33)}~${createHash('sha256').update(host).digest('hex').slice(0, 32)}`;
}
