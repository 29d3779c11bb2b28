// What comes in: a choice of packets as it is written, and whose address is whose in this log. What goes out: whether a packet is chosen.
// Guaranteed: a name that the log does not know is refused with its place, not taken for nobody.
import { BlockList, isIP } from 'node:net';
import { didYouMean } from '../base/near-names.js';
import type { PacketRecord } from '../base/record.js';
import { yamlError } from '../base/yaml.js';
import { type Name, OUTSIDE, type PortRange, type Rules, RULES_INVALID, type Selector } from './rules.js';

/** What the log says of its hosts. */
export interface Known {
  readonly hosts: readonly string[];
  /** Address → name of the one host that receives what is sent to it. */
  readonly owners: ReadonlyMap<string, string>;
}

const SYN = 2;
const ACK = 16;

export type Matcher = (packet: PacketRecord, flags: number) => boolean;

export function matcherFor(selector: Selector, rules: Rules, known: Known): Matcher {
  const ends = (names: readonly Name[] | undefined) => (names === undefined ? undefined : endsOf(names, rules, known));
  const [from, to] = [ends(selector.from), ends(selector.to)];
  const [one, other] = selector.between === undefined ? [] : [ends(selector.between[0]), ends(selector.between[1])];
  const receivers = selector.receiver === undefined ? undefined : hostsOf(selector.receiver, rules, known);
  const { protocol, port, fromPort, toPort, flags: wanted, isNew } = selector;
  const fits = (ranges: readonly PortRange[], number: number) => ranges.some(([first, last]) => number >= first && number <= last);
  return (packet, flags) => {
    if (protocol !== undefined && packet.protocol !== protocol) return false;
    if (wanted !== undefined && (flags & wanted) === 0) return false;
    if (isNew !== undefined && isNew !== (packet.protocol === 'tcp' && (flags & (SYN | ACK)) === SYN)) return false;
    if (port !== undefined && !fits(port, packet.sourcePort) && !fits(port, packet.destinationPort)) return false;
    if (fromPort !== undefined && !fits(fromPort, packet.sourcePort)) return false;
    if (toPort !== undefined && !fits(toPort, packet.destinationPort)) return false;
    if (receivers !== undefined && !receivers.has(packet.host)) return false;
    if (from !== undefined && !from(packet.source)) return false;
    if (to !== undefined && !to(packet.destination)) return false;
    if (one !== undefined && other !== undefined) return (one(packet.source) && other(packet.destination)) || (other(packet.source) && one(packet.destination));
    return true;
  };
}

/** Addresses that any of the names means; each address is looked at once. */
function endsOf(names: readonly Name[], rules: Rules, known: Known): (address: string) => boolean {
  const nets = new BlockList();
  const hosts = new Set<string>();
  let takesOutside = false;
  for (const name of members(names, rules, new Set())) {
    const { word } = name;
    if (word === OUTSIDE) takesOutside = true;
    else if (known.hosts.includes(word)) hosts.add(word);
    else if (!addNet(nets, word)) throw unknownName(name, rules, known);
  }
  const seen = new Map<string, boolean>();
  return (address) => {
    let answer = seen.get(address);
    if (answer === undefined) {
      const owner = known.owners.get(address);
      answer = (owner === undefined ? takesOutside : hosts.has(owner)) || nets.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
      seen.set(address, answer);
    }
    return answer;
  };
}

function hostsOf(names: readonly Name[], rules: Rules, known: Known): Set<string> {
  const hosts = new Set<string>();
  for (const name of members(names, rules, new Set())) {
    if (!known.hosts.includes(name.word)) {
      const isPlace = name.word === OUTSIDE || addNet(new BlockList(), name.word);
      throw isPlace ? yamlError(rules.yaml, name.node, `"${name.word}" is no host: receiver is whose kernel received the packet`, { code: RULES_INVALID, hint: 'to takes addresses and networks' }) : unknownName(name, rules, known);
    }
    hosts.add(name.word);
  }
  return hosts;
}

/** Groups opened, groups within groups too. */
function members(names: readonly Name[], rules: Rules, open: ReadonlySet<string>): Name[] {
  return names.flatMap((name) => {
    const group = rules.groups.get(name.word);
    if (group === undefined) return [name];
    if (open.has(name.word)) throw yamlError(rules.yaml, name.node, `the group ${name.word} contains itself`, { code: RULES_INVALID, hint: 'a group and a host need different names' });
    return members(group, rules, new Set([...open, name.word]));
  });
}

function addNet(nets: BlockList, word: string): boolean {
  const [address = '', bits, ...rest] = word.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) nets.addAddress(address, kind);
  else {
    if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === 6 ? 128 : 32)) return false;
    nets.addSubnet(address, Number(bits), kind);
  }
  return true;
}

function unknownName(name: Name, rules: Rules, known: Known) {
  const hint = didYouMean(name.word, [...rules.groups.keys(), ...known.hosts]) ?? `hosts of the log: ${known.hosts.slice(0, 10).join(', ')}${known.hosts.length > 10 ? ', …' : ''}; or write an address, a network, or ${OUTSIDE}`;
  return yamlError(rules.yaml, name.node, `"${name.word}" is no group, no host of the log, no address and no network`, { code: RULES_INVALID, hint });
}
