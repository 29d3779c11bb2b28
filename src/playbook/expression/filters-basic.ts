// What comes in: a value that may be undefined, and evaluated arguments. What goes out: what to take instead, or what it is. One entry a filter.
// Source: Jinja's filters.py (default), Ansible's plugins/filter/core.py (mandatory, ternary, type_debug, strftime, to_datetime).
import { FilterError } from './filter-error.js';
import { isNumber, typeName } from './kinds.js';
import { type Filter, filter } from './plugin.js';
import { strftimeAt, strptime } from './strftime.js';
import { Undefined } from './undefined.js';
import { isTrue, toText } from './values.js';

const orDefault: Filter = {
  ...filter(['default_value', 'boolean'], (input, { default_value: fallback = '', boolean = false }) => (input instanceof Undefined || (isTrue(boolean) && !isTrue(input)) ? fallback : input)),
  takesUndefined: true,
};

export const basicFilters: readonly (readonly [string, Filter])[] = [
  ['default', orDefault],
  ['d', orDefault],
  ['mandatory', { ...filter(['msg'], (input, { msg }) => {
    if (!(input instanceof Undefined)) return input;
    throw new FilterError(msg === undefined || msg === null ? `stops here: ${input.reason} is not defined` : `stops here: ${toText(msg)}`);
  }), takesUndefined: true }],
  ['ternary', filter(['true_val', 'false_val', 'none_val'], (input, { true_val: yes, false_val: no, none_val: none }) => (input === null && none !== undefined && none !== null ? none : isTrue(input) ? yes : no))],
  ['type_debug', { ...filter([], (input) => typeName(input)), takesUndefined: true }],
  ['strftime', filter(['second', 'utc'], (input, { second, utc = false }) => {
    const epochSec = second === undefined || second === null ? Date.now() / 1000 : Number(isNumber(second) ? second : toText(second));
    if (Number.isNaN(epochSec)) throw new FilterError(`takes seconds since 1970, not ${toText(second)}`);
    return strftimeAt(toText(input), epochSec, isTrue(utc));
  })],
  ['to_datetime', filter(['format'], (input, { format = '%Y-%m-%d %H:%M:%S' }) => {
    if (typeof input !== 'string') throw new FilterError(`takes a text, not ${typeName(input)}`);
    return strptime(input, toText(format));
  })],
];
