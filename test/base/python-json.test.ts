import { expect, it } from 'vitest';
import { pythonJson } from '../../src/base/python-json.js';
import { PythonFloat } from '../../src/base/python-repr.js';

it('writes numbers as json.dumps does, those that JSON does not have too', () => {
  expect(pythonJson([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, new PythonFloat(1), 0.1, 7])).toBe('[NaN, Infinity, -Infinity, 1.0, 0.1, 7]');
});
