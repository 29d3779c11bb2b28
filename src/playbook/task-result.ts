// A task's result on one host: what is registered, what a person is told. Pure.
import { FleetTapError } from '../base/errors.js';
import type { Effect, ModuleResult } from '../modules/module.js';
import { diffText } from './diff-text.js';
import { splitLines } from './expression/methods-text.js';

/** What a task gives, as `register` keeps it. */
export type Registered = Readonly<Record<string, unknown>>;

export interface TaskResult {
  readonly changed: boolean;
  readonly failed: boolean;
  readonly skipped: boolean;
  readonly unreachable: boolean;
  readonly registered: Registered;
  /** A loop's items have been told one by one. */
  readonly isLoop: boolean;
  /** Of a loop: what each item gave, since each may be delegated to another host. */
  readonly items: readonly TaskResult[];
  readonly msg: string;
  readonly hint: string | undefined;
  readonly diff: string | undefined;
  readonly warnings: readonly string[];
  /** Of set_fact. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly effects: readonly Effect[];
  /** Names of handlers, when something has changed. */
  readonly notify: readonly string[];
  readonly noLog: boolean;
  readonly isIgnored: boolean;
  readonly delegatedTo: string | undefined;
  /** Its address, where it has run there. */
  readonly delegatedAt: string | undefined;
  readonly shows: 'verbose' | 'always' | 'never';
  /** The mistake, when it was one of the playbook's expressions, a lost answer, or a lost connection. */
  readonly error: FleetTapError | undefined;
}

const PLAIN = { unreachable: false, isLoop: false, items: [], hint: undefined, diff: undefined, warnings: [], facts: {}, effects: [], notify: [], noLog: false, isIgnored: false, delegatedTo: undefined, delegatedAt: undefined, shows: 'verbose', error: undefined } as const;

/** What Ansible puts beside a failure where nobody asked for the places in its own code. */
const TRACEBACK = '(traceback unavailable)';

/** Its `msg` where the module has none: failed_when, until or a condition that cannot be evaluated makes it a failure. */
export const UNKNOWN_FAILURE = 'Task failed: Action failed: Unknown error.';

/** Nothing to tell. */
export const DONE: TaskResult = { ...PLAIN, changed: false, failed: false, skipped: false, registered: { changed: false }, msg: '', shows: 'never' };

export function skippedResult(msg: string, registered: Registered, noLog = false): TaskResult {
  return { ...PLAIN, changed: false, failed: false, skipped: true, registered, msg, noLog };
}

export function failedResult(error: unknown, noLog = false): TaskResult {
  const known = error instanceof FleetTapError ? error : undefined;
  const msg = error instanceof Error ? error.message : String(error);
  const unreachable = known?.kind === 'unreachable';
  const registered = unreachable ? { changed: false, msg, unreachable: true } : { changed: false, failed: true, exception: TRACEBACK, msg };
  return { ...PLAIN, changed: false, failed: !unreachable, skipped: false, unreachable, registered, msg, hint: known?.hint, error: known, noLog };
}

/** @param how what changed_when, failed_when and until have said; without diffContext no diff is shown */
export function doneResult(raw: ModuleResult, how: { readonly changed: boolean; readonly failed: boolean; readonly failedWhen: boolean | undefined; readonly attempts: number | undefined; readonly noLog: boolean; readonly msg: string; readonly delegatedTo: string | undefined; readonly delegatedAt: string | undefined; readonly diffContext: number | undefined }): TaskResult {
  return {
    ...PLAIN,
    changed: how.changed,
    failed: how.failed,
    skipped: raw.skipped === true,
    registered: registeredOf(raw, how),
    msg: raw.said ?? raw.msg ?? how.msg,
    hint: raw.hint,
    diff: raw.diff === undefined || how.diffContext === undefined ? undefined : diffText(raw.diff, how.diffContext),
    warnings: raw.warnings ?? [],
    facts: raw.facts ?? {},
    effects: raw.effects ?? [],
    noLog: how.noLog,
    delegatedTo: how.delegatedTo,
    delegatedAt: how.delegatedAt,
    shows: raw.shows ?? 'verbose',
  };
}

export function registeredOf(raw: ModuleResult, how: { readonly changed: boolean; readonly failed: boolean; readonly failedWhen: boolean | undefined; readonly attempts: number | undefined }): Registered {
  return {
    ...(raw.msg !== undefined ? { msg: raw.msg } : how.failed ? { msg: UNKNOWN_FAILURE } : {}),
    ...(raw.hasNoLines === true ? raw.values : withLines(raw.values ?? {})),
    ...(how.attempts === undefined ? {} : { attempts: how.attempts }),
    changed: how.changed,
    failed: how.failed,
    ...(how.failed ? { exception: TRACEBACK } : raw.failed === true ? { failed_when_suppressed_exception: TRACEBACK } : {}),
    ...(raw.skipped === true ? { skipped: true } : {}),
    ...(raw.diff === undefined ? {} : { diff: raw.diff }),
    ...(raw.warnings === undefined || raw.warnings.length === 0 ? {} : { warnings: raw.warnings }),
    ...(how.failedWhen === undefined ? {} : { failed_when_result: how.failedWhen }),
  };
}

/** stdout_lines for every module that has a stdout (plugins/action/__init__.py); those that run nothing on a host have none. */
function withLines(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const lines: Record<string, unknown> = {};
  for (const name of ['stdout', 'stderr']) {
    const text = values[name];
    if (typeof text === 'string' && !Object.hasOwn(values, `${name}_lines`)) lines[`${name}_lines`] = splitLines(text);
  }
  return { ...values, ...lines };
}

/** The result of a loop from those of its items. @param items as registered, with their item in them */
export function loopResult(results: readonly TaskResult[], items: readonly Registered[]): TaskResult {
  const failures = results.filter((result) => result.failed || result.unreachable);
  const [first] = failures;
  const changed = results.some((result) => result.changed);
  const skipped = results.every((result) => result.skipped);
  const msg = first !== undefined ? 'One or more items failed' : skipped ? 'All items skipped' : 'All items completed';
  const failed = failures.length > 0;
  return {
    ...PLAIN,
    changed,
    failed,
    skipped,
    isLoop: true,
    items: results,
    unreachable: failures.some((result) => result.unreachable),
    registered: { changed, msg, results: items, ...(skipped ? { skipped } : { skipped: false }), ...(failed ? { failed } : {}) },
    msg: first?.msg ?? msg,
    hint: first?.hint,
    warnings: results.flatMap((result) => result.warnings),
    facts: Object.assign({}, ...results.map((result) => result.facts)) as Record<string, unknown>,
    effects: results.flatMap((result) => result.effects),
    notify: [...new Set(results.flatMap((result) => result.notify))],
    noLog: results.some((result) => result.noLog),
    isIgnored: failed && failures.every((result) => result.isIgnored),
    error: first?.error,
  };
}
