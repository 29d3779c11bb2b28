// What comes in: which package managers' programs are there. What goes out: Ansible's pkg_mgr (facts/system/pkg_mgr.py: the last one of its list that exists; on
// Debian and what is made from it apt, whatever else is installed).
import type { Fact } from './fact.js';

const MANAGERS: readonly (readonly [path: string, name: string])[] = [
  ['/usr/bin/rpm-ostree', 'atomic_container'], ['/usr/bin/yum', 'yum'], ['/usr/bin/dnf', 'dnf'], ['/usr/bin/apt-get', 'apt'], ['/usr/bin/zypper', 'zypper'], ['/usr/sbin/urpmi', 'urpmi'],
  ['/usr/bin/pacman', 'pacman'], ['/bin/opkg', 'opkg'], ['/sbin/apk', 'apk'], ['/usr/bin/emerge', 'portage'], ['/usr/bin/xbps-install', 'xbps'], ['/usr/bin/swupd', 'swupd'], ['/usr/sbin/sorcery', 'sorcery'],
];

export const packageManager: Fact = {
  name: 'package-manager',
  command: `for f in ${MANAGERS.map(([path]) => path).join(' ')}; do [ -e "$f" ] && printf '%s\\n' "$f"; done`,
  ansible: (output, _files, known) => {
    const there = new Set(output.split('\n'));
    const found = MANAGERS.filter(([path]) => there.has(path)).at(-1)?.[1] ?? 'unknown';
    if (known.os_family === 'Debian') return { pkg_mgr: 'apt' };
    const isRedHat = known.os_family === 'RedHat' && (found === 'yum' || found === 'dnf');
    const major = Number(known.distribution_major_version);
    const firstWithDnf = known.distribution === 'Fedora' ? 23 : known.distribution === 'Amazon' ? 2022 : 8;
    return { pkg_mgr: isRedHat && !Number.isNaN(major) ? (major < firstWithDnf ? 'yum' : 'dnf') : found };
  },
};
