// What comes in: --vault-password-file, --vault-id and --ask-vault-pass. What goes out: the passwords, each with its label.
// Guaranteed: Ansible's rules (parsing/vault/__init__.py): an executable file is run and prints the password; one that is named
// `…-client` is told the label with `--vault-id`; white space around a file's password is cut off. No password stands in an error.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { expandPath } from './written-path.js';
import type { VaultPassword } from './vault-cipher.js';

export interface VaultSources {
  /** --vault-password-file */
  readonly files: readonly string[];
  /** --vault-id: `label@file`, `label@prompt`, `file` */
  readonly ids: readonly string[];
  /** --ask-vault-pass */
  readonly ask: boolean;
  /** Puts a question whose answer is not shown; undefined where nobody can answer. */
  readonly askSecret: ((prompt: string) => Promise<string>) | undefined;
}

/** @throws FleetTapError kind `input`, code `vault-password-source` */
export async function readVaultPasswords({ files, ids, ask, askSecret }: VaultSources): Promise<VaultPassword[]> {
  const passwords: VaultPassword[] = [];
  for (const word of [...ids, ...files.map((file) => `default@${file}`), ...(ask ? ['default@prompt'] : [])]) {
    const at = word.indexOf('@');
    const [label, source] = at === -1 ? ['default', word] : [word.slice(0, at) || 'default', word.slice(at + 1)];
    const password = source === 'prompt' || source === 'prompt_ask_vault_pass' ? await prompt(label, askSecret) : await readSource(source, label);
    if (password.length === 0) throw mistake(source, 'the vault password is empty');
    passwords.push({ label, password });
  }
  return passwords;
}

async function prompt(label: string, askSecret: VaultSources['askSecret']): Promise<Buffer> {
  if (askSecret === undefined) throw new FleetTapError('input', 'vault-password-source', 'the vault password cannot be asked for without a terminal', { hint: 'use --vault-password-file FILE' });
  return Buffer.from(await askSecret(`Vault password${label === 'default' ? '' : ` (${label})`}: `));
}

async function readSource(written: string, label: string): Promise<Buffer> {
  const path = resolve(expandPath(written));
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw mistake(written, 'there is no such vault password file');
  if (info.isDirectory()) throw mistake(written, 'the vault password file is a directory');
  const isProgram = await access(path, constants.X_OK).then(() => (info.mode & 0o111) !== 0, () => false);
  if (isProgram) return runProgram(path, label, written);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw mistake(written, 'the vault password file cannot be read', cause);
  });
  return Buffer.from(bytes.toString('latin1').replace(/^[ \t\r\n\v\f]+|[ \t\r\n\v\f]+$/g, ''), 'latin1');
}

function runProgram(path: string, label: string, written: string): Promise<Buffer> {
  const isClient = basename(path, extname(path)).endsWith('-client');
  return new Promise((done, fail) => {
    execFile(path, isClient ? ['--vault-id', label] : [], { encoding: 'buffer' }, (error, stdout) => {
      if (error === null) done(Buffer.from(stdout.toString('latin1').replace(/^[\r\n]+|[\r\n]+$/g, ''), 'latin1'));
      else fail(mistake(written, `the vault password program failed (${typeof error.code === 'number' ? `exit status ${error.code}` : error.code ?? error.signal ?? 'unknown'})`));
    });
  });
}

function mistake(file: string, message: string, cause?: unknown): FleetTapError {
  return new FleetTapError('input', 'vault-password-source', message, { place: { file }, hint: 'a text file with the password, or a program that prints it', cause });
}
