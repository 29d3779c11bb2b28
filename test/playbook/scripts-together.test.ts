import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { together, TogetherReader } from '../../src/playbook/scripts-together.js';
import type { CommandResult } from '../../src/ssh/session.js';

const NONCE = 'n0nce';

function read(chunks: readonly Buffer[]) {
  const told: CommandResult[] = [];
  const reader = new TogetherReader(NONCE, (answer) => told.push(answer));
  for (const chunk of chunks) reader.push(chunk);
  return { told: told.map(({ status, stdout }) => [status, stdout]), rest: reader.rest() };
}

function run(scripts: readonly string[], input = '') {
  const { stdout } = spawnSync('sh', ['-c', together(scripts, NONCE)], { input });
  return read([stdout]);
}

test('each part answers for itself, with one newline at its end; the first has the input', () => {
  expect(run([': first\ncat; x=1', ': second\ncat; echo "[$x]"', ': third\nprintf z'], 'in\n')).toEqual({ told: [[0, 'in\n'], [0, '[]\n'], [0, 'z\n']], rest: '' });
});

test('the first line says what runs', () => expect(together([": fleet-tap module file '{}'\necho x", ': other\n'], NONCE).split('\n')[0]).toBe(": fleet-tap module file '{}'"));

test.each([
  ['another status', ': a\nexit 10', 10],
  ['a signal', ': a\nsh -c \'kill -9 $$\'\n', 137],
])('the last that runs is the one that ends with %s', (_, script, status) => {
  expect(run([': first\n', script, ': third\necho never'])).toEqual({ told: [[0, ''], [status, '\n']], rest: '' });
});

test('what a part without its end said is what is left', () => {
  expect(run([': first\necho half; kill -9 $$\n', ': second\necho never']).rest).toBe('half\n');
});

test('what several have in common goes once, and knows the positional parameters', () => {
  const common = 'say() { printf "%s;" "$1"; }\nfor one; do say "$one"; done; said=$#';
  const scripts = [`: first\nset -- a b\n${common}\nset -- "$said"\n${common}\n`, `: second\n${common}\nsay "$said"\n`];
  const whole = together(scripts, NONCE, [common, 'not there']);
  expect(whole.split('for one;').length).toBe(3);
  const { stdout } = spawnSync('sh', ['-c', whole]);
  expect(read([stdout])).toEqual({ told: [[0, 'a;b;2;'], [0, '0;\n']], rest: '' });
});

test('however the output is cut', () => {
  const whole = Buffer.from(`äa\n${NONCE} 0\n${NONCE}${NONCE} 0\nb ${NONCE.slice(0, 3)}\n${NONCE} 10\nrest`);
  const expected = read([whole]);
  expect(expected).toEqual({ told: [[0, 'äa\n'], [0, NONCE], [10, `b ${NONCE.slice(0, 3)}\n`]], rest: 'rest' });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: whole.length })), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      expect(read(at.slice(1).map((end, index) => whole.subarray(at[index], end)))).toEqual(expected);
    }),
  );
});
