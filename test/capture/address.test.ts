import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortAddress } from '../../src/capture/address.js';

// Right: RFC 5952, sections 4.1 to 4.3.
test.each([
  ['10.0.2.15', '10.0.2.15'],
  ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
  ['2001:0db8:0000:0001:0001:0001:0001:0001', '2001:db8:0:1:1:1:1:1'],
  ['2001:0000:0000:0001:0000:0000:0000:0001', '2001:0:0:1::1'],
  ['2001:0DB8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
  ['0000:0000:0000:0000:0000:0000:0000:0000', '::'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
])('%s', (full, short) => expect(shortAddress(full)).toBe(short));

test('a short address is the same address, shortened once, also when more are seen than are remembered', () => {
  const groups = (address: string): number[] => {
    const [left = '', right] = address.split('::');
    const numbers = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
    if (right === undefined) return numbers(left);
    return [...numbers(left), ...new Array(8 - numbers(left).length - numbers(right).length).fill(0), ...numbers(right)];
  };
  for (let index = 0; index < 25_000; index += 1) {
    const full = ['2001', '0db8', '0000', '0000', '0000', '0000', (index >>> 8).toString(16).padStart(4, '0'), (index & 255).toString(16).padStart(4, '0')].join(':');
    expect(groups(shortAddress(full))).toEqual(groups(full));
  }
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), (numbers) => {
      const short = shortAddress(numbers.map((number) => number.toString(16).padStart(4, '0')).join(':'));
      expect(isIPv6(short)).toBe(true);
      expect(groups(short)).toEqual(numbers);
      expect(shortAddress(short)).toBe(short);
    }),
  );
});
