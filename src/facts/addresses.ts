// What comes in: `ip -o addr`, or ifconfig where there is no ip. What goes out: each interface's addresses, without their prefix length.
import { isIP } from 'node:net';
import type { HostText } from '../base/host-text.js';
import type { Facts } from './facts.js';

export function addressesIn(output: HostText): Facts['addresses'] {
  const found: { interfaceName: string; address: string }[] = [];
  let current = '';
  const add = (interfaceName: string, address: string | undefined): void => {
    if (address !== undefined && isIP(address) !== 0) found.push({ interfaceName, address });
  };
  for (const line of output.split('\n')) {
    // `2: eth0    inet 10.0.2.15/24 brd …`; a peer's name follows an @.
    const one = /^\d+: ([^\s@]+)(?:@\S+)?\s+inet6? ([0-9a-f.:]+)/.exec(line);
    if (one?.[1] !== undefined) add(one[1], one[2]);
    // ifconfig: the name alone begins a line, its addresses are indented.
    current = /^([^\s:]+):?\s/.exec(line)?.[1] ?? current;
    add(current, /^\s+inet6? (?:addr: ?)?([0-9a-f.:]+)/.exec(line)?.[1]);
  }
  return found;
}
