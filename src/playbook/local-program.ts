// What comes in: a line for sh. What goes out: what it printed on this machine, for the lookups `pipe` and `lines`. They are part of an expression, so all waits for it.
// Guaranteed: nothing on its standard input; its standard error is ours; more output than the limit is an error.
import { spawnSync } from 'node:child_process';
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
