// What comes in: a host, and the path of a stap on it that is not the first in the path. What goes out: the host's facts, with that stap's version.
import type { Facts } from '../facts/facts.js';
import { stap } from '../facts/stap.js';
import type { Host } from '../inventory/host.js';
import { HostFiles } from '../facts/host-files.js';
import { quote } from '../base/quote.js';
import { type Fleet, stapOf } from './fleet.js';

/** @param typed over `fleet_tap_stap` of the inventory. @throws FleetTapError */
export async function withOwnStap(fleet: Fleet, host: Host, typed?: string): Promise<Facts> {
  const facts = await fleet.facts(host);
  const path = typed ?? stapOf(host);
  if (path === undefined) return facts;
  const session = await fleet.session(host);
  const { stdout } = await session.run(`: fleet-tap stap-version ${quote(path)}\n[ ! -x ${quote(path)} ] || ${quote(path)} -V 2>&1\n`);
  // A host that only loads kernel modules has none there.
  const { stapVersion = null } = stap.parse?.(stdout, new HostFiles('')) ?? {};
  return { ...facts, stapVersion };
}
