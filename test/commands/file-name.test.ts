import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fileNameOf } from '../../src/commands/file-name.js';

it.each([['web01.example.org', 'web01.example.org'], ['..', '%2E.'], ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'], ['fe80::1', 'fe80::1'], ['a b\n', 'a%20b%0A'], ['ü', '%C3%BC']])('%j is %s', (host, name) => expect(fileNameOf(host)).toBe(name));

it('gives each host a name of its own that is only a name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), (one, other) => {
      expect(fileNameOf(one)).toMatch(/^[^./\0][^/\0]{0,199}$/);
      // Lone surrogates have no UTF-8 of their own.
      if (Buffer.from(one).toString() !== Buffer.from(other).toString()) expect(fileNameOf(one)).not.toBe(fileNameOf(other));
    }),
  );
});
