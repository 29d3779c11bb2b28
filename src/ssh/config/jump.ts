// What comes in: the value of ProxyJump. What goes out: its hops, in the order in which they are dialled. ssh_config(5) ProxyJump.
import { portOf } from './services.js';

export interface JumpHop {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

/** @returns no hop for `none`, undefined for what cannot be read */
export function parseJump(text: string): JumpHop[] | undefined {
  if (text.toLowerCase() === 'none') return [];
  const hops: JumpHop[] = [];
  for (const part of text.split(',')) {
    const hop = parseHop(part);
    if (hop === undefined) return undefined;
    hops.push(hop);
  }
  return hops;
}

/** `[user@]host[:port]` or `ssh://[user@]host[:port]`; an IPv6 address in brackets when a port follows. */
function parseHop(text: string): JumpHop | undefined {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:/@[\]]+))(?::([^:/@[\]]+))?\/?$/.exec(text);
  const host = match?.[2] ?? match?.[3];
  if (match === null || host === undefined) return undefined;
  if (match[4] === undefined) return { user: match[1], host, port: undefined };
  const port = portOf(match[4]);
  return port === undefined ? undefined : { user: match[1], host, port };
}

/** As ssh writes it: `user@host:port`. */
export function formatHop({ user, host, port }: JumpHop): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${name}${port === undefined ? '' : `:${port}`}`;
}
