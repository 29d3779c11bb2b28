// What comes in: a transport, a script, whom to become. What goes out: the script running on a channel of its own, with what came before it cut away.
// Guaranteed: a password is sent once, after the prompt that asks for it, and to nobody who has not asked; a second prompt is not answered;
// input waits until the script has been read; a login that gives no POSIX shell is an error that shows what it said.
import { randomBytes } from 'node:crypto';
import { FleetTapError } from '../base/errors.js';
import { type HostText, lastLines } from '../base/host-text.js';
import { becomeFailure, becomeRefusal } from './become-errors.js';
import { questionsIn, spoken } from './become.js';
import { HeldOutput } from './held-output.js';
import { LastMark, OpeningLineSearch } from './mark-search.js';
import { remoteCommand } from './remote-command.js';
import type { Become } from '../inventory/become.js';
import type { RemoteStream, Transport } from './transport.js';

/** For slow rc files, PAM's delays and name services that are asked in vain. */
const START_LIMIT_MS = 30_000;
/** More than this before the script begins is no login. */
const NOISE_LIMIT_BYTES = 1024 * 1024;
/** A script's first output, which may come before we know that stderr has begun, too. */
const BEGUN_LIMIT_BYTES = 8 * 1024 * 1024;
/** What sudo, su or doas say is read anew with each piece of it: no lecture is as long. */
const QUESTION_LIMIT_BYTES = 16 * 1024;

export interface RunningScript {
  readonly stream: RemoteStream;
  /** The process id of its shell on the host. */
  readonly pid: number;
}

export interface OpenOptions {
  /** Milliseconds until the shell must be there. */
  readonly startLimitMs?: number;
  /** The script goes to the host now. */
  readonly onSent?: (() => void) | undefined;
}

/** @throws FleetTapError kind `host`: `no-shell`, `start-timeout`, `become-…`; kind `unreachable` */
export async function openScript(transport: Transport, script: string, become: Become | undefined, options: OpenOptions = {}): Promise<RunningScript> {
  const first = await tryOpen(transport, script, become, false, options);
  if (!(first instanceof FleetTapError)) return first;
  if (become === undefined || become.method === 'doas' || first.code !== 'become-needs-terminal') throw first;
  // Only where it is demanded: a terminal costs two processes.
  const second = await tryOpen(transport, script, become, true, options);
  if (second instanceof FleetTapError) throw second;
  return second;
}

async function tryOpen(transport: Transport, script: string, become: Become | undefined, terminal: boolean, options: OpenOptions): Promise<RunningScript | FleetTapError> {
  const { startLimitMs = START_LIMIT_MS, onSent } = options;
  const nonce = randomBytes(16).toString('hex');
  if (become?.password?.includes('\n') === true) throw new FleetTapError('input', 'become-password', 'the become password has a line break in it', { place: { host: transport.host } });
  const { command, bytes } = remoteCommand(script, nonce, become, terminal);
  const stream = await transport.exec(command);
  const place = { host: transport.host };
  const mark = Buffer.from(`${nonce}.`);
  return new Promise((resolve) => {
    const stdout = new HeldOutput();
    const stderr = new HeldOutput();
    const opening = new OpeningLineSearch(nonce);
    const begun = new LastMark(`fleet-tap ${nonce}>`);
    const terminalSaid = new LastMark(spoken(nonce));
    let pid: number | undefined;
    let answered = false;
    let sent = false;
    let settled = false;
    const settle = (outcome: RunningScript | FleetTapError) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (outcome instanceof FleetTapError) {
        stream.close();
        // A host that is asked to stop may go on.
        stdout.drop();
        stderr.drop();
      }
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      const what = become === undefined ? 'the login gave no shell' : `${become.exe ?? become.method} did not answer`;
      const hint = 'log in by hand and see what it waits for';
      settle(new FleetTapError('host', become === undefined ? 'start-timeout' : 'become-timeout', `${what} within ${startLimitMs / 1000} s`, { place, hint }));
    }, startLimitMs);
    const send = () => {
      if (sent) return;
      sent = true;
      onSent?.();
      void stream.write(bytes);
    };
    /** Both outputs begin where their mark ends. */
    const begin = () => {
      if (pid === undefined || !stdout.cutAfter(mark) || !stderr.cutAfter(mark)) return;
      settle({
        stream: {
          onStdout: (listener) => {
            stdout.give(listener);
            queueMicrotask(() => stderr.drop());
          },
          onStderr: (listener) => stderr.give(listener),
          onEnd: (listener) => stream.onEnd(listener),
          write: (bytes) => stream.write(bytes),
          endInput: () => stream.endInput(),
          close: () => stream.close(),
        },
        pid,
      });
    };
    const watch = () => {
      if (settled) return;
      const limitBytes = pid === undefined ? NOISE_LIMIT_BYTES : BEGUN_LIMIT_BYTES;
      if (stdout.length + stderr.length > limitBytes) return settle(new FleetTapError('host', 'no-shell', `the login said more than ${limitBytes} bytes before it gave a shell`, { place }));
      if (pid === undefined) {
        const said = opening.find(stdout);
        if (said !== undefined && (!said.isOnTerminal || terminalSaid.end(stderr) !== undefined)) {
          pid = said.pid;
          stdout.skip(said.end);
          send();
        }
      }
      if (pid !== undefined) return begin();
      if (become !== undefined) answer(become);
    };
    const answer = (become: Become) => {
      const from = begun.end(stderr);
      if (from === undefined) return;
      if (stderr.length - from > QUESTION_LIMIT_BYTES) return settle(new FleetTapError('host', 'become-failed', `${become.exe ?? become.method} said more than ${QUESTION_LIMIT_BYTES} bytes and gave no shell`, { place }));
      const asked = questionsIn(stderr.text(from), become, nonce);
      if (asked === 0) return;
      if (become.password === undefined) return settle(becomeFailure(transport.host, become, 'become-password-needed'));
      if (!answered) {
        answered = true;
        void stream.write(`${become.password}\n`);
      } else if (asked > 1) settle(becomeFailure(transport.host, become, 'become-password-wrong'));
    };
    stream.onStdout((chunk) => {
      stdout.take(chunk);
      watch();
    });
    stream.onStderr((chunk) => {
      stderr.take(chunk);
      watch();
    });
    stream.onEnd((status) => {
      if (status === null) return settle(new FleetTapError('unreachable', 'connection-lost', 'the connection was lost before the shell was there', { place }));
      const said = stderr.text().split(`fleet-tap ${nonce}>`).pop() ?? '';
      settle((become === undefined ? undefined : becomeRefusal(transport.host, become, said)) ?? noShell(transport.host, status, stdout.text(), said, become));
    });
    // A program that may ask for a password must not get the script for an answer.
    if (become?.password === undefined && become?.method !== 'su') send();
  });
}

function noShell(host: string, status: number, stdout: string, stderr: string, become: Become | undefined): FleetTapError {
  const words = lastLines((stderr.trim() === '' ? stdout : stderr) as HostText, 2);
  const said = words === '' ? '' : `; it said: ${words}`;
  if (become !== undefined) return new FleetTapError('host', 'become-failed', `${become.exe ?? become.method} ended with status ${status} and gave no shell${said}`, { place: { host }, hint: 'log in by hand and try it there' });
  return new FleetTapError('host', 'no-shell', `the login ended with status ${status} and gave no POSIX shell${said}`, {
    place: { host },
    hint: 'log in by hand and see whether the login gives a POSIX shell that can run `sh -c "head -c 1"`',
  });
}
