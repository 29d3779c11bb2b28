// What comes in: systemd-detect-virt's word and the marks that containers, hypervisors and chroots leave. What goes out: what kind of machine
// this is, in systemd's words and in Ansible's (facts/virtual/linux.py).
// A machine made from a container's image has a container's marks, but runs in the first PID namespace (PROC_PID_INIT_INO): it is none.
// A chroot counts as a container: a kernel module loaded in it goes into somebody else's kernel. Whether `/` is a chroot can only be seen
// by root, or where /proc is not mounted.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';
import { ansibleVirtualization } from './virtualization-ansible.js';

const PID_NAMESPACE = '/proc/self/ns/pid';
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** systemd-detect-virt(1), the container half of its table. */
const CONTAINERS = new Set(['openvz', 'lxc', 'lxc-libvirt', 'systemd-nspawn', 'docker', 'podman', 'rkt', 'wsl', 'proot', 'pouch', 'container-other']);

/** Files whose being there says something. */
const MARKS = ['/proc/vz', '/proc/lve', '/proc/bc', '/proc/xen', '/.dockerenv', '/.dockerinit', '/dev/kvm', '/rhev'];

export const virtualization: Fact = {
  name: 'virtualization',
  links: [PID_NAMESPACE],
  files: ['/proc/1/cgroup', '/run/systemd/container', '/proc/xen/capabilities', '/proc/modules'],
  // A container that says so itself need not be asked about by a process.
  command: `mark=
[ -e /.dockerenv ] && mark=docker
[ -e /run/.containerenv ] && mark=podman
[ -n "$container" ] && mark=$container
[ -r /run/systemd/container ] && read -r mark </run/systemd/container
if [ -n "$mark" ]; then printf 'mark=%s\\n' "$mark"
else printf 'virt=%s\\n' "$(systemd-detect-virt)"; fi
if [ ! -d /proc/1 ]; then echo chroot=no-proc; elif [ -e /proc/1/root/. ] && ! [ / -ef /proc/1/root/. ]; then echo chroot=yes; fi
[ -n "$debian_chroot" ] && echo chroot=named
for f in ${MARKS.join(' ')}; do [ -e "$f" ] && printf 'exists %s\\n' "$f"; done
# A shell's read drops the zero bytes between them.
word=; { IFS= read -r word </proc/1/environ; } 2>/dev/null
case $word in *container=lxc*) echo container=lxc ;; *container=podman*) echo container=podman ;; *container=?*) echo container=other ;; esac`,
  parse: (output, files) => {
    const said = valuesOf(output, 'virt')[0];
    const mark = valuesOf(output, 'mark')[0];
    const kind = said === undefined || (said === 'none' && mark !== undefined) ? mark : said;
    return {
      virtualization: kind ?? 'unknown',
      isContainer: valuesOf(output, 'chroot').length > 0 || (files.target(PID_NAMESPACE) !== FIRST_PID_NAMESPACE && (mark !== undefined || CONTAINERS.has(kind ?? ''))),
    };
  },
  ansible: (output, files) => ({ ...ansibleVirtualization(output, files), is_chroot: valuesOf(output, 'chroot').length > 0 }),
};

function valuesOf(output: HostText, key: string): string[] {
  return [...output.matchAll(/^(\w+)=([a-z0-9-]+)$/gm)].flatMap(([, name, value = '']) => (name === key ? [value] : []));
}
