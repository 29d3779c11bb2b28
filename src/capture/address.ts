// IPv6 as people write it (RFC 5952): the kernel prints it in full.

const shortened = new Map<string, string>();
/** Servers talk to a bounded number of peers; a hostile host may not fill our memory with made-up ones. */
const REMEMBERED = 10_000;

/** The short form of an IPv6 address; an IPv4 address stays as it is. The argument is a valid address. */
export function shortAddress(address: string): string {
  if (!address.includes(':')) return address;
  let short = shortened.get(address);
  if (short === undefined) {
    short = new URL(`http://[${address}]`).hostname.slice(1, -1);
    if (shortened.size >= REMEMBERED) shortened.clear();
    shortened.set(address, short);
  }
  return short;
}
