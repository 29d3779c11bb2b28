// What the page shows, against a plain count of the same records.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord, PacketRecord } from '../../src/base/record.js';
import type { FlowData, PageData, SeriesData } from '../../src/report/page-data.js';
import { Summary } from '../../src/report/summary.js';
import { anyLogs, packet } from '../sinks/packets.js';

function summarise(records: readonly LogRecord[]): PageData {
  const summary = new Summary();
  for (const record of records) summary.add(record);
  return summary.finish({ program: 'fleet-tap', madeAt: 'now', files: ['log'], originSec: 0 });
}

const sumOf = (series: SeriesData): number => series.reduce((sum, value, index) => (index % 2 === 1 ? sum + value : sum), 0);
const isReset = (record: LogRecord) => record.type === 'packet' && record.flags[3] === '1';

describe('counts', () => {
  it('every packet is in one flow, in its time, with its bytes; gaps and other lines are counted beside', () =>
    fc.assert(
      fc.property(anyLogs, (records) => {
        const page = summarise(records);
        const packets = records.filter((record): record is PacketRecord => record.type === 'packet');
        const total = (of: (flow: FlowData) => number) => page.flows.reduce((sum, flow) => sum + of(flow), 0);
        expect(total(({ packets }) => packets)).toBe(packets.length);
        expect(total(({ series }) => sumOf(series))).toBe(packets.length);
        expect(total(({ bytes }) => bytes ?? 0)).toBe(packets.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0));
        expect(total(({ resets }) => resets)).toBe(records.filter(isReset).length);
        expect(total(({ lines }) => lines.length)).toBe(packets.length);
        expect(page.hosts.reduce((sum, host) => sum + host.packets, 0)).toBe(packets.length);
        expect(page.cells.reduce((sum, { packets }) => sum + packets, 0)).toBe(packets.length);
        expect(page.cells.reduce((sum, { series }) => sum + sumOf(series), 0)).toBe(packets.length);
        expect(page.gaps.length).toBe(records.filter(({ type }) => type === 'gap').length);
        expect(page.observed).toBe(records.filter(({ type }) => type === 'observed').length);
        expect(page.hasAllLines).toBe(true);
        expect([page.fromNs, page.toNs]).toEqual([Math.min(...records.map(({ tNs }) => tNs)), Math.max(...records.map(({ tNs }) => tNs))]);
        for (const flow of page.flows) for (let index = 0; index < flow.series.length; index += 2) expect(flow.series[index]).toSatisfy((bin: number) => bin >= page.firstBin && bin <= page.lastBin);
      }),
    ));

  it('of a large log: all packets are counted, the largest flows are named, and the page stays small', () => {
    const records = Array.from({ length: 60_000 }, (_, index) =>
      packet({ tNs: index * 1e6, source: `10.${index % 97}.${index % 251}.${index % 13}`, destinationPort: 1024 + (index % 5000), sourcePort: 60_000, flags: index % 50 === 0 ? '000100' : '010000', host: `h${index % 7}` }),
    );
    const page = summarise(records);
    const named = page.flows.reduce((sum, flow) => sum + flow.packets, 0);
    expect(named + page.packetsLeftOut).toBe(60_000);
    expect(page.packetsLeftOut).toBeGreaterThan(0);
    expect(page.hosts.reduce((sum, host) => sum + sumOf(host.otherTcp), 0)).toBe(page.packetsLeftOut);
    expect(page.flows.reduce((sum, flow) => sum + flow.resets, 0) + page.hosts.reduce((sum, host) => sum + sumOf(host.otherResets), 0)).toBe(1200);
    expect(page.hasAllLines).toBe(false);
    expect(JSON.stringify(page).length).toBeLessThan(3 * 2 ** 20);
  });

  it('of a large log: who talks to whom and the attempts are those of all flows, not of the named ones', () => {
    const flags = (index: number) => ['000010', '010000'][index % 2] as string;
    const records = Array.from({ length: 40_000 }, (_, index) => {
      const [sender, receiver] = [index % 41, (index * 7) % 37];
      return packet({ tNs: index * 1e6, source: `10.1.0.${sender}`, destination: `10.2.0.${receiver}`, sourcePort: 50_000, destinationPort: 1000 + (index % 3001), flags: flags(index), host: `h${receiver}` });
    });
    const page = summarise(records);
    expect(page.packetsLeftOut).toBeGreaterThan(0);
    const truth = new Map<string, number>();
    for (const { source, host } of records) truth.set(`${source} ${host}`, (truth.get(`${source} ${host}`) ?? 0) + 1);
    const named = page.cells.filter(({ source, host }) => source !== '' && host >= 0);
    expect(named.length).toBe(25 * 25);
    for (const { source, host, packets, series } of named) expect([packets, sumOf(series)]).toEqual(Array(2).fill(truth.get(`${source} ${page.hosts[host]?.name}`)));
    expect(page.cells.reduce((sum, { packets }) => sum + packets, 0)).toBe(40_000);
    expect(page.pairsSummed).toBeGreaterThan(0);
    expect(page.pairs.at(-1)).toMatchObject({ client: '', server: '' });
    expect(page.pairs.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(20_000);
    expect(page.pairs.reduce((sum, { attemptSeries }) => sum + sumOf(attemptSeries), 0)).toBe(20_000);
  });

  it('many flows that never rest: longer stretches of time rather than a page over 5 MB', () => {
    const summary = new Summary();
    for (let index = 0; index < 800_000; index += 1) {
      const protocol = index % 2 === 0 ? { protocol: 'udp', flags: '' } as const : { protocol: 'tcp', flags: '010000' } as const;
      summary.add(packet({ tNs: index * 1e6, source: `10.1.${(index >> 1) % 4}.${(index >> 3) % 250}`, destination: '10.2.0.1', sourcePort: 50_000, destinationPort: 9000, host: 'db', ...protocol }));
    }
    const page = summary.finish({ program: 'fleet-tap', madeAt: 'now', files: ['log'], originSec: 0 });
    expect(page.flows.length).toBe(2000);
    expect(page.lastBin - page.firstBin).toBeLessThan(200);
    expect(JSON.stringify(page).length).toBeLessThan(4.2e6);
    expect(page.flows.reduce((sum, { series }) => sum + sumOf(series), 0) + page.packetsLeftOut).toBe(800_000);
    for (const { packets, series } of page.flows) expect(sumOf(series)).toBe(packets);
  });

  it('times that span hours, and go back', () => {
    const page = summarise([packet({ tNs: 5e12 }), packet({ tNs: -7e12, late: true }), packet({ tNs: 0 })]);
    expect(page.lastBin - page.firstBin).toBeLessThan(400);
    expect(page.flows.map(({ series }) => sumOf(series))).toEqual([3]);
    expect(page.hosts[0]?.late).toBe(1);
  });

  it('an empty log is an empty page', () => expect(summarise([])).toMatchObject({ fromNs: 0, toNs: 0, flows: [], hosts: [] }));
});

