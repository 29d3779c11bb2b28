// What comes in: the block devices' files in /sys, and links. What goes out: Ansible's devices and device_links (facts/hardware/linux.py).
// Not here: lspci's words for the controller (`host`), sg_inq's serial numbers: a process each.
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

const BLOCK = '/sys/block';
const FILES = ['removable', 'size', 'queue/rotational', 'queue/scheduler', 'queue/logical_block_size', 'queue/discard_granularity', 'device/vendor', 'device/model', 'device/serial', 'device/sas_address', 'device/sas_device_handle', 'holders/*/dm/name', '*[0-9]/start', '*[0-9]/size'];
const KINDS = { ids: 'by-id', uuids: 'by-uuid', labels: 'by-label' } as const;

type Links = Readonly<Record<'ids' | 'uuids' | 'labels' | 'masters', Readonly<Record<string, readonly string[]>>>>;

export const devices: Fact = {
  name: 'devices',
  files: FILES.map((file) => `${BLOCK}/*/${file}`),
  links: ['/dev/disk/by-id/*', '/dev/disk/by-uuid/*', '/dev/disk/by-label/*'],
  command: `for f in ${BLOCK}/*/slaves/*; do [ -e "$f" ] && printf 'slave %s\\n' "$f"; done; for f in ${BLOCK}/*/holders/* ${BLOCK}/*/*[0-9]/holders/*; do [ -e "$f" ] && printf 'holder %s\\n' "$f"; done`,
  ansible: (output, files) => {
    const links = linksByKind(output, files);
    const found = Object.fromEntries(files.names(BLOCK).map((name) => [name, deviceOf(name, files, links, output)]));
    return { devices: found, device_links: links };
  },
};

function linksByKind(output: string, files: HostFiles): Links {
  const links: Record<keyof Links, Record<string, string[]>> = { ids: {}, uuids: {}, labels: {}, masters: {} };
  const add = (kind: keyof Links, device: string | undefined, name: string): void => {
    if (device !== undefined) links[kind][device] = [...(links[kind][device] ?? []), name].sort();
  };
  for (const kind of ['ids', 'uuids', 'labels'] as const) for (const [name, target] of files.links(`/dev/disk/${KINDS[kind]}`)) add(kind, target.split('/').at(-1), name);
  for (const [, master = '', slave] of output.matchAll(/^slave \/sys\/block\/([^/\n]+)\/slaves\/([^/\n]+)$/gm)) add('masters', slave, master);
  return links;
}

function deviceOf(name: string, files: HostFiles, links: Links, output: string): Record<string, unknown> {
  const folder = `${BLOCK}/${name}`;
  const read = (file: string): string | null => files.text(`${folder}/${file}`) ?? null;
  const linksOfDevice = (device: string) => Object.fromEntries(Object.entries(links).map(([kind, byDevice]) => [kind, byDevice[device] ?? []]));
  const sectors = read('size') ?? '0';
  const sectorSize = read('queue/logical_block_size') ?? '512';
  const serial = read('device/serial');
  const wwn = links.ids[name]?.find((id) => id.startsWith('wwn-'))?.slice('wwn-'.length);
  const partitions = files.names(folder).filter((part) => part.startsWith(name) && /^p?\d+$/.test(part.slice(name.length)));
  return {
    virtual: 1,
    links: linksOfDevice(name),
    vendor: read('device/vendor'),
    model: read('device/model'),
    sas_address: read('device/sas_address'),
    sas_device_handle: read('device/sas_device_handle'),
    ...(serial === null ? {} : { serial }),
    removable: read('removable'),
    support_discard: read('queue/discard_granularity'),
    ...(wwn === undefined ? {} : { wwn }),
    partitions: Object.fromEntries(
      partitions.map((part) => {
        const partSectors = read(`${part}/size`) ?? '0';
        const uuid = links.uuids[part]?.[0] ?? null;
        return [part, { links: linksOfDevice(part), start: read(`${part}/start`) ?? '0', sectors: partSectors, sectorsize: 512, size: humanSize(Number(partSectors) * 512), uuid, holders: holdersOf(`${folder}/${part}`, output, files) }];
      }),
    ),
    rotational: read('queue/rotational'),
    scheduler_mode: /\[(.*)\]/.exec(read('queue/scheduler') ?? '')?.[1] ?? '',
    sectors,
    sectorsize: sectorSize,
    size: humanSize(Number(sectors) * 512),
    host: '',
    holders: holdersOf(folder, output, files),
  };
}

function holdersOf(folder: string, output: string, files: HostFiles): string[] {
  const prefix = `holder ${folder}/holders/`;
  const names = output.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));
  return names.filter((name) => name.startsWith('dm-')).map((name) => files.text(`${folder}/holders/${name}/dm/name`) ?? name);
}

/** As Ansible's bytes_to_human: `1.00 TB`, powers of 1024. */
function humanSize(bytes: number): string {
  const units = ['YB', 'ZB', 'EB', 'PB', 'TB', 'GB', 'MB', 'KB'];
  const at = units.findIndex((_unit, index) => bytes >= 1024 ** (units.length - index));
  return at === -1 ? `${bytes.toFixed(2)} Bytes` : `${(bytes / 1024 ** (units.length - at)).toFixed(2)} ${units[at]}`;
}
