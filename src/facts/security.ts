// What comes in: the files of SELinux, AppArmor and FIPS mode, and the capabilities of a process of ours. What goes out: Ansible's facts of the same names.
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

const MODES: Readonly<Record<string, string>> = { 0: 'permissive', 1: 'enforcing' };

export const security: Fact = {
  name: 'security',
  files: ['/sys/fs/selinux/enforce', '/sys/fs/selinux/policyvers', '/etc/selinux/config', '/proc/sys/crypto/fips_enabled', '/proc/self/status', '/proc/sys/kernel/cap_last_cap'],
  command: `[ -e /sys/kernel/security/apparmor ] && echo apparmor; [ -e /sys/fs/selinux/enforce ] && echo selinux
command -v capsh >/dev/null && echo capsh`,
  ansible: (output, files) => {
    const has = (word: string): boolean => new RegExp(`^${word}$`, 'm').test(output);
    const config = (name: string) => files.lines('/etc/selinux/config').map((line) => new RegExp(`^${name}=(\\w+)`).exec(line)?.[1]).find((value) => value !== undefined) ?? 'unknown';
    const current = has('capsh') ? currentCapabilities(files) : undefined;
    const isAll = current === '=ep';
    return {
      selinux: has('selinux')
        ? { status: 'enabled', policyvers: Number(files.text('/sys/fs/selinux/policyvers') ?? Number.NaN) || 'unknown', config_mode: config('SELINUX'), mode: MODES[files.text('/sys/fs/selinux/enforce') ?? ''] ?? 'unknown', type: config('SELINUXTYPE') }
        : { status: 'disabled' },
      apparmor: { status: has('apparmor') ? 'enabled' : 'disabled' },
      fips: files.text('/proc/sys/crypto/fips_enabled') === '1',
      system_capabilities_enforced: current === undefined ? 'N/A' : isAll ? 'False' : 'True',
      system_capabilities: current === undefined ? 'N/A' : isAll ? [] : (current.split('=')[1] ?? '').split(',').map((name) => name.trim()),
    };
  },
};

/** capabilities(7), by their numbers, without `cap_`. */
const NAMES =
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'.split(' ');

/** As capsh prints the current ones, where effective and permitted are the same and none is inheritable (cap_to_text(3)); undefined otherwise. */
function currentCapabilities(files: HostFiles): string | undefined {
  const maskOf = (name: string): bigint | undefined => {
    const digits = files.lines('/proc/self/status').map((line) => new RegExp(`^${name}:\\s+([0-9a-f]{1,16})$`).exec(line)?.[1]).find((one) => one !== undefined);
    return digits === undefined ? undefined : BigInt(`0x${digits}`);
  };
  const effective = maskOf('CapEff');
  const count = Number(/^\d{1,2}$/.exec(files.text('/proc/sys/kernel/cap_last_cap') ?? '')?.[0] ?? Number.NaN) + 1;
  if (effective === undefined || Number.isNaN(count) || effective !== maskOf('CapPrm') || maskOf('CapInh') !== 0n) return undefined;
  const numbers = Array.from({ length: count }, (_, number) => number);
  const there = numbers.filter((number) => (effective >> BigInt(number)) & 1n);
  const lacking = numbers.filter((number) => !there.includes(number));
  const list = (of: readonly number[]): string => of.map((number) => `cap_${NAMES[number] ?? number}`).join(',');
  if (there.length === 0) return '=';
  if (lacking.length === 0) return '=ep';
  return there.length > lacking.length ? `=ep ${list(lacking)}-ep` : `${list(there)}=ep`;
}
