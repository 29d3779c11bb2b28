// Real texts: of reference/lab.md, of stap and staprun 4.8 run by hand, and of SystemTap's source.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/systemtap/diagnose.js';

interface Case {
  readonly output: readonly string[];
  readonly code: string;
  readonly sentence: string;
}
const cases = JSON.parse(readFileSync(new URL('../cases/systemtap/diagnose.json', import.meta.url), 'utf8')) as Record<string, Case>;
const RELEASE = '7.2.12+deb14-cloud-amd64';

describe('diagnose', () => {
  it.each(Object.entries(cases))('%s', (_name, { output, code, sentence }) => {
    const found = diagnose(`${output.join('\n')}\n`, RELEASE);
    expect(found).toEqual({ code, sentence, hint: expect.stringMatching(/\w+ \w+/) });
    expect(diagnose(output.join('\n'), RELEASE), 'without a final newline').toEqual(found);
  });

  it('gives one printable line, whatever comes', () => {
    const words = fc.constantFrom('parse error: ', 'semantic error: ', 'saw: ', ' at a:1:2', '\n', '\u001b[2J', '\r', "Can't resolve x", ': not found', 'stap');
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ unit: 'binary' }))), (parts) => {
        const { sentence } = diagnose(parts.join(''), RELEASE);
        expect(sentence).toMatch(/^[^\u0000-\u0008\u000a-\u001f\u007f]+$/);
      }),
    );
  });
});
