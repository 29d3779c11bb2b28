// What comes in: names of installed packages, the running kernel's notes, debuginfod's addresses. What goes out: what of kernels and their
// symbols is installed here, and what identifies the running one: its build ID (elf(5), NT_GNU_BUILD_ID), as debuginfod is asked for it.
// dpkg's own list is a megabyte and more; the files that only installed packages have are names in a folder.
import type { Fact } from './fact.js';
import type { SymbolsOnDisk } from './facts.js';
import type { HostFiles } from './host-files.js';

export const kernelPackages: Fact = {
  name: 'kernel-packages',
  files: ['/etc/debuginfod/*.urls', '/var/lib/fleet-tap/files'],
  // One pattern: each one reads a folder of thousands of names.
  command: `for f in /var/lib/dpkg/info/linux-*.md5sums; do case $f in */linux-image-* | */linux-headers-* | *-dbg.md5sums | *-dbgsym.md5sums) f=\${f##*/}; printf 'package %s\\n' "\${f%.md5sums}" ;; esac; done
[ -d /usr/lib/debug ] && echo debug-folder && du -sk /usr/lib/debug/boot/vmlinux-* /usr/lib/debug/lib/modules/* | while read -r kib path; do printf 'kib %s %s\n' "$kib" "\${path##*/}"; done
[ -e /var/lib/fleet-tap/packages-before ] && echo set-up && grep -e '-dbg$' -e '-dbgsym$' /var/lib/fleet-tap/packages-before | while read -r name; do printf 'before %s\n' "$name"; done
[ -n "$DEBUGINFOD_URLS" ] && printf 'urls %s\\n' "$DEBUGINFOD_URLS"
[ -r /sys/kernel/notes ] && echo notes && od -An -v -tx1 /sys/kernel/notes`,
  parse: (output, files) => {
    const packages = [...output.matchAll(/^package ([a-z0-9][a-z0-9+.:-]*)$/gm)].map(([, name = '']) => name);
    const urls = [...(/^urls (.*)$/m.exec(output)?.[1] ?? '').split(/\s+/), ...files.names('/etc/debuginfod').flatMap((name) => files.lines(`/etc/debuginfod/${name}`))];
    return {
      kernelPackages: [...new Set(packages)].sort(),
      symbols: symbolsOn(output, files),
      hasDebugFolder: /^debug-folder$/m.test(output),
      debuginfodUrls: [...new Set(urls.map((url) => url.trim()).filter((url) => /^https?:\/\/\S+$/.test(url)))],
      kernelBuildId: buildIdOf((/^notes\n([0-9a-f\s]*)/m.exec(output)?.[1] ?? '').replace(/\s/g, '')),
    };
  },
};

/** What setup says of itself (playbooks/setup.yml): packages that were there before, files that it has fetched. */
function symbolsOn(output: string, files: HostFiles): SymbolsOnDisk {
  const kibByRelease: Record<string, number> = {};
  for (const [, kib = '', name = ''] of output.matchAll(/^kib (\d+) (?:vmlinux-)?([\w.+~-]+)$/gm)) kibByRelease[name] = (kibByRelease[name] ?? 0) + Number(kib);
  return {
    kibByRelease,
    isSetUp: /^set-up$/m.test(output),
    before: [...output.matchAll(/^before ([a-z0-9][a-z0-9+.:-]*)$/gm)].map(([, name = '']) => name),
    fetched: files.lines('/var/lib/fleet-tap/files').flatMap((path) => /^\/usr\/lib\/debug\/boot\/vmlinux-([\w.+~-]+)$/.exec(path)?.[1] ?? []),
  };
}

/** Notes: size of name, size of descriptor, type, name, descriptor, each padded to four bytes (elf(5)). Little or big endian by what fits. */
function buildIdOf(hex: string): string | null {
  const bytes = Buffer.from(hex, 'hex');
  const isLittle = bytes.length >= 4 && bytes.readUInt32LE(0) < 0x10000;
  const word = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [nameBytes, descriptorBytes, type] = [word(at), word(at + 4), word(at + 8)];
    const name = at + 12;
    const descriptor = name + Math.ceil(nameBytes / 4) * 4;
    if (type === 3 && nameBytes === 4 && bytes.toString('latin1', name, name + 4) === 'GNU\0') return bytes.toString('hex', descriptor, descriptor + descriptorBytes);
    at = descriptor + Math.ceil(descriptorBytes / 4) * 4;
  }
  return null;
}
