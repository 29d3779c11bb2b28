// What comes in: `uname -snrvm`, on one line. What goes out: the running kernel.
// In a container or chroot this is the outer kernel: `fleet_tap_build_for` says what such a host builds for.
import type { Fact } from './fact.js';

export const kernel: Fact = {
  name: 'kernel',
  command: 'uname -snrvm',
  parse: (output) => {
    // The version alone has spaces in it: `Linux web1 6.12.1-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.12.1-1 (2026-01-01) x86_64`.
    const match = /^\S+ (\S+) (\S+) (.*) (\S+)$/m.exec(output);
    if (match === null) return {};
    const [, nodename = '', kernelRelease = '', kernelBuild = '', architecture = ''] = match;
    return { nodename, kernelRelease, kernelBuild, architecture };
  },
};
