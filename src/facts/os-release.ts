// What comes in: /etc/os-release (os-release(5)). What goes out: distro, version and the codename that an archive address is made of.
// Guaranteed: for a derivative of Ubuntu the codename is the base's (Mint's `virginia` has none in Ubuntu's archive).
// Not known: a derivative's base where os-release does not name it; Debian testing and sid say the same and cannot be told apart.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

/** ansible-core's names (module_utils/facts/system/distribution.py); for others os-release NAME's first word. */
const NAMES: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  alpine: 'Alpine',
  amzn: 'Amazon',
  arch: 'Archlinux',
  centos: 'CentOS',
  debian: 'Debian',
  elementary: 'elementary OS',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  kali: 'Kali',
  linuxmint: 'Linux Mint',
  neon: 'KDE neon',
  ol: 'OracleLinux',
  pop: 'Pop!_OS',
  raspbian: 'Debian',
  rhel: 'RedHat',
  rocky: 'Rocky',
  sles: 'SLES',
  ubuntu: 'Ubuntu',
};

const FAMILIES: readonly (readonly [family: string, ids: readonly string[]])[] = [
  ['Debian', ['debian', 'ubuntu', 'raspbian', 'linuxmint']],
  ['RedHat', ['rhel', 'fedora', 'centos', 'rocky', 'almalinux', 'ol', 'amzn']],
  ['Suse', ['suse', 'opensuse', 'sles', 'opensuse-leap', 'opensuse-tumbleweed']],
  ['Alpine', ['alpine']],
  ['Archlinux', ['arch']],
  ['Gentoo', ['gentoo']],
];

export const osRelease: Fact = {
  name: 'os-release',
  command: 'cat /etc/os-release || cat /usr/lib/os-release',
  parse: (output) => {
    const fields = parseOsRelease(output);
    const id = (fields.get('ID') ?? 'linux').toLowerCase();
    const like = [id, ...(fields.get('ID_LIKE') ?? '').toLowerCase().split(/\s+/)];
    const name = fields.get('NAME') ?? '';
    return {
      distributionId: id,
      distribution: NAMES[id] ?? name.split(/\s+/)[0] ?? '',
      distributionVersion: fields.get('VERSION_ID') || 'n/a',
      codename: codenameOf(fields, like),
      osFamily: FAMILIES.find(([, ids]) => like.some((word) => ids.includes(word)))?.[0] ?? NAMES[id] ?? name,
    };
  },
};

/** Debian 7 and Ubuntu 14.04 have no VERSION_CODENAME: `VERSION="7 (wheezy)"`, `VERSION="14.04.6 LTS, Trusty Tahr"`. */
function codenameOf(fields: ReadonlyMap<string, string>, like: readonly string[]): HostText {
  const ubuntu = like.includes('ubuntu') ? fields.get('UBUNTU_CODENAME') : undefined;
  const named = ubuntu || fields.get('DEBIAN_CODENAME') || fields.get('VERSION_CODENAME');
  if (named) return named;
  const version = fields.get('VERSION') ?? '';
  const inWords = /\(([^()]+)\)\s*$/.exec(version)?.[1] ?? /,\s*(\S+)/.exec(version)?.[1];
  if (inWords !== undefined) return (inWords.split(/\s+/)[0] ?? '').toLowerCase();
  // `PRETTY_NAME="Debian GNU/Linux bullseye/sid"`
  return /\s([a-z]+)\/sid$/.exec(fields.get('PRETTY_NAME') ?? '')?.[1] ?? '';
}

/** `KEY=value` lines with shell quoting; the last one of a name counts. */
function parseOsRelease(text: HostText): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Za-z][A-Za-z0-9_]*)=(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) fields.set(match[1], unquote(match[2]));
  }
  return fields;
}

function unquote(word: string): string {
  if (/^'.*'$/.test(word)) return word.slice(1, -1);
  const inner = /^".*"$/.test(word) ? word.slice(1, -1) : word;
  return inner.replace(/\\(["$`\\])/g, '$1');
}
