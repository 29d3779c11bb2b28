// What comes in: systemd-detect-virt's word and the marks that containers and chroots leave. What goes out: what kind of machine this is.
// A chroot counts as a container: a kernel module loaded in it goes into somebody else's kernel. Whether `/` is a chroot can only be seen
// by root, or where /proc is not mounted.
import type { Fact } from './fact.js';

/** systemd-detect-virt(1), the container half of its table. */
const CONTAINERS = new Set(['openvz', 'lxc', 'lxc-libvirt', 'systemd-nspawn', 'docker', 'podman', 'rkt', 'wsl', 'proot', 'pouch', 'container-other']);

export const virtualization: Fact = {
  name: 'virtualization',
  command: `printf 'virt=%s\\n' "$(systemd-detect-virt)"
[ -e /.dockerenv ] && echo mark=docker
[ -e /run/.containerenv ] && echo mark=podman
[ -n "$container" ] && printf 'mark=%s\\n' "$container"
if [ -r /run/systemd/container ]; then read -r word </run/systemd/container; printf 'mark=%s\\n' "$word"; fi
if [ ! -d /proc/1 ]; then echo chroot=no-proc; elif [ -e /proc/1/root/. ] && ! [ / -ef /proc/1/root/. ]; then echo chroot=yes; fi`,
  parse: (output) => {
    const values = (key: string): string[] => [...output.matchAll(/^(\w+)=([a-z0-9-]+)$/gm)].flatMap(([, name, value = '']) => (name === key ? [value] : []));
    const said = values('virt')[0];
    const mark = values('mark')[0];
    const kind = said === undefined || (said === 'none' && mark !== undefined) ? mark : said;
    return {
      virtualization: kind ?? 'unknown',
      isContainer: mark !== undefined || values('chroot').length > 0 || CONTAINERS.has(kind ?? ''),
    };
  },
};
