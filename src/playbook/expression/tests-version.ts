// What comes in: two versions and an operator. What goes out: whether it holds. Ansible's plugins/test/core.py, module_utils/compat/version.py
// (loose, strict), utils/version.py (semver), PEP 440.
import { compareNames } from '../../inventory/python-text.js';
import { FilterError } from './filter-error.js';
import { type Test, test } from './plugin.js';
import { isTrue, toText } from './values.js';

type Compare = (a: string, b: string) => number;

/** Numbers and words; a number and a word in one place have no order. */
function loose(a: string, b: string): number {
  const parts = (text: string): (string | number)[] => text.split(/(\d+|[a-z]+|\.)/).filter((part) => part !== '' && part !== '.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const [left, right] = [parts(a), parts(b)];
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (one === other) continue;
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    if (typeof one === 'string' && typeof other === 'string') return compareNames(one, other);
    throw new FilterError(`cannot order ${a} and ${b}: a number and a word stand in one place`);
  }
  return left.length - right.length;
}

function strict(a: string, b: string): number {
  const parts = (text: string): number[] => {
    const found = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(text);
    if (found === null) throw new FilterError(`is given "${text}", which is no strict version (1.2, 1.2.3, 1.2a1)`);
    const [, major, minor, patch = '0', kind, number = '0'] = found;
    return [Number(major), Number(minor), Number(patch), kind === undefined ? 2 : kind === 'a' ? 0 : 1, Number(number)];
  };
  return byParts(parts(a), parts(b));
}

function byParts(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((part, index) => part !== (b[index] ?? 0));
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? 0);
}

const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

function semantic(a: string, b: string): number {
  const parts = (text: string): RegExpExecArray => {
    const found = SEMVER.exec(text);
    if (found === null) throw new FilterError(`is given "${text}", which is no semantic version (1.2.3)`);
    return found;
  };
  const [left, right] = [parts(a), parts(b)];
  const core = byParts(left.slice(1, 4).map(Number), right.slice(1, 4).map(Number));
  if (core !== 0) return core;
  const [before, other] = [left[4], right[4]];
  if (before === undefined || other === undefined) return before === other ? 0 : before === undefined ? 1 : -1;
  const [ones, others] = [before.split('.'), other.split('.')];
  for (const [index, one] of ones.entries()) {
    const two = others[index];
    if (two === undefined) return 1;
    if (one === two) continue;
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(two)];
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
    return isNumber ? Number(one) - Number(two) : compareNames(one, two);
  }
  return ones.length - others.length;
}

const PEP440 = /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

function pep440(a: string, b: string): number {
  const key = (text: string): number[] => {
    const found = PEP440.exec(text.trim());
    if (found === null) throw new FilterError(`is given "${text}", which is no version by PEP 440`);
    const [, epoch = '0', release = '', pre, preNumber = '0', postDash, post, postNumber = '0', dev, devNumber = '0'] = found;
    const hasPost = postDash !== undefined || post !== undefined;
    const phase = pre === undefined ? (dev !== undefined && !hasPost ? -1 : 3) : { a: 0, b: 1 }[pre.toLowerCase().charAt(0)] ?? 2;
    const numbers = release.split('.').map(Number);
    while (numbers.length > 1 && numbers.at(-1) === 0) numbers.pop();
    return [Number(epoch), ...Array.from({ length: 8 }, (_, index) => numbers[index] ?? 0), phase, Number(preNumber), hasPost ? Number(postDash ?? postNumber) : -1, dev === undefined ? Number.MAX_SAFE_INTEGER : Number(devNumber)];
  };
  return byParts(key(a), key(b));
}

const TYPES: Readonly<Record<string, Compare>> = { loose, strict, semver: semantic, semantic, pep440 };
const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0, '=': (order) => order === 0, eq: (order) => order === 0, '<': (order) => order < 0, lt: (order) => order < 0, '<=': (order) => order <= 0, le: (order) => order <= 0,
  '>': (order) => order > 0, gt: (order) => order > 0, '>=': (order) => order >= 0, ge: (order) => order >= 0, '!=': (order) => order !== 0, '<>': (order) => order !== 0, ne: (order) => order !== 0,
};

const version = test(['version', 'operator', 'strict', 'version_type'], (input, { version: other, operator = 'eq', strict: isStrict, version_type: type }) => {
  if (!isTrue(input) || !isTrue(other ?? null)) throw new FilterError('takes two versions, and one of them is empty');
  const compare = isStrict !== undefined && isStrict !== null && isTrue(isStrict) ? strict : type === undefined || type === null ? loose : TYPES[toText(type)];
  if (compare === undefined) throw new FilterError(`does not know versions of the type ${toText(type)}; there are ${Object.keys(TYPES).join(', ')}`);
  const holds = OPERATORS[toText(operator)];
  if (holds === undefined) throw new FilterError(`does not know the operator ${toText(operator)}; there are ${Object.keys(OPERATORS).join(', ')}`);
  return holds(compare(toText(input), toText(other)));
});

export const versionTests: readonly (readonly [string, Test])[] = [['version', version], ['version_compare', version]];
