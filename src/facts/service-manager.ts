// What comes in: the name of process 1, and the marks of the service managers that are called `init`. What goes out: what starts services here.
// The order is Ansible's (facts/system/service_mgr.py); sd_booted(3).
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

const BY_PROCESS: Readonly<Record<string, string>> = { procd: 'openwrt_init', 'runit-init': 'runit', svscan: 'svc', 'openrc-init': 'openrc' };

export const serviceManager: Fact = {
  name: 'service-manager',
  files: ['/proc/1/comm'],
  command: `command -v systemctl >/dev/null && for f in /run/systemd/system /dev/.run/systemd /dev/.systemd; do [ -e "$f" ] && echo systemd; done
command -v initctl >/dev/null && [ -e /etc/init/ ] && echo upstart
[ -e /sbin/openrc ] && echo openrc
command -v systemctl >/dev/null && [ -h /sbin/init ] && [ /sbin/init -ef /lib/systemd/systemd ] && echo systemd
[ -e /etc/init.d/ ] && echo sysvinit
[ -d /run/systemd/system ] && echo booted`,
  parse: (output, files) => ({ serviceManager: /^booted$/m.test(output) ? 'systemd' : managerOf(output, files) }),
  ansible: (output, files) => ({ service_mgr: managerOf(output, files) }),
};

function managerOf(output: HostText, files: HostFiles): string {
  const process = files.text('/proc/1/comm');
  // `init` is what many call themselves, and a shell is a container's.
  if (process !== undefined && process !== 'init' && !process.endsWith('sh')) return BY_PROCESS[process] ?? process;
  return /^(systemd|upstart|openrc|sysvinit)$/m.exec(output)?.[1] ?? 'service';
}
