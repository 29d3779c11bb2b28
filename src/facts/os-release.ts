// What comes in: /etc/os-release (os-release(5)) and the files beside it. What goes out: distribution, version, codename, and the Debian or
// Ubuntu release that it is made from: an archive's address is made of that one, never of a derivative's own name.
// Guaranteed: a base that is not known is empty, not guessed.
import type { HostText } from '../base/host-text.js';
import type { AnsibleFacts, Fact } from './fact.js';
import type { HostFiles } from './host-files.js';
import { ANSIBLE_NAMES, type Base, baseByName, debianCodename, FAMILIES, releaseNamed, ubuntuCodename } from './os-names.js';

const FILES = ['/etc/os-release', '/usr/lib/os-release', '/etc/debian_version', '/etc/lsb-release', '/etc/upstream-release/lsb-release', '/etc/alpine-release', '/etc/redhat-release'];

type Fields = ReadonlyMap<string, string>;

export const osRelease: Fact = {
  name: 'os-release',
  files: FILES,
  parse: (_output, files) => {
    const fields = fieldsOf(files);
    const { id, name } = identityOf(fields, files);
    const own = codenameOf(fields, id);
    const base = baseOf(fields, files, id, own);
    return {
      distributionId: id,
      distribution: name,
      distributionVersion: fields.get('VERSION_ID') || 'n/a',
      codename: own,
      baseDistribution: base?.distribution ?? '',
      baseCodename: base?.codename ?? '',
      osFamily: familyOf(fields, id, name),
    };
  },
  ansible: (_output, files) => ansibleNames(files),
};

function fieldsOf(files: HostFiles): Fields {
  return parseOsRelease(files.text('/etc/os-release') ?? files.text('/usr/lib/os-release') ?? '');
}

function identityOf(fields: Fields, files: HostFiles): { id: string; name: string } {
  const id = (fields.get('ID') ?? 'linux').toLowerCase();
  // CentOS 6 and its like have no os-release: `CentOS release 6.10 (Final)`.
  const old = fields.size === 0 ? files.text('/etc/redhat-release')?.split(/\s/)[0] : undefined;
  return { id, name: ANSIBLE_NAMES[id] ?? fields.get('NAME') ?? old ?? '' };
}

function familyOf(fields: Fields, id: string, name: string): string {
  const like = [id, ...(fields.get('ID_LIKE') ?? '').toLowerCase().split(/\s+/)];
  return FAMILIES.find(([, ids]) => like.some((word) => ids.includes(word)))?.[0] ?? (fields.size === 0 && name !== '' ? 'RedHat' : name);
}

/** The distribution's own. Debian 7 and Ubuntu 14.04 have no VERSION_CODENAME: `VERSION="7 (wheezy)"`, `VERSION="14.04.6 LTS, Trusty Tahr"`. */
function codenameOf(fields: Fields, id: string): HostText {
  const named = (id === 'ubuntu' ? fields.get('UBUNTU_CODENAME') : undefined) ?? fields.get('VERSION_CODENAME');
  // Fedora's is there and empty: it has none, and `41 (Server Edition)` is no codename.
  if (named || (named === '' && id !== 'debian' && id !== 'ubuntu')) return named;
  const version = fields.get('VERSION') ?? '';
  const inWords = /\(([^()]+)\)\s*$/.exec(version)?.[1] ?? /,\s*(\S+)/.exec(version)?.[1];
  if (inWords !== undefined) return (inWords.split(/\s+/)[0] ?? '').toLowerCase();
  // `PRETTY_NAME="Debian GNU/Linux bullseye/sid"`
  const testing = /\s([a-z]+)\/sid$/.exec(fields.get('PRETTY_NAME') ?? '')?.[1];
  if (testing !== undefined) return testing;
  const number = fields.get('VERSION_ID') ?? '';
  return id === 'debian' ? debianCodename(number) : id === 'ubuntu' ? ubuntuCodename(number) : '';
}

function baseOf(fields: Fields, files: HostFiles, id: string, own: string): Base | undefined {
  const like = (fields.get('ID_LIKE') ?? '').toLowerCase().split(/\s+/);
  if (id === 'debian') return { distribution: 'Debian', codename: own };
  if (id === 'ubuntu') return { distribution: 'Ubuntu', codename: own };
  const ubuntu = fields.get('UBUNTU_CODENAME');
  if (ubuntu) return { distribution: 'Ubuntu', codename: ubuntu };
  const debian = fields.get('DEBIAN_CODENAME');
  if (debian) return { distribution: 'Debian', codename: debian };
  const named = baseByName(id, own.toLowerCase(), fields.get('VERSION_ID') ?? '');
  if (named !== undefined) return named;
  const upstream = parseOsRelease(files.text('/etc/upstream-release/lsb-release') ?? '').get('DISTRIB_CODENAME');
  const released = releaseNamed(upstream?.toLowerCase() ?? '') ?? releaseNamed(own);
  if (released !== undefined) return released;
  if (!like.includes('debian') || like.includes('ubuntu')) return undefined;
  // `12.5`, or `trixie/sid` before a release.
  const version = files.text('/etc/debian_version') ?? '';
  const codename = /^([a-z]+)\/sid$/.exec(version)?.[1] ?? debianCodename(version);
  return codename === '' ? undefined : { distribution: 'Debian', codename };
}

function ansibleNames(files: HostFiles): AnsibleFacts {
  const fields = fieldsOf(files);
  const { id, name } = identityOf(fields, files);
  const debianVersion = id === 'debian' ? files.text('/etc/debian_version') : undefined;
  const version = debianVersion ?? (id === 'alpine' ? files.text('/etc/alpine-release') : undefined) ?? (fields.get('VERSION_ID') || files.text('/etc/debian_version') || 'NA');
  const family = familyOf(fields, id, name);
  const isRedHat = files.text('/etc/redhat-release') !== undefined;
  const minor = /(\d+)\.(\d+)/.exec(debianVersion ?? '')?.[2];
  return {
    distribution: name,
    distribution_version: version,
    distribution_major_version: version.split('.')[0] ?? '',
    ...(minor === undefined ? {} : { distribution_minor_version: minor }),
    distribution_release: releaseOf(fields, id),
    distribution_file_path: isRedHat ? '/etc/redhat-release' : id === 'alpine' ? '/etc/alpine-release' : '/etc/os-release',
    distribution_file_variety: isRedHat ? 'RedHat' : family,
    distribution_file_parsed: true,
    os_family: family,
  };
}

/** In Ansible's words: all of `9.4 (Blue Onyx)`, and `NA` where there is none. */
function releaseOf(fields: Fields, id: string): string {
  const own = codenameOf(fields, id);
  const inWords = /\(([^()]+)\)\s*$/.exec(fields.get('VERSION') ?? '')?.[1];
  if (fields.has('VERSION_CODENAME')) return own;
  return id === 'debian' || id === 'ubuntu' ? own || 'NA' : (fields.get('UBUNTU_CODENAME') ?? inWords ?? 'NA');
}

/** `KEY=value` lines with shell quoting; the last one of a name counts. */
export function parseOsRelease(text: HostText): Map<string, string> {
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
