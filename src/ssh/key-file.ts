// What comes in: a private key's file. What goes out: its public half where that can be known, and, with the passphrase, signatures.
// Read: OpenSSH's own format, PEM and PKCS8, encrypted or not; ed25519, ecdsa and rsa.
// Guaranteed: a file that others may read is refused, as ssh does; a wrong passphrase is told from a broken file.
// Not here: asking for the passphrase, and the order in which keys are tried (identities.ts).
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { SshReader, sshMpint, sshString } from './ssh-wire.js';

export interface PrivateKey {
  /** The public half as it travels. */
  readonly blob: Buffer;
  /** A signature without the name of its algorithm; `hash` only matters to rsa. */
  sign(data: Buffer, hash: string | undefined): Buffer;
}

export type KeyFile =
  | { readonly kind: 'key'; readonly key: PrivateKey }
  | { readonly kind: 'encrypted'; /** Unknown for an old PEM file without a .pub beside it. */ readonly blob: Buffer | undefined; readonly text: Buffer }
  | { readonly kind: 'public'; /** Only the agent can have the private half. */ readonly blob: Buffer }
  | { readonly kind: 'security-key' } // its private half is in a device: only the system's ssh can use it
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly reason: string };

export class WrongPassphrase extends Error {}

const LIMIT_BYTES = 1024 * 1024;
const MAGIC = 'openssh-key-v1\0';

/** Never throws: what is wrong with the file is a value. */
export async function readKeyFile(file: string): Promise<KeyFile> {
  const beside = publicBlob(await readFile(`${file}.pub`, 'utf8').catch(() => ''));
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => error);
  if (handle instanceof Error) {
    if (handle.code !== 'ENOENT') return { kind: 'unusable', reason: handle.message };
    return beside === undefined ? { kind: 'missing' } : { kind: 'public', blob: beside };
  }
  try {
    const { size, mode, uid } = await handle.stat();
    if (size > LIMIT_BYTES) return { kind: 'unusable', reason: `${size} bytes are no key` };
    const text = await handle.readFile();
    const own = publicBlob(text.toString('utf8'));
    // As for ssh: a public key there stands for a private one that an agent holds.
    if (own !== undefined) return { kind: 'public', blob: own };
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) return { kind: 'unusable', reason: `mode ${(mode & 0o777).toString(8)} lets others read it: chmod 600 ${file}` };
    return parse(text, beside);
  } catch (error) {
    return { kind: 'unusable', reason: (error as Error).message };
  } finally {
    await handle.close();
  }
}

function parse(text: Buffer, beside: Buffer | undefined): KeyFile {
  const armour = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+)-----END/.exec(text.toString('latin1'))?.[1];
  if (armour !== undefined) {
    const bytes = Buffer.from(armour, 'base64');
    if (!bytes.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC, 'latin1'))) return { kind: 'unusable', reason: 'a broken OpenSSH key' };
    const reader = new SshReader(bytes, MAGIC.length);
    const cipher = reader.string().toString('latin1');
    reader.string();
    reader.string();
    reader.uint32();
    const blob = reader.string();
    if (typeOf(blob).startsWith('sk-')) return { kind: 'security-key' };
    if (cipher !== 'none') return { kind: 'encrypted', blob, text };
  } else if (isEncryptedPem(text)) {
    return { kind: 'encrypted', blob: beside, text };
  }
  try {
    return { kind: 'key', key: unlock(text, undefined) };
  } catch (error) {
    return { kind: 'unusable', reason: (error as Error).message };
  }
}

function isEncryptedPem(text: Buffer): boolean {
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text.toString('latin1'));
}

/** @throws WrongPassphrase; Error when the key itself is of no use */
export function unlock(text: Buffer, passphrase: string | undefined): PrivateKey {
  if (/-----BEGIN (?:\w+ )*PRIVATE KEY-----/.test(text.toString('latin1')) && !text.includes('BEGIN OPENSSH')) return unlockPem(text, passphrase);
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (parsed instanceof Error) {
    if (passphrase !== undefined && /passphrase|integrity/i.test(parsed.message)) throw new WrongPassphrase('the passphrase is wrong');
    throw parsed;
  }
  // ssh2 itself signs with the text of the key, which is read anew for each host; reading it takes longer than signing.
  return { blob: parsed.getPublicSSH(), sign: signer(createPrivateKey(parsed.getPrivatePEM())) };
}

/** PEM (RSA, EC) and PKCS8, which ssh2 does not read in all its forms. */
function unlockPem(text: Buffer, passphrase: string | undefined): PrivateKey {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    if (passphrase !== undefined && isEncryptedPem(text)) throw new WrongPassphrase('the passphrase is wrong', { cause: error });
    throw new Error('a broken or unknown PEM key', { cause: error });
  }
  return { blob: blobOf(key), sign: signer(key) };
}

/** What goes with a curve (RFC 5656, 6.2.1), by OpenSSL's names of them. */
const CURVE_HASHES: Readonly<Record<string, string>> = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' };

function signer(key: KeyObject): PrivateKey['sign'] {
  const own = CURVE_HASHES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  return (data, hash) => sign(key.asymmetricKeyType === 'ed25519' ? null : (own ?? hash ?? 'sha256'), data, key);
}

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

/** RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4. */
function blobOf(key: KeyObject): Buffer {
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const part = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
  const curve = CURVES[jwk.crv ?? ''];
  if (jwk.kty === 'RSA') return Buffer.concat([sshString('ssh-rsa'), sshMpint(part(jwk.e)), sshMpint(part(jwk.n))]);
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return Buffer.concat([sshString('ssh-ed25519'), sshString(part(jwk.x))]);
  if (jwk.kty === 'EC' && curve !== undefined) {
    const point = Buffer.concat([Buffer.from([4]), part(jwk.x), part(jwk.y)]);
    return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)]);
  }
  throw new Error(`a key of a kind that SSH does not use (${key.asymmetricKeyType ?? 'unknown'})`);
}

/** The key of a .pub file or of an authorized_keys line without options; undefined for anything else. */
function publicBlob(text: string): Buffer | undefined {
  const [type, base64] = text.trimStart().split(/\s+/, 2);
  if (type === undefined || base64 === undefined || !/^[a-z0-9@.-]+$/.test(type) || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  return typeOf(blob) === type ? blob : undefined;
}

function typeOf(blob: Buffer): string {
  try {
    return new SshReader(blob).string().toString('latin1');
  } catch {
    return '';
  }
}