describe('connections', () => {
  const [client, server] = ['10.0.0.1', '10.0.0.2'];
  const toServer = (flags: string, tNs: number, sourcePort = 40_000) => packet({ host: 'db', source: client, destination: server, sourcePort, destinationPort: 5432, flags, tNs, errorNs: 100 });
  const toClient = (flags: string, tNs: number, destinationPort = 40_000) => packet({ host: 'app', source: server, destination: client, sourcePort: 5432, destinationPort, flags, tNs, errorNs: 200 });
  const [SYN, SYN_ACK, ACK, RST_ACK] = ['000010', '010010', '010000', '010100'];
  const pairOf = (records: readonly LogRecord[]) => summarise(records).pairs.map(({ attempts, accepted, refused, retransmitted }) => ({ attempts, accepted, refused, retransmitted }));

  it('a handshake seen from both sides: accepted once, with its times', () => {
    const page = summarise([toServer(SYN, 1000), toClient(SYN_ACK, 1500), toServer(ACK, 2500), toServer(ACK, 9000)]);
    expect(page.pairs).toMatchObject([{ client, server, port: 5432, attempts: 1, accepted: 1, refused: 0 }]);
    expect(page.handshakes).toEqual([{ client, clientPort: 40_000, server, port: 5432, synNs: 1000, answerNs: 500, errorNs: 300, wholeNs: 1500, retransmissions: 0 }]);
  });

  it.each([
    ['the SYN-ACK stands first, within the bounds of the clocks', [toClient(SYN_ACK, 900), toServer(SYN, 1000), toServer(ACK, 2500)], { attempts: 1, accepted: 1, refused: 0, retransmitted: 0 }],
    ['only the server is captured', [toServer(SYN, 1), toServer(ACK, 2)], { attempts: 1, accepted: 1, refused: 0, retransmitted: 0 }],
    ['only the client is captured', [toClient(SYN_ACK, 1)], { attempts: 1, accepted: 1, refused: 0, retransmitted: 0 }],
    ['refused', [toServer(SYN, 1), toClient(RST_ACK, 2)], { attempts: 1, accepted: 0, refused: 1, retransmitted: 0 }],
    ['a reset after it was accepted is no refusal', [toServer(SYN, 1), toClient(SYN_ACK, 2), toServer(ACK, 3), toClient(RST_ACK, 4)], { attempts: 1, accepted: 1, refused: 0, retransmitted: 0 }],
    ['no answer, SYN again', [toServer(SYN, 1), toServer(SYN, 1e9), toServer(SYN, 3e9)], { attempts: 1, accepted: 0, refused: 0, retransmitted: 2 }],
    ['the same port again, much later', [toServer(SYN, 1), toServer(SYN, 200e9)], { attempts: 2, accepted: 0, refused: 0, retransmitted: 0 }],
    ['two at once', [toServer(SYN, 1), toServer(SYN, 2, 40_001), toClient(SYN_ACK, 3, 40_001)], { attempts: 2, accepted: 1, refused: 0, retransmitted: 0 }],
  ])('%s', (_, records, expected) => expect(pairOf(records)).toEqual([expected]));
});

