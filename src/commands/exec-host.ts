// What comes in: a session and a command. What goes out: how it ended there, and what it printed.
// Guaranteed: every output byte of the command is delivered once and in order; a command that is given up (Ctrl-C, time, too much output)
// is ended on the host, with its children, before this returns, or the outcome says that it was not.
// Not here: which hosts, forks, printing.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../base/deferred.js';
import { asHostError, FleetTapError } from '../base/errors.js';
import { lastLines } from '../base/host-text.js';
import type { Session } from '../ssh/session.js';
import { endScript, execScript, MarkFilter } from './exec-script.js';
import type { SharedInput } from './shared-input.js';

export interface ExecRequest {
  /** For sh (exec-script.ts). */
  readonly line: string;
  readonly become: boolean;
  readonly input: SharedInput | undefined;
  /** Milliseconds the command may take; undefined = for ever. */
  readonly limitMs: number | undefined;
  readonly interrupted: AbortSignal;
  /** @returns why this output is too much; the command is ended then */
  readonly onOutput: (name: 'stdout' | 'stderr', bytes: Buffer) => FleetTapError | undefined;
}

/** How long a command may take to start before it is given up when we want it to end, and to go once it has been ended. */
const START_MS = 10_000;
const GONE_MS = 5_000;
const END_SCRIPT_MS = 15_000;

/** @returns the exit status @throws FleetTapError: unreachable, or `interrupted`, `command-timeout`, `output-limit`, `not-ended`, `no-shell` */
export async function execOn(session: Session, request: ExecRequest): Promise<number> {
  const { host } = session;
  const place = { host };
  const nonce = randomBytes(16).toString('hex');
  const filters = { stdout: new MarkFilter(nonce), stderr: new MarkFilter(nonce) };
  const started = deferred();
  const givenUp = deferred<FleetTapError>();
  let isOver = false;
  const { input } = request;
  const inputEnds = input === undefined ? undefined : new AbortController();
  const end = () => {
    isOver = true;
    inputEnds?.abort();
  };
  const stream = await session.stream(execScript(nonce, request.line), { become: request.become });
  const take = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
    const bytes = filters[name].push(chunk);
    if (filters[name].session !== undefined) started.resolve();
    const tooMuch = bytes.length === 0 || isOver ? undefined : request.onOutput(name, bytes);
    if (tooMuch !== undefined) givenUp.resolve(tooMuch);
  };
  stream.onStdout(take('stdout'));
  stream.onStderr(take('stderr'));
  const ended = new Promise<number | null>((resolve) => stream.onEnd(resolve));
  if (input === undefined || inputEnds === undefined) stream.endInput();
  else input.sendTo(stream, inputEnds.signal).catch((error: unknown) => givenUp.resolve(asHostError(error, host)));

  const interrupt = () => givenUp.resolve(new FleetTapError('host', 'interrupted', 'the command was interrupted, and its processes were ended there', { place }));
  if (request.interrupted.aborted) interrupt();
  request.interrupted.addEventListener('abort', interrupt, { once: true });
  const { limitMs } = request;
  const timer = limitMs === undefined ? undefined : setTimeout(() => {
    const hint = 'its processes were ended there; --command-timeout TIME waits longer';
    givenUp.resolve(new FleetTapError('host', 'command-timeout', `the command did not end within ${limitMs / 1000} s`, { place, hint }));
  }, limitMs);
  try {
    const outcome = await Promise.race([ended, givenUp.promise]);
    if (outcome instanceof FleetTapError) {
      end();
      await Promise.race([started.promise, ended, sleep(START_MS, undefined, { ref: false })]);
      const remote = filters.stdout.session ?? filters.stderr.session;
      const isGone = await endRemote(session, remote, request.become, ended);
      stream.close();
      if (isGone) throw outcome;
      throw new FleetTapError('host', 'not-ended', `${outcome.code === 'interrupted' ? 'the command was interrupted' : outcome.message}, and its processes could not be ended`, { place, hint: `look on the host: ps -s ${remote ?? 'SESSION'}`, cause: outcome });
    }
    if (outcome === null) throw new FleetTapError('unreachable', 'connection-lost', 'the connection was lost while the command ran; whether it ended is not known', { place });
    if (filters.stdout.session !== undefined || filters.stderr.session !== undefined) return outcome;
    throw neverStarted(host, outcome, filters);
  } finally {
    clearTimeout(timer);
    end();
    request.interrupted.removeEventListener('abort', interrupt);
  }
}

/** @returns whether nothing of it is left */
async function endRemote(session: Session, remote: number | undefined, become: boolean, ended: Promise<unknown>): Promise<boolean> {
  if (remote === undefined) return await Promise.race([ended.then(() => true), sleep(0, false)]);
  const { status } = await session.run(endScript(remote), { become, timeoutMs: END_SCRIPT_MS }).catch(() => ({ status: 1 }));
  await Promise.race([ended, sleep(GONE_MS, undefined, { ref: false })]);
  return status === 0;
}

function neverStarted(host: string, status: number, { stdout, stderr }: { stdout: MarkFilter; stderr: MarkFilter }): FleetTapError {
  const said = lastLines(stderr.prelude.trim() === '' ? stdout.prelude : stderr.prelude, 2);
  return new FleetTapError('host', 'no-shell', `the login did not run the command (exit status ${status})${said === '' ? '' : `; it said: ${said}`}`, {
    place: { host },
    hint: 'log in by hand and see whether the login gives a POSIX shell',
  });
}
