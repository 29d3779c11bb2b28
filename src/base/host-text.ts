// What comes in: bytes that a host printed. What goes out: text that is safe to show, still marked as a host's.
// Guaranteed: no control character (terminal escape, carriage return, NUL) survives `printable`.

declare const fromHost: unique symbol;

/**
 * Text that a host said. It is data: never parsed as a template, a path or shell (DESIGN section 3, guarantee G9).
 * The brand lets a function say in its type that it takes such text; `TemplateSource` (playbook) has no way to be made from it.
 */
export type HostText = string & { readonly [fromHost]?: true };

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Control characters and bidirectional overrides as `\xNN` or `\uNNNN`; tab and newline are kept. */
export function printable(text: HostText): string {
  return text.replace(CONTROL, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** The last `limitLines` non-empty lines, printable: what to show of a long tool output. */
export function lastLines(text: HostText, limitLines: number): string {
  const lines = printable(text).split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-limitLines).join('\n');
}
