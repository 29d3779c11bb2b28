// What comes in: the names of vmlinux files. What goes out: the one of the running kernel, and for which kernels there is one.
// Not checked: whether a vmlinux in /boot has symbols in it; stap says so when it compiles.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

/** Where distributions put it, best first; `*` is the release. */
const PATHS = [
  '/usr/lib/debug/boot/vmlinux-*', // Debian, Ubuntu
  '/usr/lib/debug/lib/modules/*/vmlinux', // Fedora, RHEL
  '/usr/lib/debug/usr/lib/modules/*/vmlinux', // Fedora, since /lib is a link
  '/boot/vmlinux-*',
  '/lib/modules/*/build/vmlinux', // a kernel built here
];

export const symbols: Fact = {
  name: 'symbols',
  command: `printf '%s\\n' "$release"; for f in ${PATHS.join(' ')}; do [ -s "$f" ] && printf '%s\\n' "$f"; done`,
  parse: (output) => {
    const [release = '', ...lines] = output.split('\n');
    const found = lines.flatMap((path) => {
      const of = releaseOf(path);
      return of === undefined ? [] : [{ path, of }];
    });
    return {
      symbolsPath: found.find(({ of }) => of === release)?.path ?? null,
      symbolsFor: [...new Set(found.map(({ of }) => of))].sort(),
    };
  },
};

function releaseOf(path: string): HostText | undefined {
  for (const pattern of PATHS) {
    const [before = '', after = ''] = pattern.split('*');
    const release = path.slice(before.length, path.length - after.length);
    if (path.startsWith(before) && path.endsWith(after) && /^[\w.+~-]+$/.test(release)) return release;
  }
  return undefined;
}
