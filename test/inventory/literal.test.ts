// Random values and host lines of INI inventories through Python's literal_eval and shlex, and through ours.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PythonFloat, reprFloat } from '../../src/base/python-repr.js';
import { Mistake } from '../../src/inventory/mistake.js';
import { pythonValue } from '../../src/inventory/python-literal.js';
import { splitWords } from '../../src/inventory/shell-words.js';
import { whyNoAnsible } from './oracle.js';
import { randomness } from './random-inventory.js';

const skipReason = whyNoAnsible();
const COUNT = 20_000;
const SEED = Number(process.env.FLEET_TAP_FUZZ_SEED ?? 1);
const PIECES = ["'", "'", '"', '"', '[', ']', '{', '}', '(', ')', ',', ',', ':', ' ', '#', '1', '0', '7', 'x', 'a', 'True', 'None', 'False', '.', 'e', '-', '+', '_', '\\', 'r', 'b', 'u', '=', '\t', 'é', 'j', '\\n', '\\x41', '\\u00e9', '\\101', "'''", 'set()', '\\U0001F600', '0x', '0o', 'f', '...', ' if ', '\\N', '\u00a0', '😀'];
const WHOLE = ['1', "'a'", '[1, 2]', '{1: 2}', '(1,)', 'True', '-1', '1.5', '"b"', '{}', '[]', 'None', "r'\\'", '1_0', '00', "{'a': 'b'}", 'x', '()'];

interface Answers {
  readonly values: ({ value: unknown } | { refused: string })[];
  readonly lines: (string[] | 'refused')[];
}

describe.skipIf(skipReason !== undefined)(`random INI texts${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  test(`${COUNT} values and lines, from seed ${SEED}`, () => {
    const random = randomness(SEED);
    const text = (length: number): string => Array.from({ length: 1 + random.below(length) }, () => random.one(random.percent(30) ? WHOLE : PIECES)).join('');
    const values = Array.from({ length: COUNT }, () => (random.percent(30) ? `[${text(3)}, ${text(3)}]` : text(7)));
    const lines = Array.from({ length: COUNT }, () => text(12));
    const answer = spawnSync('/usr/bin/python3', ['-W', 'ignore', join(import.meta.dirname, 'literal.py')], { input: JSON.stringify({ values, lines }), encoding: 'utf8', maxBuffer: 1e9 });
    expect(answer.stderr).toBe('');
    const theirs = JSON.parse(answer.stdout) as Answers;
    const differences: string[] = [];
    for (const [index, value] of values.entries()) {
      const their = theirs.values[index];
      if (their === undefined || isListed(value, their)) continue;
      const [expected, received] = [asJson('refused' in their ? 'refused' : their.value), asJson(ours(value))];
      if (expected !== received) differences.push(`${value} is ${expected}, not ${received}`);
    }
    for (const [index, line] of lines.entries()) {
      const [expected, received] = [asJson(theirs.lines[index]), asJson(words(line))];
      if (expected !== received) differences.push(`the words of ${line} are ${expected}, not ${received}`);
    }
    expect(differences.slice(0, 40)).toEqual([]);
  });
});

function ours(value: string): unknown {
  try {
    return pythonValue(value);
  } catch (error) {
    if (error instanceof Mistake) return 'refused';
    throw error;
  }
}

function words(line: string): string[] | 'refused' {
  try {
    return splitWords(line).map((word) => word.text);
  } catch (error) {
    if (error instanceof Mistake) return 'refused';
    throw error;
  }
}

/** docs/ansible-differences.md: what JSON or a JavaScript number cannot hold, sets, equal keys of different types, `\N{}`. */
function isListed(value: string, their: Answers['values'][number]): boolean {
  const text = JSON.stringify(their);
  return /\{"(?:none|big|set)":/.test(text) || /\\N\{/.test(value) || /\{"dict":\[(?:[^\]]*\],)*\[(?!")/.test(text);
}

/** Objects as the oracle writes them: pairs in their order. */
function asJson(value: unknown): string {
  const pairs = (one: unknown): unknown => {
    if (one instanceof PythonFloat || (typeof one === 'number' && !Number.isInteger(one))) return { float: reprFloat(Number(one)) };
    if (Array.isArray(one)) return one.map(pairs);
    if (typeof one !== 'object' || one === null) return one;
    if ('float' in one) return one;
    if ('dict' in one && Array.isArray(one.dict)) return { dict: one.dict.map((pair: unknown) => pairs(pair)) };
    return { dict: Object.entries(one).map(([key, item]) => [key, pairs(item)]) };
  };
  return JSON.stringify(pairs(value));
}
