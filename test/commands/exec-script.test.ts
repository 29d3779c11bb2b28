// The scripts of exec under real shells.
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { execScript, MarkFilter, shellLineOf } from '../../src/commands/exec-script.js';

const SHELLS = [['dash'], ['bash', '--posix', '--norc'], ['busybox', 'sh']] as const;

describe.each(SHELLS)('%s', (...shell) => {
  const [program, ...words] = shell as readonly [string, ...string[]];
  const missing = spawnSync(program, [...words, '-c', ':']).status !== 0;
  const run = (script: string) => execFileSync(program, [...words, '-c', script], { env: { PATH: process.env.PATH, SHLVL: '2' }, stdio: ['ignore', 'pipe', 'ignore'] });
  const outputOf = (script: string) => new MarkFilter('N0nce').push(run(script));

  it.skipIf(missing)('hands any words over unharmed', () => {
    const word = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text.replaceAll('\0', '')).toString());
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (given) => {
        expect(outputOf(execScript('N0nce', shellLineOf(['printf', '%s\\n', ...given], false))).toString()).toBe(given.map((one) => `${one}\n`).join(''));
      }),
      { numRuns: 40 },
    );
  });

  it.skipIf(missing)('leaves the command nothing of its own, and keeps exit and syntax errors the command\'s', () => {
    expect(outputOf(execScript('N0nce', `echo "$#\${fleet_tap-unset}"`)).toString()).toBe('0unset\n');
    expect(spawnSync(program, [...words, '-c', execScript('N0nce', 'exit 7')]).status).toBe(7);
    expect(spawnSync(program, [...words, '-c', execScript('N0nce', 'if')]).status).not.toBe(0);
  });
});

it('the filter finds the mark however the bytes were cut', () => {
  const bytes = Buffer.from('Welcome\n\nN0nce 1\n\nN0nce 4711\nhello\nN0nce 5\n');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const filter = new MarkFilter('N0nce');
    const out = Buffer.concat([filter.push(bytes.subarray(0, cut)), filter.push(bytes.subarray(cut))]);
    expect(out.toString()).toBe('\nN0nce 4711\nhello\nN0nce 5\n');
    expect([filter.session, filter.prelude]).toEqual([1, 'Welcome\n']);
  }
});
