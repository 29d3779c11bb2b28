// What comes in: who received packets sent to which address. What goes out: whose address each is: the one host that receives what is sent to it.
// Not for addresses that several hosts receive at (loopback, broadcast, multicast, anycast, the same private net twice): they have no name.
const NOBODYS = /^(127\.|0\.0\.0\.0$|255\.255\.255\.255$|22[4-9]\.|23\d\.|::1$|::$|ff[0-9a-f]{2}:)|\.255$/i;
const LIMIT = 100_000;
const SEVERAL = -1;

export class AddressOwners {
  readonly #owners = new Map<string, number>();

  received(host: number, address: string): void {
    const owner = this.#owners.get(address);
    if (owner === host) return;
    if (owner !== undefined) this.#owners.set(address, SEVERAL);
    else if (this.#owners.size < LIMIT) this.#owners.set(address, NOBODYS.test(address) ? SEVERAL : host);
  }

  /** Address → host. */
  names(): Record<string, number> {
    return Object.fromEntries([...this.#owners].filter(([, host]) => host !== SEVERAL));
  }
}
