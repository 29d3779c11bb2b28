// What is encrypted with Ansible Vault, as the readers of files see it: a cut between them and who knows passwords.
// Guaranteed: a file that begins with the header is never read as if it were plain text.
// Not here: keys, passwords and ciphers.
import { FleetTapError, type Place } from './errors.js';

/** Both may be called while a file is read; neither may ask a person: passwords are known before. */
export interface Vault {
  /** What stands among the variables for a `!vault` value. @param ciphertext from `$ANSIBLE_VAULT;` on */
  value(ciphertext: string, place: Place): unknown;
  /** The text itself, now. */
  text(ciphertext: string, place: Place): string;
  /** What a file holds that is encrypted as a whole; it need not be text. */
  bytes(ciphertext: string, place: Place): Buffer;
}

export const NO_VAULT_MESSAGE = 'this is encrypted with Ansible Vault, which is not supported here';
export const NO_VAULT = { code: 'vault-unsupported', hint: 'write the value itself, or decrypt it first: `ansible-vault decrypt FILE`' };

export const noVault: Vault = { value: refuse, text: refuse, bytes: refuse };

const HEADER = '$ANSIBLE_VAULT';

export function isVaultFile(bytes: Buffer): boolean {
  return bytes.subarray(0, HEADER.length).equals(Buffer.from(HEADER));
}

/** What a file holds, decrypted where it is encrypted as a whole. @throws FleetTapError kind `host`: it is one task's file */
export function plainBytes(bytes: Buffer, file: string, vault: Vault): Buffer {
  if (!isVaultFile(bytes)) return bytes;
  try {
    return vault.bytes(bytes.toString('latin1'), { file });
  } catch (error) {
    if (!(error instanceof FleetTapError)) throw error;
    throw new FleetTapError('host', error.code, `${file}: ${error.message}`, { place: { file }, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

/** A file's text, decrypted where it is encrypted as a whole. @throws FleetTapError kind `input`, as the vault throws it */
export function plainText(text: string, file: string, vault: Vault): string {
  return text.startsWith(HEADER) ? vault.text(text, { file }) : text;
}

function refuse(_ciphertext: string, place: Place): never {
  throw new FleetTapError('input', NO_VAULT.code, NO_VAULT_MESSAGE, { place, hint: NO_VAULT.hint });
}
