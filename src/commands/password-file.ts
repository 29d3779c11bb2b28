// What comes in: the file of --connection-password-file or --become-password-file. What goes out: the password in it, or that it prints.
// Guaranteed: Ansible's rule (cli/__init__.py, get_password_from_file): line ends around it are cut off and nothing else, a program is run,
// `-` is standard input. The password stands in no error.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { FleetTapError } from '../base/errors.js';
import { expandPath } from '../inventory/written-path.js';

/** @throws FleetTapError kind `input`, code `password-file` */
export async function readPasswordFile(written: string): Promise<string> {
  const bytes = written === '-' ? await buffer(process.stdin) : await bytesOf(resolve(expandPath(written)));
  const password = bytes.toString('utf8').replace(/^[\r\n]+|[\r\n]+$/g, '');
  if (password === '') throw mistake(written, 'the password is empty');
  if (/[\r\n\0]/.test(password)) throw mistake(written, 'the password has more than one line');
  return password;
}

async function bytesOf(path: string): Promise<Buffer> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true) throw mistake(path, info === undefined ? 'there is no such password file' : 'the password file is no file');
  const isProgram = await access(path, constants.X_OK).then(() => (info.mode & 0o111) !== 0, () => false);
  if (isProgram) return output(path);
  return readFile(path).catch((cause: unknown) => {
    throw mistake(path, 'the password file cannot be read', cause);
  });
}

function output(path: string): Promise<Buffer> {
  return new Promise((done, fail) => {
    execFile(path, { encoding: 'buffer' }, (error, stdout) => {
      if (error === null) done(stdout);
      else fail(mistake(path, `the password program failed (${typeof error.code === 'number' ? `exit status ${error.code}` : (error.code ?? error.signal ?? 'unknown')})`));
    });
  });
}

function mistake(file: string, message: string, cause?: unknown): FleetTapError {
  return new FleetTapError('input', 'password-file', message, { place: { file }, hint: 'a text file with the password, or a program that prints it', cause });
}
