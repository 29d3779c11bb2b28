// What comes in: a value and evaluated arguments. What goes out: what `value is NAME` says. Jinja's (tests.py) and Ansible's (plugins/test/core.py).
import { FilterError, regularExpression } from './filter-error.js';
import { isEqual, isMapping, isTrue, toText, Undefined } from './values.js';

export interface Test {
  /** How many arguments it takes. */
  readonly arguments: number;
  /** Takes an undefined input; all others stop with an error there. */
  readonly takesUndefined?: boolean;
  apply(input: unknown, args: readonly unknown[]): boolean;
}

const plain = (apply: (input: unknown) => boolean): Test => ({ arguments: 0, apply });
const against = (apply: (input: unknown, other: unknown) => boolean): Test => ({ arguments: 1, apply: (input, args) => apply(input, args[0]) });

/** What a task registered. */
const result = (key: string, isNegated = false): Test => ({
  arguments: 0,
  apply: (input) => {
    if (!isMapping(input)) throw new FilterError('takes what a task has registered');
    return isTrue(input[key] ?? false) !== isNegated;
  },
});

const defined: Test = { arguments: 0, takesUndefined: true, apply: (input) => !(input instanceof Undefined) };
const isIn = against((input, other) => (Array.isArray(other) ? other.some((item) => isEqual(item, input)) : toText(other).includes(toText(input))));

export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', defined],
  ['undefined', { ...defined, apply: (input) => input instanceof Undefined }],
  ['none', plain((input) => input === null)],
  ['true', plain((input) => input === true)],
  ['false', plain((input) => input === false)],
  ['boolean', plain((input) => typeof input === 'boolean')],
  ['number', plain((input) => typeof input === 'number' || typeof input === 'boolean')],
  ['integer', plain((input) => Number.isInteger(input))],
  ['string', plain((input) => typeof input === 'string')],
  ['mapping', plain(isMapping)],
  ['sequence', plain((input) => Array.isArray(input) || typeof input === 'string' || isMapping(input))],
  ['iterable', plain((input) => Array.isArray(input) || typeof input === 'string' || isMapping(input))],
  ['changed', result('changed')],
  ['change', result('changed')],
  ['failed', result('failed')],
  ['failure', result('failed')],
  ['skipped', result('skipped')],
  ['skip', result('skipped')],
  ['unreachable', result('unreachable')],
  ['succeeded', result('failed', true)],
  ['success', result('failed', true)],
  ['successful', result('failed', true)],
  ['match', against((input, pattern) => new RegExp(`^(?:${regularExpression(pattern).source})`, regularExpression(pattern).flags).test(toText(input)))],
  ['search', against((input, pattern) => regularExpression(pattern).test(toText(input)))],
  ['regex', against((input, pattern) => regularExpression(pattern).test(toText(input)))],
  ['in', isIn],
  ['contains', against((input, item) => isIn.apply(item, [input]))],
  ['eq', against(isEqual)],
  ['equalto', against(isEqual)],
  ['ne', against((input, other) => !isEqual(input, other))],
  ['even', plain((input) => Number(input) % 2 === 0)],
  ['odd', plain((input) => Math.abs(Number(input) % 2) === 1)],
  ['divisibleby', against((input, other) => Number(input) % Number(other) === 0)],
]);
