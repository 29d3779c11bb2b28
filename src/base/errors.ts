// What comes in: a failure that a user can do something about. What goes out: one sentence, its place, a hint, an exit status.
// Guaranteed: every error of ours has a stable `code`; `formatError` never prints a stack trace for one of them.
// Not here: turning errors of other programs (apt, stap, ssh) into causes; the room that runs them does that.

/** Where a mistake stands: a place in a file, a host, or both. Lines and columns count from 1. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly host?: string;
}

/** Whose fault it is, which decides the exit status (DESIGN section 2). */
export type ErrorKind =
  | 'input' // wrong options, inventory or playbook: nothing was touched, exit status 1
  | 'host' // a host failed: the others go on, exit status 2
  | 'unreachable'; // no connection or login: the others go on, exit status 4

/** The exit status of hosts' failures: unreachable wins over failed. */
export function exitStatusOf(failures: Iterable<{ readonly kind: ErrorKind }>): 0 | 2 | 4 {
  let status: 0 | 2 = 0;
  for (const failure of failures) {
    if (failure.kind === 'unreachable') return 4;
    status = 2;
  }
  return status;
}

export interface ErrorDetails {
  readonly place?: Place;
  /** What the reader can do next: one sentence, or one command. */
  readonly hint?: string;
  /** The source line that holds the mistake, for the caret. */
  readonly sourceLine?: string;
  readonly cause?: unknown;
}

export class FleetTapError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly place: Place;
  readonly hint: string | undefined;
  readonly sourceLine: string | undefined;

  /**
   * @param kind whose fault it is
   * @param code stable, lower case with hyphens, for example `host-key-unknown`
   * @param message one sentence: subject, number, unit; no final newline
   */
  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'FleetTapError';
    this.kind = kind;
    this.code = code;
    this.place = details.place ?? {};
    this.hint = details.hint;
    this.sourceLine = details.sourceLine;
  }
}

/** `file:line:column`, as compilers print it; parts that are not known are left out. */
export function formatPlace(place: Place): string {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
  return [place.host, position].filter((part) => part !== undefined && part !== '').join(': ');
}

/** The text a person reads: place, sentence, the line with a caret, the hint, the code. No trailing newline. */
export function formatError(error: FleetTapError): string {
  const place = formatPlace(error.place);
  const lines = [`${place === '' ? '' : `${place}: `}${error.message} [${error.code}]`];
  if (error.sourceLine !== undefined && error.place.line !== undefined) {
    const gutter = `${error.place.line}`.padStart(5);
    // Of a long line what stands around the mistake: a page of JSON may be one line.
    const start = error.sourceLine.length <= LONGEST_SHOWN ? 0 : Math.max(0, (error.place.column ?? 1) - 1 - LONGEST_SHOWN / 2);
    const [left, right] = [start > 0 ? '…' : '', start + LONGEST_SHOWN < error.sourceLine.length ? '…' : ''];
    lines.push(`${gutter} | ${left}${error.sourceLine.slice(start, start + LONGEST_SHOWN)}${right}`);
    if (error.place.column !== undefined) {
      const before = `${left}${error.sourceLine.slice(start, error.place.column - 1)}`.replace(/[^\t]/g, ' ');
      lines.push(`${' '.repeat(5)} | ${before}^`);
    }
  }
  if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`);
  return lines.join('\n');
}

/** Characters of a source line. */
const LONGEST_SHOWN = 160;

/** Any thrown value as an error of ours, so that one host's surprise stays one host's failure. */
export function asHostError(error: unknown, host: string): FleetTapError {
  if (error instanceof FleetTapError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new FleetTapError('host', 'unexpected', message, { place: { host }, cause: error });
}
