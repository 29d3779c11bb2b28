// What comes in: a file of the controller that is to be copied. What goes out: its content, and the mode that `preserve` stands for.
import { readFile } from 'node:fs/promises';
import { isVaultFile } from '../base/vault.js';
import type { ModuleContext } from './module.js';

/** The mode of what Ansible has decrypted: it is copied from a file of its own that nobody else may read. */
const DECRYPTED = '600';

export interface LocalSource {
  readonly bytes: Buffer;
  /** Octal digits. */
  readonly mode: string;
}

/** @param mode the file's own @param decrypt the parameter: what Ansible Vault has encrypted is decrypted. @throws FleetTapError kind `host` */
export async function readSource(path: string, mode: number, decrypt: boolean, context: ModuleContext): Promise<LocalSource> {
  const bytes = await readFile(path);
  if (decrypt && isVaultFile(bytes)) return { bytes: await context.readLocal(path), mode: DECRYPTED };
  return { bytes, mode: (mode & 0o7777).toString(8) };
}
