// What comes in: a value and evaluated arguments. What goes out: what `value is NAME` says. Jinja's (tests.py) and Ansible's (plugins/test).
import { booleanOf } from '../../base/boolean-words.js';
import { compareValues, contains } from './compare.js';
import { FilterError } from './filter-error.js';
import { hashSet } from './filters-lists.js';
import { isIterable, iterate } from './iterate.js';
import { dictGet, dictHas, isDict, isFloat, isInteger, isNumber, type Mapping, Omit, typeName } from './kinds.js';
import { Callable } from './objects.js';
import { type Test, test } from './plugin.js';
import { Undefined } from './undefined.js';
import { isEqual, isTrue, toText } from './values.js';
import { arithmetic } from './arithmetic.js';

const plain = (apply: (input: unknown) => boolean): Test => test([], apply);
const against = (apply: (input: unknown, other: unknown) => boolean): Test => test(['other'], (input, { other }) => {
  if (other === undefined) throw new FilterError('takes one argument');
  return apply(input, other);
});

function resultOf(input: unknown, key: string, fallback: unknown): unknown {
  if (!isDict(input)) throw new FilterError(`takes what a task has registered, not ${typeName(input)}`);
  return dictHas(input, key) ? dictGet(input, key) : fallback;
}
const result = (key: string, isWanted = true): Test => plain((input) => isTrue(resultOf(input, key, false)) === isWanted);

/** A loop that says nothing of itself has changed when an item has. */
const changed = plain((input) => {
  const own = resultOf(input, 'changed', undefined);
  if (own !== undefined) return isTrue(own);
  const results = dictGet(input as Mapping, 'results');
  return Array.isArray(results) && results.some((item) => isDict(item) && isTrue(dictGet(item, 'changed') ?? false));
});
/** Of an async task; one that is not is taken for done. */
const progress = (key: string): Test => plain((input) => Number(resultOf(input, key, 1)) === 1);

const defined: Test = { ...test([], (input) => !(input instanceof Undefined)), takesUndefined: true };
const undefinedTest: Test = { ...test([], (input) => input instanceof Undefined), takesUndefined: true };
const remainder = (input: unknown, by: unknown): boolean => {
  if (!isNumber(input)) throw new FilterError(`takes a number, not ${typeName(input)}`);
  return Number(arithmetic('%', input, by)) === 0;
};
const truth = (isWanted: boolean): Test => test(['convert_bool'], (input, { convert_bool: convert = false }) => {
  const text = typeof input === 'string' ? input : isNumber(input) ? String(Number(input)) : '';
  const word = isTrue(convert) ? booleanOf(text) : undefined;
  return (word ?? isTrue(input)) === isWanted;
});
const order = (holds: (order: number) => boolean): Test => against((input, other) => holds(compareValues(input, other)));
const subset = against((input, other) => {
  const set = hashSet(iterate(other));
  return iterate(input).every((item) => set.has(item));
});
const superset = against((input, other) => {
  const set = hashSet(iterate(input));
  return iterate(other).every((item) => set.has(item));
});
const named = (names: readonly string[], one: Test): (readonly [string, Test])[] => names.map((name) => [name, one] as const);

export const valueTests: readonly (readonly [string, Test])[] = [
  ['defined', defined],
  ['undefined', undefinedTest],
  ['none', plain((input) => input === null)],
  ['true', plain((input) => input === true)],
  ['false', plain((input) => input === false)],
  ['boolean', plain((input) => typeof input === 'boolean')],
  ['number', plain(isNumber)],
  ['integer', plain((input) => isInteger(input) && typeof input !== 'boolean')],
  ['float', plain(isFloat)],
  ['string', plain((input) => typeof input === 'string')],
  ['mapping', plain(isDict)],
  ['sequence', plain(isIterable)],
  ['iterable', plain(isIterable)],
  ['callable', plain((input) => input instanceof Callable)],
  ['sameas', against((input, other) => (input instanceof Omit ? other instanceof Omit : typeof input === 'object' ? input === other : typeName(input) === typeName(other) && isEqual(input, other)))],
  ['lower', plain((input) => toText(input) === toText(input).toLowerCase() && toText(input) !== toText(input).toUpperCase())],
  ['upper', plain((input) => toText(input) === toText(input).toUpperCase() && toText(input) !== toText(input).toLowerCase())],
  ['escaped', plain(() => false)],
  ...named(['changed', 'change'], changed),
  ...named(['failed', 'failure'], result('failed')),
  ...named(['skipped', 'skip'], result('skipped')),
  ['unreachable', result('unreachable')],
  ['reachable', result('unreachable', false)],
  ...named(['succeeded', 'success', 'successful'], result('failed', false)),
  ['started', progress('started')],
  ['finished', progress('finished')],
  ['timedout', plain((input) => isTrue(resultOf(input, 'timedout', false)))],
  ['in', against((input, other) => contains(other, input))],
  ['contains', against(contains)],
  ...named(['eq', 'equalto', '=='], against(isEqual)),
  ...named(['ne', '!='], against((input, other) => !isEqual(input, other))),
  ...named(['lt', 'lessthan', '<'], order((sign) => sign < 0)),
  ...named(['le', '<='], order((sign) => sign <= 0)),
  ...named(['gt', 'greaterthan', '>'], order((sign) => sign > 0)),
  ...named(['ge', '>='], order((sign) => sign >= 0)),
  ['even', plain((input) => remainder(input, 2))],
  ['odd', plain((input) => Number(arithmetic('%', input, 2)) === 1)],
  ['divisibleby', test(['num'], (input, { num }) => remainder(input, num))],
  ['any', plain((input) => iterate(input).some(isTrue))],
  ['all', plain((input) => iterate(input).every(isTrue))],
  ['truthy', truth(true)],
  ['falsy', truth(false)],
  ...named(['subset', 'issubset'], subset),
  ...named(['superset', 'issuperset'], superset),
  ...named(['nan', 'isnan'], plain((input) => isNumber(input) && Number.isNaN(Number(input)))),
  ['vault_encrypted', plain(() => false)],
];

