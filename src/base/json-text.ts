// What comes in: a value that may hold a host's text. What goes out: JSON that is safe on a terminal too.
// Guaranteed: the same value when it is parsed again; control characters that JSON leaves as they are (DEL, C1, bidirectional overrides) are escaped.

const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** @param indent spaces for each level; undefined: one line */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
