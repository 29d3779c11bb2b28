// The options that name vault passwords, and the passwords.
import type { Command } from 'commander';
import type { VaultPassword } from '../inventory/vault-cipher.js';
import { readVaultPasswords } from '../inventory/vault-passwords.js';
import type { CommandContext } from './context.js';

export interface VaultOptions {
  readonly vaultPasswordFile?: readonly string[] | undefined;
  readonly vaultId?: readonly string[] | undefined;
  readonly askVaultPass?: boolean | undefined;
}

/** --vault-password-file, --vault-id, --ask-vault-pass */
export function withVaultOptions(command: Command): Command {
  const collect = (word: string, before: readonly string[] = []): string[] => [...before, word];
  return command
    .option('--vault-password-file <FILE>', 'file with the password of Ansible Vault, or a program that prints it; may be given again', collect)
    .option('--vault-id <ID>', 'the same for one vault id: label@file, or label@prompt; may be given again', collect)
    .option('--ask-vault-pass', 'ask for the vault password');
}

/** @throws FleetTapError kind `input`, code `vault-password-source` */
export function vaultPasswords(options: VaultOptions, context: Pick<CommandContext, 'askSecret'>): Promise<VaultPassword[]> {
  return readVaultPasswords({ files: options.vaultPasswordFile ?? [], ids: options.vaultId ?? [], ask: options.askVaultPass === true, askSecret: context.askSecret });
}
