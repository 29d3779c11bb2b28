// What comes in: what Ansible Vault has encrypted (formats 1.1 and 1.2, AES256) and passwords. What goes out: the plain bytes.
// Guaranteed: as ansible-core (parsing/vault/__init__.py): PBKDF2-HMAC-SHA256, 10,000 rounds; the HMAC is checked before anything is
// decrypted, so a wrong password gives no text; a password that belongs to the vault's label is tried first, then the others.
// Not here: where passwords come from (vault-passwords.ts).
import { createDecipheriv, createHmac, pbkdf2, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { FleetTapError, type Place } from '../base/errors.js';

export interface VaultPassword {
  /** The vault id: `default` where none is written. */
  readonly label: string;
  readonly password: Buffer;
}

interface Envelope {
  readonly label: string;
  readonly salt: Buffer;
  readonly hmac: Buffer;
  readonly ciphertext: Buffer;
}

const ROUNDS = 10_000;
const KEY_BYTES = 32;
const DERIVED_BYTES = 2 * KEY_BYTES + 16;
const derive = promisify(pbkdf2);

/** Off the event loop: each value has a salt of its own, and a key costs some milliseconds. @throws FleetTapError kind `input`: `vault-…` */
export async function decryptVault(text: string, passwords: readonly VaultPassword[], place: Place): Promise<string> {
  const envelope = readEnvelope(text, place);
  for (const { password } of inOrder(passwords, envelope.label, place)) {
    const plain = open(envelope, await derive(password, envelope.salt, ROUNDS, DERIVED_BYTES, 'sha256'), place);
    if (plain !== undefined) return textOf(plain, place);
  }
  throw wrongPassword(envelope.label, passwords.length, place);
}

/** The same at once, for a whole file, which need not be text. */
export function decryptVaultSync(text: string, passwords: readonly VaultPassword[], place: Place): Buffer {
  const envelope = readEnvelope(text, place);
  for (const { password } of inOrder(passwords, envelope.label, place)) {
    const plain = open(envelope, pbkdf2Sync(password, envelope.salt, ROUNDS, DERIVED_BYTES, 'sha256'), place);
    if (plain !== undefined) return plain;
  }
  throw wrongPassword(envelope.label, passwords.length, place);
}

/** `$ANSIBLE_VAULT;1.2;AES256;label`, then hexadecimal lines that hold salt, HMAC and ciphertext, each hexadecimal again. */
function readEnvelope(text: string, place: Place): Envelope {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const [mark, version, cipher, label = 'default'] = header.trim().split(';');
  if (mark !== '$ANSIBLE_VAULT' || (version !== '1.1' && version !== '1.2') || cipher !== 'AES256') {
    throw new FleetTapError('input', 'vault-unsupported', `the vault header "${header.slice(0, 60)}" is not one of AES256 in version 1.1 or 1.2`, { place, hint: 'encrypt it anew with `ansible-vault rekey`' });
  }
  const outer = lines.map((line) => line.trim()).join('');
  const inner = unhex(outer)?.toString('latin1').split('\n') ?? [];
  const [salt, hmac, ciphertext] = inner.map(unhex);
  if (inner.length !== 3 || salt === undefined || hmac?.length !== 32 || ciphertext === undefined || ciphertext.length === 0 || ciphertext.length % 16 !== 0) throw damaged(place);
  return { label, salt, hmac, ciphertext };
}

function unhex(text: string): Buffer | undefined {
  return text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function inOrder(passwords: readonly VaultPassword[], label: string, place: Place): readonly VaultPassword[] {
  if (passwords.length === 0) {
    const hint = 'give it with --vault-password-file FILE, --vault-id LABEL@FILE or --ask-vault-pass';
    throw new FleetTapError('input', 'vault-password-missing', 'this is encrypted with Ansible Vault, and there is no vault password', { place, hint });
  }
  return passwords.toSorted((a, b) => Number(b.label === label) - Number(a.label === label));
}

/** @returns undefined when the key is not the right one */
function open({ hmac, ciphertext }: Envelope, key: Buffer, place: Place): Buffer | undefined {
  const found = createHmac('sha256', key.subarray(KEY_BYTES, 2 * KEY_BYTES)).update(ciphertext).digest();
  if (!timingSafeEqual(found, hmac)) return undefined;
  const decipher = createDecipheriv('aes-256-ctr', key.subarray(0, KEY_BYTES), key.subarray(2 * KEY_BYTES));
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  const padding = padded.at(-1) ?? 0;
  if (padding < 1 || padding > 16) throw damaged(place);
  return padded.subarray(0, -padding);
}

/** @throws FleetTapError code `vault-damaged` */
export function textOf(plain: Buffer, place: Place): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (cause) {
    throw new FleetTapError('input', 'vault-damaged', 'what the vault holds is no text in UTF-8', { place, cause });
  }
}

function damaged(place: Place): FleetTapError {
  return new FleetTapError('input', 'vault-damaged', 'this vault is damaged: it does not hold salt, checksum and ciphertext in hexadecimal digits', { place, hint: 'take it from a backup: nothing can be decrypted from what is there' });
}

function wrongPassword(label: string, count: number, place: Place): FleetTapError {
  const tried = count === 1 ? 'the vault password is wrong for this' : `none of the ${count} vault passwords is right for this`;
  const hint = `its label is "${label}"; was it changed behind its checksum, no password opens it either`;
  return new FleetTapError('input', 'vault-password-wrong', tried, { place, hint });
}
