// What comes in: `uname -snrvm` on one line, the size of a long. What goes out: the running kernel, and who it is.
// In a container or chroot this is the outer kernel: `fleet_tap_build_for` says what such a host builds for.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

interface Kernel {
  /** `Linux`. */
  readonly system: HostText;
  readonly nodename: HostText;
  readonly kernelRelease: HostText;
  readonly kernelBuild: HostText;
  readonly architecture: HostText;
}

export const kernel: Fact = {
  name: 'kernel',
  files: ['/etc/machine-id', '/var/lib/dbus/machine-id'],
  // dpkg knows what getconf would say, and was asked already.
  command: `printf '%s\\n' "$kernel"; case $deb_architecture in *64* | s390x | ppc64*) echo bits 64 ;; i386 | arm* | mips | mipsel | powerpc) echo bits 32 ;; *) printf 'bits %s\\n' "$(getconf LONG_BIT)" ;; esac`,
  parse: (output) => {
    const { system: _, ...known } = kernelOf(output) ?? { system: '' };
    return known;
  },
  ansible: (output, files) => {
    const known = kernelOf(output);
    if (known === undefined) return {};
    const bits = /^bits (32|64)$/m.exec(output)?.[1] ?? (/64/.test(known.architecture) ? '64' : '32');
    const isIntel = /^(x86_64|i[3-6]86)$/.test(known.architecture);
    const machineId = files.lines('/var/lib/dbus/machine-id')[0] ?? files.lines('/etc/machine-id')[0];
    return {
      system: known.system,
      kernel: known.kernelRelease,
      kernel_version: known.kernelBuild,
      machine: known.architecture,
      architecture: /^i[3-6]86$/.test(known.architecture) ? 'i386' : known.architecture,
      userspace_bits: bits,
      ...(isIntel ? { userspace_architecture: bits === '64' ? 'x86_64' : 'i386' } : {}),
      nodename: known.nodename,
      hostname: known.nodename.split('.')[0] ?? '',
      ...(machineId === undefined ? {} : { machine_id: machineId }),
    };
  },
};

function kernelOf(output: HostText): Kernel | undefined {
  // The version alone has spaces in it: `Linux web1 6.12.1-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.12.1-1 (2026-01-01) x86_64`.
  const match = /^(\S+) (\S+) (\S+) (.*) (\S+)$/m.exec(output);
  if (match === null) return undefined;
  const [, system = '', nodename = '', kernelRelease = '', kernelBuild = '', architecture = ''] = match;
  return { system, nodename, kernelRelease, kernelBuild, architecture };
}
