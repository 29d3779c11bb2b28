// What comes in: `ip -o addr`, the routes outwards, and the interfaces' files in /sys. What goes out: every interface and address, and the one
// that leads out, under Ansible's names (facts/network/linux.py).
// Not here: what ethtool says of each interface (features, timestamps): two processes an interface.
import type { HostText } from '../base/host-text.js';
import { addressesIn } from './addresses.js';
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

const NET = '/sys/class/net';
const TYPES: Readonly<Record<string, string>> = { 1: 'ether', 32: 'infiniband', 512: 'ppp', 772: 'loopback', 65534: 'tunnel' };
/** Never asked: only the kernel's own routes are. */
const OUTSIDE = { v4: '8.8.8.8', v6: '2404:6800:400a:800::1012' };

type Values = Record<string, unknown>;

interface Address {
  readonly device: string;
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefix: string;
  readonly broadcast: string;
  readonly scope: string;
  readonly isSecondary: boolean;
  /** `eth0:1`; the device's own name where it has none. */
  readonly label: string;
}

export const network: Fact = {
  name: 'addresses',
  files: ['address', 'mtu', 'operstate', 'type', 'flags', 'speed', 'bridge/bridge_id', 'bridge/stp_state', 'bonding/slaves', 'bonding/mode', 'bonding/miimon', 'bonding/lacp_rate', 'bonding/primary'].map((name) => `${NET}/*/${name}`),
  links: [`${NET}/*/device`, `${NET}/*/device/driver/module`],
  // One process for all three questions; busybox's ip knows no batch.
  command: `found=$(ip -o -force -batch - <<E
addr show
route get ${OUTSIDE.v4}
route get ${OUTSIDE.v6}
E
)
if [ -n "$found" ]; then printf '%s\\n' "$found"; else ip -o addr show || ifconfig -a; ip -4 route get ${OUTSIDE.v4}; ip -6 route get ${OUTSIDE.v6}; fi; found=`,
  parse: (output) => ({ addresses: addressesIn(output) }),
  ansible: (output, files) => {
    const interfaces = new Map(files.names(NET).map((device) => [device, deviceOf(device, files)]));
    const defaults = { 4: routeOf(output, OUTSIDE.v4), 6: routeOf(output, OUTSIDE.v6) };
    const all: Record<4 | 6, string[]> = { 4: [], 6: [] };
    for (const found of addressesOf(output)) {
      const device = interfaces.get(found.device);
      if (device === undefined) continue;
      const detail = found.family === 4 ? v4Of(found) : { address: found.address, prefix: found.prefix, scope: found.scope };
      if (found.family === 6) append(device, 'ipv6', detail);
      else {
        const labelled = found.label === found.device ? device : (interfaces.get(found.label) ?? {});
        interfaces.set(found.label, labelled);
        if (!found.isSecondary && labelled.ipv4 === undefined) labelled.ipv4 = detail;
        else append(labelled, 'ipv4_secondaries', detail);
        if (found.isSecondary && labelled !== device) append(device, 'ipv4_secondaries', detail);
      }
      if (found.family === 4 ? !found.address.startsWith('127.') : found.address !== '::1') all[found.family].push(found.address);
      const route = defaults[found.family];
      if (route.address === found.address) {
        const { address: _address, ...rest } = detail;
        Object.assign(route, rest, { macaddress: device.macaddress ?? '00:00:00:00:00:00', mtu: device.mtu, type: device.type ?? 'unknown' }, found.family === 4 ? { alias: found.label } : {});
      }
    }
    const facts: Values = { interfaces: [], default_ipv4: defaults[4], default_ipv6: defaults[6], all_ipv4_addresses: all[4], all_ipv6_addresses: all[6] };
    for (const [name, device] of interfaces) {
      const safe = name.replaceAll(':', '_');
      (facts.interfaces as string[]).push(safe);
      facts[safe] = device;
    }
    return facts;
  },
};

