// What comes in: vault passwords. What goes out: the vault that readers of inventories are given, and the decrypted variables of hosts.
// Guaranteed: a file that is encrypted as a whole is opened when it is read; a `!vault` value stays encrypted until its host is used, so
// that a value of another host, whose password is not at hand, hinders nobody; each value is decrypted once.
import { literalText } from '../base/unsafe-text.js';
import type { Vault } from '../base/vault.js';
import type { Host, Inventory, Vars } from './host.js';
import { decryptVault, decryptVaultSync, textOf, type VaultPassword } from './vault-cipher.js';
import { VaultText } from './vault-text.js';

export function vaultOf(passwords: readonly VaultPassword[]): Vault {
  return {
    value: (ciphertext, place) => new VaultText(ciphertext, place),
    text: (ciphertext, place) => textOf(decryptVaultSync(ciphertext, passwords, place), place),
    bytes: (ciphertext, place) => decryptVaultSync(ciphertext, passwords, place),
  };
}

/** For variables that are used whatever hosts are worked on: each is decrypted when it is read. */
export function openVaultOf(passwords: readonly VaultPassword[]): Vault {
  const { text, bytes } = vaultOf(passwords);
  return { value: (ciphertext, place) => literalText(text(ciphertext, place)), text, bytes };
}

/**
 * The inventory with what is encrypted decrypted.
 * @param used hosts that are worked on: what cannot be decrypted of them is an error; of others it stays encrypted
 * @throws FleetTapError kind `input`: `vault-password-missing`, `vault-password-wrong`, `vault-damaged`
 */
export async function openVaults(inventory: Inventory, used: ReadonlySet<Host>, passwords: readonly VaultPassword[]): Promise<Inventory> {
  const known = new Map<VaultText, Promise<unknown>>();
  const hosts = inventory.hosts.map(async (host) => {
    const opened = decryptHost(host, passwords, known);
    return used.has(host) ? opened : opened.catch(() => host);
  });
  return { ...inventory, hosts: await Promise.all(hosts) };
}

/** @param known what is already decrypted: hosts of one group share its values */
async function decryptHost(host: Host, passwords: readonly VaultPassword[], known: Map<VaultText, Promise<unknown>>): Promise<Host> {
  const decrypt = async (value: unknown): Promise<unknown> => {
    if (value instanceof VaultText) {
      const text = known.get(value) ?? decryptVault(value.ciphertext, passwords, value.place).then(literalText);
      known.set(value, text);
      return text;
    }
    if (Array.isArray(value)) return Promise.all(value.map(decrypt));
    return decryptVars(value as Vars);
  };
  const decryptVars = async (vars: Vars): Promise<Vars> =>
    Object.fromEntries(await Promise.all(Object.entries(vars).map(async ([name, value]) => [name, holdsVault(value) ? await decrypt(value) : value] as const)));
  return holdsVault(host.vars) ? { ...host, vars: await decryptVars(host.vars) } : host;
}

function holdsVault(value: unknown): boolean {
  if (value instanceof VaultText) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsVault);
}
