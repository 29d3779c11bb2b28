// fleet-tap exec: one command on all chosen hosts at once. Equal output is shown once with its hosts, or each line as it comes (--stream).
// Guaranteed: a host that fails or stalls changes nothing for the others; Ctrl-C ends the command on every host and shows what came so far.
import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import pLimit from 'p-limit';
import { asHostError, exitStatusOf, FleetTapError } from '../base/errors.js';
import type { Host } from '../inventory/host.js';
import type { CommandContext, ExitStatus } from './context.js';
import { execOn } from './exec-host.js';
import { makeOutputFolder } from './output-folder.js';
import { formatOutputs, formatSummary, type HostOutcome, jsonDocument, stateOf } from './exec-report.js';
import { shellLineOf } from './exec-script.js';
import { LabelledLines } from './labelled-lines.js';
import { Fleet, type FleetOptions } from './fleet.js';
import { OutputFiles } from './output-files.js';
import { OutputStore } from './output-store.js';
import { SharedInput } from './shared-input.js';

export interface ExecOptions extends FleetOptions {
  readonly pattern: string;
  /** Behind `--`. */
  readonly words: readonly string[];
  readonly shell: boolean;
  readonly stream: boolean;
  readonly json: boolean;
  /** false: -n */
  readonly stdin: boolean;
  /** A folder for one file a host. */
  readonly output?: string | undefined;
  /** Seconds that the command may take on a host. */
  readonly commandTimeout?: number | undefined;
}

export async function exec(options: ExecOptions, context: CommandContext): Promise<ExitStatus> {
  const line = shellLineOf(options.words, options.shell);
  if (line.includes('\0')) throw new FleetTapError('input', 'command-nul', 'a command cannot hold a NUL byte');
  const files = options.output === undefined ? undefined : await filesIn(options.output);
  const fleet = await Fleet.open(options.pattern, options, context);
  const stdin = options.stdin ? context.openStdin?.() : undefined;
  const input = stdin === undefined ? undefined : new SharedInput(stdin);
  const startedMs = performance.now();
  const stopped = new AbortController();
  const interrupted = AbortSignal.any([context.interrupted, stopped.signal]);
  // One for each host that runs.
  setMaxListeners(Number.POSITIVE_INFINITY, interrupted);
  // A reader that has gone (`| head`) wants no more: the commands are ended as with Ctrl-C.
  context.stdout.on('error', () => stopped.abort());
  const store = new OutputStore();
  const lines = options.stream ? new LabelledLines(context, options.json) : undefined;
  const forks = pLimit(options.forks);
  const onHost = async (host: Host): Promise<HostOutcome> => {
    const hostStartedMs = performance.now();
    const kept = lines === undefined ? store.forHost(host.name) : undefined;
    const labelled = lines?.forHost(host.name);
    let status: number | undefined;
    let error: FleetTapError | undefined;
    try {
      if (interrupted.aborted) throw new FleetTapError('host', 'interrupted', 'the command was not started', { place: { host: host.name } });
      const session = await fleet.session(host);
      const limitMs = options.commandTimeout === undefined ? undefined : options.commandTimeout * 1000;
      const onOutput = (name: 'stdout' | 'stderr', bytes: Buffer): FleetTapError | undefined => {
        fleet.run.log.write(host.name, name, bytes);
        files?.write(host.name, name, bytes);
        labelled?.push(name, bytes);
        return kept?.push(name, bytes);
      };
      status = await fleet.run.timed(host.name, 'command', execOn(session, { line, become: fleet.becomes(host), input, limitMs, interrupted, onOutput }));
    } catch (thrown) {
      error = asHostError(thrown, host.name);
    }
    fleet.release(host);
    const outcome: HostOutcome = { host: host.name, status, error, seconds: (performance.now() - hostStartedMs) / 1000, ...(kept?.finish() ?? { stdout: NOTHING, stderr: labelled?.lastStderr() ?? NOTHING }) };
    labelled?.end(outcome);
    fleet.detail.say(1, () => `${host.name}: ${error === undefined ? `exit status ${status}` : error.code} after ${outcome.seconds.toFixed(2)} s`);
    return outcome;
  };
  try {
    const outcomes = await Promise.all(fleet.hosts.map((host) => forks(() => onHost(host))));
    if (lines === undefined) await show(outcomes, options, context);
    await files?.finish();
    const problem = files?.problem;
    if (problem !== undefined) context.stderr.write(`${problem}\n`);
    context.stderr.write(formatSummary(outcomes, (performance.now() - startedMs) / 1000));
    const failures = failuresOf(outcomes);
    const isCut = outcomes.some((outcome) => stateOf(outcome) === 'interrupted');
    if (isCut && fleet.run.path !== undefined) context.stderr.write(`where it did not end: --rerun-failed ${fleet.run.path}\n`);
    return fleet.ends(isCut && context.interrupted.aborted ? 130 : exitStatusOf(problem === undefined ? failures.values() : [...failures.values(), { kind: 'host' }]), failures);
  } finally {
    input?.stop();
    await fleet.close();
  }
}

const NOTHING = Buffer.alloc(0);

async function show(outcomes: readonly HostOutcome[], options: ExecOptions, context: CommandContext): Promise<void> {
  if (options.json) return writeAll(context.stdout, jsonDocument(outcomes));
  await writeAll(context.stdout, formatOutputs(outcomes, 'stdout'));
  await writeAll(context.stderr, formatOutputs(outcomes, 'stderr'));
}

const WRITE_CHARS = 64 * 1024;

/** One part after the other: the next one is made when this one has gone. Ends with a reader that has gone. */
async function writeAll(stream: Writable, pieces: Iterable<string>): Promise<void> {
  let part = '';
  for (const piece of pieces) {
    part += piece;
    if (part.length < WRITE_CHARS) continue;
    const hasRoom = stream.write(part);
    part = '';
    if (hasRoom) continue;
    await new Promise<void>((resolve) => {
      const over = () => {
        for (const event of WRITTEN) stream.off(event, over);
        resolve();
      };
      for (const event of WRITTEN) stream.on(event, over);
    });
    if (stream.destroyed || stream.errored !== null) return;
  }
  if (part !== '') stream.write(part);
}

const WRITTEN = ['drain', 'close', 'error'] as const;

function failuresOf(outcomes: readonly HostOutcome[]): Map<string, FleetTapError> {
  const failures = new Map<string, FleetTapError>();
  for (const { host, status, error } of outcomes) {
    if (error !== undefined) failures.set(host, error);
    else if (status !== 0) failures.set(host, new FleetTapError('host', 'command-failed', `the command ended with exit status ${status}`, { place: { host } }));
  }
  return failures;
}

async function filesIn(folder: string): Promise<OutputFiles> {
  await makeOutputFolder(folder, '-o DIR');
  return new OutputFiles(folder, { mode: 0o644, stdout: '', stderr: '.err', limitBytes: Number.POSITIVE_INFINITY });
}
