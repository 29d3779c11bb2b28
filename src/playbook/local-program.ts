// What lookups do on this machine: `pipe` and `lines` run a line of sh, `password` keeps a file. They are part of an expression, so all waits for it.
// Guaranteed: a program has nothing on its standard input; its standard error is ours; more output than the limit is an error.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import type { ProgramOutput } from './expression/plugin.js';

/** As what an expression may make. */
const LIMIT_BYTES = 10_000_000;

/** @param folder in which it runs @throws FleetTapError kind `host` where it cannot be started or prints too much */
export function runHere(line: string, folder: string): ProgramOutput {
  const { error, status, signal, stdout } = spawnSync('/bin/sh', ['-c', line], { cwd: folder, input: '', stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: LIMIT_BYTES });
  if (error !== undefined) {
    const isTooMuch = (error as NodeJS.ErrnoException).code === 'ENOBUFS';
    throw new FleetTapError('host', 'expression-failed', isTooMuch ? `the program of a lookup printed more than ${LIMIT_BYTES / 1_000_000} MB: ${line}` : `the program of a lookup cannot be run: ${error.message}`);
  }
  return { status: status ?? `of signal ${signal}`, stdout };
}

/** For its owner alone, and so is the folder, where it is made here. @throws FleetTapError kind `host` */
export function writeHere(path: string, text: string): void {
  const folder = dirname(path);
  try {
    if (!existsSync(folder)) {
      mkdirSync(dirname(folder), { recursive: true });
      mkdirSync(folder, { mode: 0o700 });
    }
    writeFileSync(path, text, { mode: 0o600 });
    chmodSync(path, 0o600);
  } catch (error) {
    throw new FleetTapError('host', 'expression-failed', `the file of a password cannot be written: ${(error as Error).message}`);
  }
}
