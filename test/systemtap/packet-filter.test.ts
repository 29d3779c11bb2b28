// Filters: what the words become in the script, in what order of cost, and that the compiler takes every one of them.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FilterWords, needsNetfilter, readFilter, withFilter } from '../../src/systemtap/packet-filter.js';

const SCRIPT = readFileSync(new URL('../../stap/tcpdumplike.stp', import.meta.url), 'utf8');

const place = (script: string) => script.replace(/# ---- end of what is wanted ----[\s\S]*?(?=# ---- without debug symbols)/, '');
const defined = (words: FilterWords) => Object.fromEntries([...place(withFilter(SCRIPT, readFilter(words))).matchAll(/^@define (\w+)(?:\([a-z, ]*\))? %\( (.*) %\)$/gm)].map(([, name, body]) => [name, body]));

it('can be negated whatever it is', () => {
  for (const [name, body] of Object.entries(defined({ tcp: true, port: ['80'], flags: 'syn', host: ['10.0.0.1'], iface: 'lo', rate: 9 }))) expect(body, name).toMatch(/^(\d+|\(.*\)|device\(\$\w+\))$/);
});

it('leaves the script as it is without a filter', () => {
  expect(withFilter(SCRIPT, readFilter({}))).toBe(SCRIPT);
});

it.each([
  ['tcp alone', { tcp: true }, { tcp: '1', udp: '0' }],
  ['udp alone', { udp: true }, { tcp: '0', udp: '1' }],
  ['both named', { tcp: true, udp: true }, { tcp: '1', udp: '1' }],
  ['flags mean TCP', { flags: 'syn, RST' }, { tcp: '1', udp: '0', wanted_flags: '((@flags & 6) != 0)' }],
  ['flags beside datagrams', { tcp: true, udp: true, flags: 'fin' }, { tcp: '1', udp: '1', wanted_flags: '((@flags & 1) != 0)' }],
  ['ports', { port: ['80,443', '8000-8010'] }, { wanted_ports: '(@sport == 80 || @dport == 80 || @sport == 443 || @dport == 443 || (@sport >= 8000 && @sport <= 8010) || (@dport >= 8000 && @dport <= 8010))' }],
  ['one IPv4 host: no IPv6 packet', { host: ['10.0.0.7'] }, { wanted4: '(((ntohl(kernel_int(@ip + 12)) & 0xffffffff) == 0xa000007) || ((ntohl(kernel_int(@ip + 16)) & 0xffffffff) == 0xa000007))', ipv4: '1', ipv6: '0' }],
  ['a net is cut to its length', { net: ['10.1.2.3/9'] }, { wanted4: '(((ntohl(kernel_int(@ip + 12)) & 0xff800000) == 0xa000000) || ((ntohl(kernel_int(@ip + 16)) & 0xff800000) == 0xa000000))' }],
  ['IPv6: only the words that count', { net: ['2001:db8:8000::/33'] }, { ipv4: '0', wanted6: '(((ntohl(kernel_int(@ip + 8)) & 0xffffffff) == 0x20010db8 && (ntohl(kernel_int(@ip + 12)) & 0x80000000) == 0x80000000) || ((ntohl(kernel_int(@ip + 24)) & 0xffffffff) == 0x20010db8 && (ntohl(kernel_int(@ip + 28)) & 0x80000000) == 0x80000000))' }],
  ['everything of one family', { net: ['0.0.0.0/0'] }, { wanted4: '1', ipv4: '1', ipv6: '0' }],
  ['interface and direction', { iface: 'eth0.7', direction: 'out' }, { wanted_interface: '(@name == "eth0.7")', outgoing: '1' }],
  ['a cap', { rate: 500 }, { capped: '1', rate: '500' }],
] as const)('%s', (_name, words, expected) => {
  expect(defined(words)).toMatchObject(expected);
});

it.each([
  [{ udp: true, flags: 'syn' }, /leaves them out/],
  [{ flags: 'syn,ece' }, /no flag ece/],
  [{ host: ['web01'] }, /not an IP address/],
  [{ host: ['10.0.0.0/8'] }, /not an IP address/],
  [{ host: ['fe80::1%eth0'] }, /not an IP address/],
  [{ net: ['10.0.0.0'] }, /not a network/],
  [{ net: ['10.0.0.0/33'] }, /not a network/],
  [{ net: ['2001:db8::/129'] }, /not a network/],
  [{ port: ['65536'] }, /not a port/],
  [{ port: ['90-80'] }, /not a port/],
  [{ port: ['80,'] }, /not a port/],
  [{ iface: 'eth0" || 1 || "' }, /not the name/],
  [{ iface: 'abcdefghijklmnop' }, /not the name/],
] as const)('refuses %j', (words, sentence) => {
  expect(() => readFilter(words)).toThrow(expect.objectContaining({ kind: 'input', code: 'filter', message: expect.stringMatching(sentence), hint: expect.any(String) }));
});

it('knows what the probes with symbols cannot do', () => {
  expect([{ iface: 'eth0' }, { direction: 'out' as const }, { direction: 'in' as const }, { port: ['80'] }].map((words) => needsNetfilter(readFilter(words)))).toEqual([true, true, false, false]);
});

it('chooses the addresses of a network, as arithmetic on the words says', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), (address, bits, other) => {
      const number = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
      const [net] = readFilter({ net: [`${address}/${bits}`] }).nets;
      const size = 2 ** (32 - bits);
      const inside = Math.floor(number(other) / size) === Math.floor(number(address) / size);
      expect((number(other) & (net?.masks[0] ?? 0)) >>> 0 === net?.words[0]).toBe(inside);
    }),
  );
});

