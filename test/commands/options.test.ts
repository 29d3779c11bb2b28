// Times on the command line, and how long a host's script may run.
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { hostTime, limitSecOf, outputOptions, queueOptions, refuseEmptyNames, waitingTime } from '../../src/commands/options.js';

const HOUR = 3600;

it('takes no time that a timer of Node cannot hold: it would be over at once', () => {
  expect(waitingTime('576h') * 1000).toBeLessThan(2 ** 31);
  expect(() => waitingTime('577h')).toThrow('576h');
  expect(hostTime('720h')).toBe(720 * HOUR);
  expect(() => hostTime('99999999999h')).toThrow('87600h');
});

it.each([
  [undefined, undefined, 24 * HOUR],
  [undefined, 60, 24 * HOUR],
  [undefined, 48 * HOUR, 49 * HOUR],
  [undefined, 24 * HOUR, 25 * HOUR],
  [1.2, undefined, 2],
  [2 * HOUR, HOUR, 2 * HOUR],
])('--limit-time %s, --for %s: hosts end by themselves after %d s', (limit, time, expected) => {
  expect(limitSecOf(limit, time)).toBe(expected);
});

it('refuses a limit that would end the hosts before the capture is over', () => {
  expect(() => limitSecOf(HOUR, HOUR)).toThrow('--for takes as long as --limit-time');
});

it.each(['--output', '--report', '--late', '--spill'])('refuses an empty name for %s', (option) => {
  const command = queueOptions(outputOptions(new Command('x').option('--report <FILE>', ''))).exitOverride().configureOutput({ writeErr: () => {} });
  refuseEmptyNames(command);
  expect(() => command.parse([option, ''], { from: 'user' })).toThrow('write a name; this one is empty');
  command.parse(['-o', 'a', '-o', 'b', '--report', 'c', '--late', 'd', '--spill', 'e'], { from: 'user' });
  expect(command.opts()).toMatchObject({ output: ['a', 'b'], report: 'c', late: 'd', spill: 'e' });
});
