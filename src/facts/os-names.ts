// What comes in: a distribution's ID, codename and version. What goes out: Ansible's names for it, and the Debian or Ubuntu release it is made
// from. Sources: each distribution's own os-release and release notes; ansible-core's facts/system/distribution.py for its names.

/** Where Ansible does not use os-release's NAME. */
export const ANSIBLE_NAMES: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  alpine: 'Alpine',
  amzn: 'Amazon',
  arch: 'Archlinux',
  centos: 'CentOS',
  'cumulus-linux': 'Cumulus Linux',
  debian: 'Debian',
  deepin: 'Deepin',
  devuan: 'Devuan',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  kali: 'Kali',
  linuxmint: 'Linux Mint',
  manjaro: 'Archlinux',
  ol: 'OracleLinux',
  parrot: 'Parrot',
  raspbian: 'Debian',
  rhel: 'RedHat',
  rocky: 'Rocky',
  steamos: 'SteamOS',
  ubuntu: 'Ubuntu',
  uos: 'Uos',
};

/** By os-release's ID and ID_LIKE. Ansible goes by its own list of names and calls a derivative that is not on it a family of its own. */
export const FAMILIES: readonly (readonly [family: string, ids: readonly string[]])[] = [
  ['Debian', ['debian', 'ubuntu', 'raspbian', 'linuxmint', 'deepin', 'uos']],
  ['RedHat', ['rhel', 'fedora', 'centos', 'rocky', 'almalinux', 'ol', 'amzn']],
  ['Suse', ['suse', 'opensuse', 'sles', 'opensuse-leap', 'opensuse-tumbleweed']],
  ['Alpine', ['alpine']],
  ['Archlinux', ['arch']],
  ['Gentoo', ['gentoo']],
];

const DEBIAN_VERSIONS: Readonly<Record<string, string>> = { 6: 'squeeze', 7: 'wheezy', 8: 'jessie', 9: 'stretch', 10: 'buster', 11: 'bullseye', 12: 'bookworm', 13: 'trixie', 14: 'forky' };

const UBUNTU_VERSIONS: Readonly<Record<string, string>> = {
  '10.04': 'lucid', '12.04': 'precise', '14.04': 'trusty', '16.04': 'xenial', '18.04': 'bionic', '20.04': 'focal', '22.04': 'jammy', '22.10': 'kinetic', '23.04': 'lunar', '23.10': 'mantic',
  '24.04': 'noble', '24.10': 'oracular', '25.04': 'plucky', '25.10': 'questing',
};

export interface Base {
  readonly distribution: 'Debian' | 'Ubuntu';
  readonly codename: string;
}

const on = (distribution: Base['distribution'], codename: string, ...of: readonly string[]): [string, Base][] => of.map((name) => [name, { distribution, codename }]);

/** `ID codename`, or `ID major-version` where there is no codename of its own, of derivatives whose os-release does not name their base. */
const BASES: ReadonlyMap<string, Base> = new Map([
  ...on('Ubuntu', 'trusty', 'linuxmint qiana', 'linuxmint rebecca', 'linuxmint rafaela', 'linuxmint rosa', 'elementary freya'),
  ...on('Ubuntu', 'precise', 'elementary luna'),
  ...on('Ubuntu', 'xenial', 'linuxmint sarah', 'linuxmint serena', 'linuxmint sonya', 'linuxmint sylvia', 'elementary loki', 'zorin 12', 'trisquel flidas'),
  ...on('Ubuntu', 'bionic', 'linuxmint tara', 'linuxmint tessa', 'linuxmint tina', 'linuxmint tricia', 'elementary juno', 'elementary hera', 'zorin 15', 'trisquel etiona'),
  ...on('Ubuntu', 'focal', 'linuxmint ulyana', 'linuxmint ulyssa', 'linuxmint uma', 'linuxmint una', 'elementary odin', 'elementary jolnir', 'zorin 16', 'trisquel nabia'),
  ...on('Ubuntu', 'jammy', 'linuxmint vanessa', 'linuxmint vera', 'linuxmint victoria', 'linuxmint virginia', 'elementary horus', 'zorin 17', 'trisquel aramo'),
  ...on('Ubuntu', 'noble', 'linuxmint wilma', 'linuxmint xia', 'linuxmint zara', 'elementary circe', 'zorin 18', 'trisquel ecne'),
  ...on('Debian', 'wheezy', 'steamos alchemist', 'steamos 1', 'cumulus-linux 2'),
  ...on('Debian', 'jessie', 'linuxmint betsy', 'devuan jessie', 'steamos brewmaster', 'steamos 2', 'cumulus-linux 3'),
  ...on('Debian', 'stretch', 'linuxmint cindy', 'devuan ascii'),
  ...on('Debian', 'buster', 'linuxmint debbie', 'devuan beowulf', 'pureos amber', 'uos eagle', 'deepin apricot', 'cumulus-linux 4', 'pardus ondokuz'),
  ...on('Debian', 'bullseye', 'linuxmint elsie', 'devuan chimaera', 'pureos byzantium', 'parrot ara', 'parrot 5', 'pardus yirmibir'),
  ...on('Debian', 'bookworm', 'linuxmint faye', 'devuan daedalus', 'pureos crimson', 'parrot lory', 'parrot 6', 'pardus yirmiuc'),
  ...on('Debian', 'trixie', 'linuxmint gigi', 'devuan excalibur', 'parrot echo', 'parrot 7'),
  ...on('Debian', 'sid', 'devuan ceres'),
  // A rolling one is made from what Debian calls testing at the time.
  ...on('Debian', 'testing', 'kali kali-rolling', 'kali'),
]);

/** Those whose version numbers are Ubuntu's own. */
const UBUNTU_NUMBERED = ['ubuntu', 'neon', 'pop', 'kubuntu'];

export function debianCodename(version: string): string {
  return DEBIAN_VERSIONS[version.split('.')[0] ?? ''] ?? '';
}

export function ubuntuCodename(version: string): string {
  return UBUNTU_VERSIONS[version.split('.').slice(0, 2).join('.')] ?? '';
}

/** @returns undefined when it is not known: never a guess */
export function baseByName(id: string, codename: string, version: string): Base | undefined {
  const known = BASES.get(`${id} ${codename}`) ?? BASES.get(`${id} ${version.split('.')[0] ?? ''}`) ?? BASES.get(id);
  if (known !== undefined) return known;
  const numbered = UBUNTU_NUMBERED.includes(id) ? ubuntuCodename(version) : '';
  return numbered === '' ? undefined : { distribution: 'Ubuntu', codename: numbered };
}

/** Whether Debian or Ubuntu ever called a release this. */
export function releaseNamed(codename: string): Base | undefined {
  if (Object.values(UBUNTU_VERSIONS).includes(codename)) return { distribution: 'Ubuntu', codename };
  return Object.values(DEBIAN_VERSIONS).includes(codename) || codename === 'sid' ? { distribution: 'Debian', codename } : undefined;
}
