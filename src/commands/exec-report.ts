// What comes in: how each host's command ended. What goes out: what a person or a program reads of it. Pure.
// Guaranteed: equal output stands once, under its folded host set, the largest set first; no control character of a host goes out, except in
// JSON, where it is escaped; bytes that are no UTF-8 come as base64 in JSON besides.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { FleetTapError } from '../base/errors.js';
import { lastLines, printable } from '../base/host-text.js';
import { jsonText } from '../base/json-text.js';
import { foldHosts } from '../inventory/fold.js';

export interface HostOutcome {
  readonly host: string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** undefined: it never came to an end there. */
  readonly status: number | undefined;
  /** undefined: it came to its end. */
  readonly error: FleetTapError | undefined;
  readonly seconds: number;
}

export type OutcomeState = 'ok' | 'failed' | 'unreachable' | 'interrupted';

export function stateOf({ status, error }: Pick<HostOutcome, 'status' | 'error'>): OutcomeState {
  if (error !== undefined) return error.kind === 'unreachable' ? 'unreachable' : error.code === 'interrupted' ? 'interrupted' : 'failed';
  return status === 0 ? 'ok' : 'failed';
}

const LINE = '---------------';

/**
 * As `clush -b` shows it: each distinct output once, below the hosts that printed it; nothing for hosts that printed nothing. In pieces that are made
 * when they are asked for: together they may be large.
 */
export function* formatOutputs(outcomes: readonly HostOutcome[], name: 'stdout' | 'stderr'): Generator<string> {
  const groups = groupsOf(outcomes.filter((outcome) => outcome[name].length > 0), (outcome) => createHash('sha256').update(outcome[name]).digest('base64'));
  for (const members of groups) {
    const bytes = members[0]?.[name] ?? Buffer.alloc(0);
    const title = `${foldHosts(members.map(({ host }) => host))} (${members.length})${name === 'stderr' ? ' stderr' : ''}`;
    yield `${LINE}\n${title}\n${LINE}\n`;
    for (const piece of textPieces(bytes)) yield printable(piece);
    if (bytes.at(-1) !== NEWLINE) yield '\n';
  }
}

const NEWLINE = 0x0a;
/** Copies of a large output live long; those of a piece of it do not. A multiple of three, for base64. */
const PIECE_BYTES = 48 * 1024;

/** No character is cut in two. */
function* textPieces(bytes: Buffer): Generator<string> {
  const decoder = new StringDecoder('utf8');
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield decoder.write(bytes.subarray(at, at + PIECE_BYTES));
  yield decoder.end();
}

/** What failed, folded, and one line of counts. Ends with a newline. */
export function formatSummary(outcomes: readonly HostOutcome[], seconds: number): string {
  const failed = groupsOf(
    outcomes.filter((outcome) => stateOf(outcome) !== 'ok'),
    (outcome) => reasonOf(outcome),
  );
  const lines = failed.map((members) => `${foldHosts(members.map(({ host }) => host))}: ${members[0] === undefined ? '' : reasonOf(members[0])}`);
  const count = (state: OutcomeState): number => outcomes.filter((outcome) => stateOf(outcome) === state).length;
  const counts = (['failed', 'unreachable', 'interrupted'] as const).flatMap((state) => (count(state) === 0 ? [] : [`${count(state)} ${state}`]));
  lines.push(`${outcomes.length} ${outcomes.length === 1 ? 'host' : 'hosts'}: ${[`${count('ok')} ok`, ...counts].join(', ')} in ${seconds.toFixed(1)} s`);
  return `${lines.join('\n')}\n`;
}

const STDERR_LINES = 3;

function reasonOf({ status, error, stderr }: HostOutcome): string {
  if (error !== undefined) return `${printable(error.message)} [${error.code}]${error.hint === undefined ? '' : `\n  hint: ${printable(error.hint)}`}`;
  const said = lastLines(stderr.toString('utf8'), STDERR_LINES);
  return `exit status ${status}${said === '' ? '' : `\n${said.replace(/^/gm, '  ')}`}`;
}

/** The largest group first; groups of one size, and hosts in a group, in the order given. */
function groupsOf(outcomes: readonly HostOutcome[], keyOf: (outcome: HostOutcome) => string): HostOutcome[][] {
  const groups = new Map<string, HostOutcome[]>();
  for (const outcome of outcomes) {
    const key = keyOf(outcome);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [outcome]);
    else group.push(outcome);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/** The document that `--json` prints, in pieces that are made when they are asked for. */
export function* jsonDocument(outcomes: readonly HostOutcome[]): Generator<string> {
  yield '{\n  "hosts": [';
  for (const [index, outcome] of outcomes.entries()) {
    yield `${index === 0 ? '' : ','}\n    {`;
    for (const [at, [name, value]] of Object.entries(jsonOf({ ...outcome, stdout: NOTHING, stderr: NOTHING })).entries()) {
      yield `${at === 0 ? '' : ','}\n      ${jsonText(name)}: `;
      if (name === 'stdout' || name === 'stderr') yield* jsonOutput(name, outcome[name]);
      else yield jsonText(value, 2).replaceAll('\n', '\n      ');
    }
    yield '\n    }';
  }
  yield `${outcomes.length === 0 ? '' : '\n  '}]\n}\n`;
}

const NOTHING = Buffer.alloc(0);

/** As `textOf` has it. */
function* jsonOutput(name: 'stdout' | 'stderr', bytes: Buffer): Generator<string> {
  yield '"';
  for (const piece of textPieces(bytes)) yield jsonText(piece).slice(1, -1);
  yield '"';
  if (isUtf8(bytes)) return;
  yield `,\n      "${name}_base64": "`;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.toString('base64', at, at + PIECE_BYTES);
  yield '"';
}

/** What `--json` says of one host. */
export function jsonOf(outcome: HostOutcome): Readonly<Record<string, unknown>> {
  const { host, status, error, seconds } = outcome;
  return {
    host,
    state: stateOf(outcome),
    status: status ?? null,
    ...textOf('stdout', outcome.stdout),
    ...textOf('stderr', outcome.stderr),
    seconds: Math.round(seconds * 1000) / 1000,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } }),
  };
}

function textOf(name: string, bytes: Buffer): Readonly<Record<string, string>> {
  const text = bytes.toString('utf8');
  return { [name]: text, ...(isUtf8(bytes) ? {} : { [`${name}_base64`]: bytes.toString('base64') }) };
}
