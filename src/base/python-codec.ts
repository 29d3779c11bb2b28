// What comes in: bytes, and the name of an encoding as Python takes it. What goes out: their text, exactly as bytes.decode() has it.
// Guaranteed: bytes that are no text in that encoding are an error, never a replacement; a byte order mark stays where Python leaves it. Pure.
import { isAscii, isUtf8 } from 'node:buffer';

/** An encoding that nobody knows, or bytes that are no text in it. */
export class CodecError extends Error {
  readonly kind: 'unknown' | 'bytes';

  constructor(kind: CodecError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

type Decode = (bytes: Buffer) => string | undefined;

const utf8: Decode = (bytes) => (isUtf8(bytes) ? bytes.toString('utf8') : undefined);
const ascii: Decode = (bytes) => (isAscii(bytes) ? bytes.toString('latin1') : undefined);

function utf16(label: 'utf-16le' | 'utf-16be', bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A file without the mark is refused where Python reads it as a stream. */
function withMark(bytes: Buffer): string | undefined {
  const text = bytes[0] === 0xfe ? utf16('utf-16be', bytes) : utf16('utf-16le', bytes);
  return text === '' ? text : text?.startsWith('\ufeff') === true ? text.slice(1) : undefined;
}

const CODECS: readonly (readonly [names: readonly string[], decode: Decode])[] = [
  [['utf8', 'u8', 'utf'], utf8],
  [['utf8sig'], (bytes) => utf8(bytes)?.replace(/^\ufeff/, '')],
  [['ascii', 'usascii', '646', 'ansix341968'], ascii],
  [['latin1', 'iso88591', 'latin', 'l1', '8859', 'cp819', 'iso8859'], (bytes) => bytes.toString('latin1')],
  [['utf16', 'u16'], (bytes) => withMark(bytes)],
  [['utf16le', 'utf16littleendian'], (bytes) => utf16('utf-16le', bytes)],
  [['utf16be'], (bytes) => utf16('utf-16be', bytes)],
];

const decoders: ReadonlyMap<string, Decode> = new Map(CODECS.flatMap(([names, decode]) => names.map((name) => [name, decode])));

/** Encodings by one of their names each. */
export const ENCODINGS = CODECS.map(([[name = '']]) => name);

export function isEncoding(name: string): boolean {
  return decoders.has(plainName(name));
}

/** Case and punctuation do not matter. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** @throws CodecError */
export function decodeText(bytes: Buffer, encoding: string): string {
  const decode = decoders.get(plainName(encoding));
  if (decode === undefined) throw new CodecError('unknown', `unknown encoding: ${encoding}; there are ${ENCODINGS.join(', ')}`);
  const text = decode(bytes);
  if (text === undefined) throw new CodecError('bytes', `the bytes are no ${encoding}`);
  return text;
}
