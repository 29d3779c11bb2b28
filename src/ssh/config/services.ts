// What comes in: a port as ssh_config may have it, a number or a name. What goes out: the port. Names are those of /etc/services, as getservbyname(3) finds them.
import { readFileSync } from 'node:fs';

let known: ReadonlyMap<string, number> | undefined;

/** @returns 1 to 65535; undefined for what is none */
export function portOf(text: string): number | undefined {
  if (!/^\d+$/.test(text)) {
    known ??= readServices('/etc/services');
    return known.get(text);
  }
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function readServices(path: string): Map<string, number> {
  const ports = new Map<string, number>();
  for (const line of textOf(path).split('\n')) {
    const [name, where, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const port = /^(\d+)\/tcp$/.exec(where ?? '')?.[1];
    if (name === undefined || port === undefined) continue;
    // The first line that has a name counts.
    for (const one of [name, ...aliases]) if (!ports.has(one)) ports.set(one, Number(port));
  }
  return ports;
}

/** A machine without the file has no such names. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
