// How a mistake is shown: the place, the line with a caret, what to do.
import { expect, it } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';

const shown = (sourceLine: string, column: number) => formatError(new FleetTapError('input', 'yaml-syntax', 'wrong', { place: { file: 'a.yml', line: 7, column }, sourceLine, hint: 'mend it' })).split('\n');

it('a line with a caret under the mistake, tabs kept', () => {
  expect(shown('\ta: [b', 5)).toEqual(['a.yml:7:5: wrong [yaml-syntax]', '    7 | \ta: [b', '      | \t   ^', '  hint: mend it']);
});

it.each([1, 40, 79, 80, 81, 82, 160, 161, 500, 921, 999, 1000])('of a line of a thousand characters, what stands around column %i', (column) => {
  const line = `${'.'.repeat(column - 1)}X${'.'.repeat(1000 - column)}`;
  const [, text = '', caret = ''] = shown(line, column);
  expect(text.length).toBeLessThan(175);
  expect(text[caret.indexOf('^')]).toBe('X');
  expect(text.startsWith('    7 | …')).toBe(column > 81);
  expect(text.endsWith('…')).toBe(column < 921);
});
