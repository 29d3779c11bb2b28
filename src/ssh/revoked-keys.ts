// What comes in: the bytes of a RevokedHostKeys file, and a host's key. What goes out: is the key revoked by it. Pure.
// Two forms (ssh_config(5)): public keys, one a line; or a key revocation list as `ssh-keygen -k` writes it (OpenSSH's PROTOCOL.krl).
// Guaranteed: a list that cannot be read whole is an error, never "not revoked". Signatures of lists are not checked; neither does OpenSSH.
import { createHash } from 'node:crypto';

const MAGIC = Buffer.from('SSHKRL\n\0', 'latin1');
const FORMAT_VERSION = 1;

/** PROTOCOL.krl; the others speak of certificates (1) or are signatures (4). */
const SECTION = { certificates: 1, keys: 2, sha1: 3, signature: 4, sha256: 5 } as const;

/** @throws Error in half a sentence when the file is broken */
export function isRevoked(file: Buffer, key: Buffer): boolean {
  return file.subarray(0, MAGIC.length).equals(MAGIC) ? isInList(file.subarray(MAGIC.length), key) : isInLines(file.toString('latin1'), key);
}

function isInLines(text: string, key: Buffer): boolean {
  const base64 = key.toString('base64');
  return text.split('\n').some((line) => line.trim().split(/[ \t]+/)[1] === base64);
}

function isInList(bytes: Buffer, key: Buffer): boolean {
  const list = new Reader(bytes);
  if (list.uint32() !== FORMAT_VERSION) throw new Error('is a revocation list of a version that is not known');
  list.skip(8 + 8 + 8); // its own version, date, flags
  list.string(); // reserved
  list.string(); // comment
  const sha1 = createHash('sha1').update(key).digest();
  const sha256 = createHash('sha256').update(key).digest();
  let found = false;
  while (!list.isAtEnd()) {
    const kind = list.byte();
    const section = new Reader(list.string());
    if (kind === SECTION.certificates) continue;
    if (kind === SECTION.signature) break;
    const wanted = kind === SECTION.keys ? key : kind === SECTION.sha1 ? sha1 : kind === SECTION.sha256 ? sha256 : undefined;
    if (wanted === undefined) throw new Error(`has a section of kind ${kind}, which is not known`);
    while (!section.isAtEnd()) if (section.string().equals(wanted)) found = true;
  }
  return found;
}

/** The basic types of RFC 4251, section 5. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  skip(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new Error('is cut off');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  byte(): number {
    return this.skip(1).readUInt8(0);
  }

  uint32(): number {
    return this.skip(4).readUInt32BE(0);
  }

  string(): Buffer {
    return this.skip(this.uint32());
  }
}