const kernel = existsSync('/usr/bin/stap') && existsSync('/lib/modules') ? readdirSync('/lib/modules').find((name) => existsSync(`/lib/modules/${name}/build/.config`)) : undefined;
const whyNoStap = kernel === undefined ? 'skipped: no stap, or no kernel headers (apt-get install systemtap linux-headers-cloud-amd64)' : '';

describe.skipIf(kernel === undefined && process.env.FLEET_TAP_NO_SKIP !== '1')(`real stap analyses it ${whyNoStap}`, () => {
  it.each([
    {},
    { tcp: true, port: ['80', '8000-8010'], flags: 'syn,rst', rate: 100 },
    { udp: true, host: ['10.0.0.7', '2001:db8::1'], net: ['192.0.2.0/24', '::/0'] },
    { iface: 'eth0', direction: 'out', rate: 5 },
    { host: ['10.0.0.7'] },
    { net: ['2001:db8::/32'], tcp: true },
  ] as const)('%j', { timeout: 600_000 }, async (words) => {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-filter-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'filtered.stp');
    await writeFile(file, withFilter(SCRIPT, readFilter(words)));
    const { stdout } = await promisify(execFile)('stap', ['-g', '-p2', '-r', String(kernel), file, 'netfilter'], { env: { ...process.env, SYSTEMTAP_DIR: folder } });
    const probes = stdout.slice(stdout.indexOf('# probes'));
    const hook = 'direction' in words && words.direction === 'out' ? 'LOCAL_OUT' : 'LOCAL_IN';
    const addresses = [...('host' in words ? words.host : []), ...('net' in words ? words.net : [])];
    const expected = [`INET_${hook}`, `IP6_${hook}`].filter((_, index) => addresses.length === 0 || addresses.some((address) => address.includes(':') === (index === 1)));
    expect([...probes.matchAll(/^netfilter\.hook\("NF_(\w+)"\)/gm)].map((match) => match[1])).toEqual(expected);
    const functions = stdout.slice(stdout.indexOf('# functions'), stdout.indexOf('# probes'));
    expect(functions.includes('within_rate:')).toBe('rate' in words);
    expect({ tcp: functions.includes('tcp_line:'), udp: functions.includes('udp_line:') }).toEqual({ tcp: !('udp' in words), udp: !('tcp' in words) });
  });
});
