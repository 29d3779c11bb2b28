// What comes in: small files that say one thing each. What goes out: Ansible's uptime, load, kernel command line, DNS, host keys, lsb and others.
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';
import { parseOsRelease } from './os-release.js';

const KEY_TYPES = ['dsa', 'rsa', 'ecdsa', 'ed25519'];

export const systemFiles: Fact = {
  name: 'system-files',
  files: ['/proc/uptime', '/proc/loadavg', '/proc/cmdline', '/etc/resolv.conf', '/etc/ssh/ssh_host_*_key.pub', '/etc/iscsi/initiatorname.iscsi', '/etc/nvme/hostnqn', '/sys/class/fc_host/*/port_name'],
  command: 'command -v lsb_release',
  ansible: (output, files) => {
    const [load1, load5, load15] = (files.text('/proc/loadavg') ?? '').split(' ').map(Number);
    const uptime = files.text('/proc/uptime')?.split(' ')[0];
    const command = (files.text('/proc/cmdline') ?? '').match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
    return {
      ...(uptime === undefined ? {} : { uptime_seconds: Math.floor(Number(uptime)) }),
      ...(load1 === undefined || Number.isNaN(load1) ? {} : { loadavg: { '1m': load1, '5m': load5, '15m': load15 } }),
      ...(command.length === 0 ? {} : { cmdline: Object.fromEntries(command.map(optionOf)), proc_cmdline: gathered(command) }),
      dns: dnsOf(files),
      lsb: lsbOf(files, output.trim() !== ''),
      iscsi_iqn: files.lines('/etc/iscsi/initiatorname.iscsi').map((line) => /^InitiatorName=(.*)$/.exec(line)?.[1]).find((name) => name !== undefined) ?? '',
      hostnqn: files.lines('/etc/nvme/hostnqn').filter((line) => line.startsWith('nqn.')).at(0) ?? '',
      fibre_channel_wwn: files.names('/sys/class/fc_host').flatMap((host) => files.text(`/sys/class/fc_host/${host}/port_name`)?.replace(/^0x/, '') ?? []),
      ...hostKeys(files),
    };
  },
};

function optionOf(word: string): [string, string | true] {
  const at = word.indexOf('=');
  return at === -1 ? [word, true] : [word.slice(0, at), word.slice(at + 1)];
}

/** An option that is given more than once is a list. */
function gathered(words: readonly string[]): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of words.map(optionOf)) {
    const before = Object.hasOwn(options, name) ? options[name] : undefined;
    options[name] = before === undefined || value === true ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return options;
}

/** resolv.conf(5) */
function dnsOf(files: HostFiles): Record<string, unknown> {
  const dns: { nameservers?: string[]; domain?: string; search?: string[]; sortlist?: string[]; options?: Record<string, string | true> } = {};
  for (const line of files.lines('/etc/resolv.conf')) {
    if (/^[#;]/.test(line)) continue;
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver') dns.nameservers = [...(dns.nameservers ?? []), ...words];
    else if (keyword === 'domain' && words[0] !== undefined) dns.domain = words[0];
    else if (keyword === 'search' || keyword === 'sortlist') dns[keyword] = words;
    else if (keyword === 'options') dns.options = Object.fromEntries(words.map((word): [string, string | true] => [word.split(':')[0] ?? '', word.split(':')[1] || true]));
  }
  return dns;
}

/** What lsb_release would print, without it: on most hosts it is a Python program, and slow. */
function lsbOf(files: HostFiles, hasProgram: boolean): Record<string, string> {
  const own = parseOsRelease(files.text('/etc/lsb-release') ?? '');
  const os = parseOsRelease(files.text('/etc/os-release') ?? files.text('/usr/lib/os-release') ?? '');
  if (!hasProgram && own.size === 0) return {};
  const id = own.get('DISTRIB_ID') ?? (os.get('ID') === 'debian' ? 'Debian' : os.get('NAME'));
  const release = own.get('DISTRIB_RELEASE') ?? os.get('VERSION_ID') ?? '';
  const codename = own.get('DISTRIB_CODENAME') ?? os.get('VERSION_CODENAME') ?? os.get('UBUNTU_CODENAME');
  const description = own.get('DISTRIB_DESCRIPTION') ?? os.get('PRETTY_NAME');
  return {
    ...(id === undefined ? {} : { id }), ...(description === undefined ? {} : { description }), ...(codename === undefined ? {} : { codename }),
    ...(release === '' ? {} : { release, major_release: release.split('.')[0] ?? '' }),
  };
}

function hostKeys(files: HostFiles): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const type of KEY_TYPES) {
    const [keyType, key] = (files.text(`/etc/ssh/ssh_host_${type}_key.pub`) ?? '').split(/\s+/);
    if (keyType === undefined || key === undefined) continue;
    keys[`ssh_host_key_${type}_public`] = key;
    keys[`ssh_host_key_${type}_public_keytype`] = keyType;
  }
  return keys;
}