describe('names', () => {
  it('an address is the host that receives what is sent to it; what several receive is nobody', () => {
    const { names, hosts } = summarise([
      packet({ host: 'a', source: '10.0.0.2', destination: '10.0.0.1' }), packet({ host: 'b', source: '10.0.0.1', destination: '10.0.0.2' }),
      packet({ host: 'a', destination: '10.0.2.15' }), packet({ host: 'b', destination: '10.0.2.15' }),
      packet({ host: 'a', destination: '127.0.0.1' }), packet({ host: 'a', destination: '224.0.0.251', protocol: 'udp', flags: '' }), packet({ host: 'a', destination: '10.0.0.255', protocol: 'udp', flags: '' }),
    ]);
    expect(Object.fromEntries(Object.entries(names).map(([address, host]) => [address, hosts[host]?.name]))).toEqual({ '10.0.0.1': 'a', '10.0.0.2': 'b' });
  });
});

describe('gaps', () => {
  it('reach from the host\'s last record to its next one', () => {
    const gap = { type: 'gap', host: 'web01', epoch: 1, sequence: 2, tNs: 7, reason: 'kernel-drop', lines: 3, fromNs: null, toNs: null, detail: 'x\u001b[2J', late: false } as const;
    const page = summarise([packet({ tNs: 5 }), packet({ tNs: 6, host: 'other' }), gap, packet({ tNs: 9 }), { ...gap, tNs: 10, lines: null }, { ...gap, fromNs: 1, toNs: 4 }]);
    expect(page.gaps).toEqual([
      { host: 0, fromNs: 5, toNs: 9, reason: 'kernel-drop', lines: 3, detail: 'x\\x1b[2J' },
      { host: 0, fromNs: 9, toNs: null, reason: 'kernel-drop', lines: null, detail: 'x\\x1b[2J' },
      { host: 0, fromNs: 1, toNs: 4, reason: 'kernel-drop', lines: 3, detail: 'x\\x1b[2J' },
    ]);
  });
});
