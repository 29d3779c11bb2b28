// The SSH protocols' basic data type (RFC 4251, section 5): a string is its length in four bytes, then its bytes.
// Guaranteed: a length that points beyond the end is an error, never a read of other memory or a wait.

/** One string. */
export function sshString(content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A whole number as RFC 4251 writes it: no leading zeros but the one that keeps it positive. */
export function sshMpint(bigEndian: Buffer): Buffer {
  let start = 0;
  while (start < bigEndian.length && bigEndian[start] === 0) start += 1;
  const digits = bigEndian.subarray(start);
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

/** Reads one after the other. */
export class SshReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** @throws RangeError beyond the end */
  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** @throws RangeError beyond the end */
  string(): Buffer {
    const length = this.uint32();
    if (length > this.#bytes.length - this.#at) throw new RangeError(`a string of ${length} bytes, and ${this.#bytes.length - this.#at} bytes left`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