function append(device: Values, key: string, value: unknown): void {
  device[key] = [...((device[key] as unknown[] | undefined) ?? []), value];
}

function deviceOf(device: string, files: HostFiles): Values {
  const read = (name: string) => files.text(`${NET}/${device}/${name}`);
  const target = (name: string) => files.target(`${NET}/${device}/${name}`)?.split('/').at(-1);
  const [address, type, speed] = [read('address'), read('type'), read('speed')];
  const isBonding = read('bonding/mode') !== undefined;
  const bond = (name: string) => (read(`bonding/${name}`) ?? '').split(/\s+/)[0] ?? '';
  return {
    device,
    ...(address === undefined || address === '00:00:00:00:00:00' ? {} : { macaddress: address }),
    ...(read('mtu') === undefined ? {} : { mtu: Number(read('mtu')) }),
    ...(read('operstate') === undefined ? {} : { active: read('operstate') !== 'down' }),
    ...(target('device/driver/module') === undefined ? {} : { module: target('device/driver/module') }),
    ...(type === undefined ? {} : { type: TYPES[type] ?? 'unknown' }),
    ...(read('bridge/bridge_id') === undefined ? {} : { type: 'bridge', id: read('bridge/bridge_id'), stp: read('bridge/stp_state') === '1' }),
    ...(isBonding ? { type: 'bonding', slaves: (read('bonding/slaves') ?? '').split(/\s+/).filter((name) => name !== ''), mode: bond('mode'), miimon: bond('miimon'), lacp_rate: bond('lacp_rate') } : {}),
    ...(target('device') === undefined ? {} : { pciid: target('device') }),
    ...(speed === undefined ? {} : { speed: Number(speed) }),
    ...(read('flags') === undefined ? {} : { promisc: (Number(read('flags')) & 0x100) !== 0 }),
  };
}

/** `8.8.8.8 via 192.0.2.1 dev eth0 src 192.0.2.2 uid 0` */
function routeOf(output: HostText, to: string): Values {
  const words = output.split('\n').find((line) => line.startsWith(`${to} `))?.trim().split(/\s+/) ?? [];
  const after = (name: string): string | undefined => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
  const [device, source, gateway] = [after('dev'), after('src'), after('via')];
  return { ...(gateway === undefined ? {} : { gateway }), ...(device === undefined ? {} : { interface: device }), ...(source === undefined ? {} : { address: source }) };
}

function addressesOf(output: HostText): Address[] {
  return output.split('\n').flatMap((line): Address[] => {
    // `2: eth0    inet 192.0.2.2/24 brd 192.0.2.255 scope global secondary eth0:1\       valid_lft …`; a peer's name follows an @.
    const match = /^\d+: ([^\s@]+)(?:@\S+)?\s+(inet6?) ([0-9a-f.:]+)(?: peer ([0-9a-f.:]+))?(?:\/(\d+))?\s(.*)$/.exec(line);
    if (match === null) return [];
    const [, device = '', family, address = '', , prefix, rest = ''] = match;
    const words = (rest.split('\\')[0] ?? '').trim().split(/\s+/);
    const after = (name: string): string | undefined => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
    const last = words.at(-1) ?? device;
    const isV4 = family === 'inet';
    return [{
      device, address, family: isV4 ? 4 : 6, prefix: prefix ?? (isV4 ? '32' : '128'), broadcast: after('brd') ?? '', scope: after('scope') ?? '',
      isSecondary: words.includes('secondary'), label: isV4 && last.startsWith(device) ? last : device,
    }];
  });
}

function v4Of({ address, broadcast, prefix }: Address): Values {
  const mask = prefix === '0' ? 0 : (0xffffffff << (32 - Number(prefix))) >>> 0;
  const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  const bits = address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
  return { address, broadcast, netmask: dotted(mask), network: dotted((bits & mask) >>> 0), prefix };
}
