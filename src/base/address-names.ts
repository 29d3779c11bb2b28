// What comes in: the hosts' addresses. What goes out: whose address each is.
// Not for addresses that several hosts have (loopback, the same private net twice, anycast): they have no name.
import { parseIpv6, ipv6Text } from './ip-address.js';

/** Address, as logs write it → host's name. */
export type AddressNames = ReadonlyMap<string, string>;

const EVERYBODYS = /^(127\.|::1$|fe80:)/;

export function addressNames(hosts: readonly { readonly name: string; readonly addresses: readonly string[] }[]): AddressNames {
  const names = new Map<string, string | undefined>();
  for (const { name, addresses } of hosts) {
    for (const written of addresses) {
      const words = parseIpv6(written);
      const address = words === undefined ? written : ipv6Text(words, 0);
      if (EVERYBODYS.test(address)) continue;
      names.set(address, names.has(address) && names.get(address) !== name ? undefined : name);
    }
  }
  return new Map([...names].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
