// The report of a large text log: a capture of 20 hosts, web servers, applications and databases, with handshakes, payload, ends, refused
// connections, resets, DNS and a gap. Nobody else makes such a page: it is measured alone.
import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bench, costOf } from './bench.js';

const LINES = 1_000_000;
const HOSTS = 20;
const CLIENTS = 5_000;
const LIMIT_MS = 30_000;
const LIMIT_BYTES = 5 * 2 ** 20;
const BEGAN_MS = Date.UTC(2026, 10, 26, 5);
/** From one line to the next: a million lines in 17 minutes. */
const PAUSE_US = 1_000;

/** U A P R S F, as the text log has them. */
const FLAGS = { syn: '0 0 0 0 1 0', synAck: '0 1 0 0 1 0', ack: '0 1 0 0 0 0', push: '0 1 1 0 0 0', fin: '0 1 0 0 0 1', reset: '0 1 0 1 0 0', udp: 'UDP' };

interface Host {
  readonly name: string;
  readonly address: string;
}

const hosts: readonly Host[] = Array.from({ length: HOSTS }, (_, at) => {
  const role = ['web', 'app', 'db', 'cache'][at % 4] as string;
  return { name: `${role}${String((at >> 2) + 1).padStart(2, '0')}`, address: `10.20.${at % 4}.${(at >> 2) + 10}` };
});

/** Lines of the n-th conversation, without their times; between a client outside and a web server, or two hosts. */
function* conversation(n: number): Generator<string> {
  const client = hosts[(n * 7) % HOSTS] as Host;
  const server = hosts[(n * 7 + 1 + (n % 3)) % HOSTS] as Host;
  const outside = n % 3 === 0 ? `203.0.${113 + (n % 2)}.${(n % CLIENTS) % 250}` : undefined;
  const from = outside ?? client.address;
  const [clientPort, port] = [32_768 + (n % 28_000), [443, 8080, 5432, 6379][n % 4] as number];
  const line = (receiver: Host, source: string, target: string, sourcePort: number, targetPort: number, flags: string) =>
    `${receiver.name.padEnd(8)} ${source.padStart(15)} ${target.padStart(15)} ${String(sourcePort).padStart(5)} ${String(targetPort).padStart(5)} ${flags}`;
  const forth = (flags: string) => line(server, from, server.address, clientPort, port, flags);
  const back = (flags: string) => (outside === undefined ? [line(client, server.address, from, port, clientPort, flags)] : []);
  if (n % 9 === 8) return yield line(client, '192.0.2.53', client.address, 53, clientPort, FLAGS.udp);
  yield forth(FLAGS.syn);
  if (n % 50 === 49) return yield* back(FLAGS.reset);
  yield* back(FLAGS.synAck);
  yield forth(FLAGS.ack);
  for (let segment = 0; segment < n % 8; segment += 1) yield* [forth(FLAGS.push), ...back(FLAGS.push)];
  yield* n % 40 === 39 ? [forth(FLAGS.reset)] : [forth(FLAGS.fin), ...back(FLAGS.fin)];
}

async function writeLog(file: string, lines: number): Promise<void> {
  const stream = createWriteStream(file);
  let written = 0;
  let block: string[] = [];
  for (let n = 0; written < lines; n += 1) {
    for (const text of conversation(n)) {
      if (written === lines) break;
      const us = written * PAUSE_US;
      block.push(`${new Date(BEGAN_MS + us / 1000).toISOString().slice(0, 23)}${String(us % 1000).padStart(3, '0')}Z ${text}`);
      written += 1;
    }
    if (block.length < 4096 && written < lines) continue;
    if (!stream.write(`${block.join('\n')}\n`)) await once(stream, 'drain');
    block = [];
  }
  stream.end();
  await once(stream, 'finish');
}

/** What the page says it holds. */
async function packetsOf(page: string): Promise<number> {
  const file = await open(page);
  const data = /id="data">(.*?)<\/script>/s.exec(await file.readFile('utf8'))?.[1] ?? '{"hosts":[]}';
  await file.close();
  return (JSON.parse(data) as { hosts: { packets: number }[] }).hosts.reduce((sum, { packets }) => sum + packets, 0);
}

export const report: Bench = {
  about: 'the page of a text log of 1,000,000 lines from 20 hosts (--size)',
  needs: [],
  prepare: async ({ size, folder, cli }) => {
    const lines = size ?? LINES;
    const [log, page] = [join(folder, 'fleet.log'), join(folder, 'report.html')];
    await writeLog(log, lines);
    return {
      contestants: [
        {
          name: 'fleet-tap',
          command: [process.execPath, cli, 'report', log, '-o', page],
          checkFile: async () => {
            const packets = await packetsOf(page);
            return packets === lines ? undefined : `the page has ${packets} packets, the log ${lines} lines`;
          },
        },
      ],
      goals: [
        { text: `within ${LIMIT_MS / 1000} s`, isMet: (costs) => costOf(costs, 'fleet-tap').wallMs <= LIMIT_MS, figure: (costs) => `${(costOf(costs, 'fleet-tap').wallMs / 1000).toFixed(1)} s` },
        { text: 'a page under 5 MB', isMet: () => statSync(page).size < LIMIT_BYTES, figure: () => `${(statSync(page).size / 2 ** 20).toFixed(2)} MB of ${(statSync(log).size / 2 ** 20).toFixed(0)} MB` },
      ],
      lines: new Map([['fleet-tap', lines]]),
      rounds: 1,
    };
  },
};
