import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv4Text, ipv6Text, parseIpv6 } from '../../src/base/ip-address.js';

test('IPv4 with dots', () => expect([0, 0x7f000001, 0xffff_ffff].map(ipv4Text)).toEqual(['0.0.0.0', '127.0.0.1', '255.255.255.255']));

test('any IPv6 spelling and back is what URL makes of it', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const words = parseIpv6(text);
      expect(words === undefined).toBe(!isIPv6(text));
      if (words !== undefined) expect(`[${ipv6Text([7, ...words], 1)}]`).toBe(new URL(`http://[${text}]`).hostname);
    }),
    { numRuns: 1000 },
  );
});

test.each(['fe80::1%eth0', '10.0.0.1', '1::2::3', '', 'web01'])('is no IPv6 address here: %s', (text) => expect(parseIpv6(text)).toBeUndefined());
