// What comes in: names of Vagrant machines that are up. What goes out: connections and datagrams between them in known number, and what of that a log
// (text) lacks. Over the network that the Vagrantfile makes for it, which is each machine's second card.
import { $ } from 'zx/core';
import { PROJECT_DIR } from '../places.js';

const CONNECTIONS = 10;
export const DATAGRAMS = 10;
const SSH_PORT = 22;
const CLOSED_PORT = 7999;
export const UDP_PORT = 7002;

export interface Speaker {
  readonly name: string;
  readonly address: string;
}

const inVagrant = async (name: string, command: string) => (await $({ cwd: PROJECT_DIR })`vagrant ssh ${name} --no-tty -c ${command}`.quiet()).stdout;

/** Each machine opens connections to each other one's sshd, one to a closed port, and sends it datagrams. */
export async function talk(names: readonly string[]): Promise<readonly Speaker[]> {
  const speakers = await Promise.all(
    names.map(async (name) => {
      const address = /inet (\S+)\//.exec(await inVagrant(name, 'ip -4 -o addr show dev eth1'))?.[1];
      if (address === undefined) throw new Error(`${name} has no address on its second card`);
      return { name, address };
    }),
  );
  for (const { name, address } of speakers) {
    for (const peer of speakers.filter((other) => other.address !== address)) {
      const to = (port: number) => `for i in $(seq ${CONNECTIONS}); do exec 3<>/dev/tcp/${peer.address}/${port} && exec 3>&-; done`;
      await inVagrant(name, `${to(SSH_PORT)}; (exec 3<>/dev/tcp/${peer.address}/${CLOSED_PORT}) 2>/dev/null; for i in $(seq ${DATAGRAMS}); do echo > /dev/udp/${peer.address}/${UDP_PORT}; done; true`);
    }
  }
  return speakers;
}

interface Line {
  readonly host: string;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** `UDP`, or U A P R S F as 0 and 1. */
  readonly flags: string;
}

export function linesOf(log: string): Line[] {
  return log.split('\n').flatMap((line) => {
    const [time = '', host = '', from = '', to = '', fromPort, toPort, ...flags] = line.trim().split(/\s+/);
    return /^\d{4}-/.test(time) ? [{ host, from, to, fromPort: Number(fromPort), toPort: Number(toPort), flags: flags.join('') }] : [];
  });
}

export interface Compared {
  /** A sentence for each kind of packet of which the log has too many or too few. */
  readonly wrong: readonly string[];
  /** How many are missing; undefined where there are too many of any kind. */
  readonly missing: number | undefined;
}

/** Connections are told apart by the port that they come from: a segment may be sent twice. */
export function compareTalk(log: string, speakers: readonly Speaker[]): Compared {
  const lines = linesOf(log);
  const counts = speakers.flatMap((client) =>
    speakers
      .filter((server) => server !== client)
      .flatMap((server) => {
        const towards = lines.filter(({ host, from, to }) => host === server.name && from === client.address && to === server.address);
        const back = lines.filter(({ host, from, to }) => host === client.name && from === server.address && to === client.address);
        const ports = (of: readonly Line[], flags: string, key: 'fromPort' | 'toPort') => new Set(of.filter((line) => line.flags.startsWith(flags)).map((line) => line[key])).size;
        const of = (what: string, found: number, sent: number) => ({ what: `${client.name} and ${server.name}: the log has ${found} ${what}, there were ${sent}`, found, sent });
        return [
          of('connections to port 22', ports(towards.filter(({ toPort }) => toPort === SSH_PORT), '000010', 'fromPort'), CONNECTIONS),
          of('answers to them', ports(back.filter(({ fromPort }) => fromPort === SSH_PORT), '010010', 'toPort'), CONNECTIONS),
          of('refusals of the closed port', ports(back.filter(({ fromPort }) => fromPort === CLOSED_PORT), '010100', 'toPort'), 1),
          of('datagrams', towards.filter(({ toPort, flags }) => toPort === UDP_PORT && flags.startsWith('UDP')).length, DATAGRAMS),
        ];
      }),
  );
  return {
    wrong: counts.filter(({ found, sent }) => found !== sent).map(({ what }) => what),
    missing: counts.some(({ found, sent }) => found > sent) ? undefined : counts.reduce((sum, { found, sent }) => sum + sent - found, 0),
  };
}
