// What comes in: the files of SELinux, AppArmor and FIPS mode, and capsh's first line. What goes out: Ansible's facts of the same names.
import type { Fact } from './fact.js';

const MODES: Readonly<Record<string, string>> = { 0: 'permissive', 1: 'enforcing' };

export const security: Fact = {
  name: 'security',
  files: ['/sys/fs/selinux/enforce', '/sys/fs/selinux/policyvers', '/etc/selinux/config', '/proc/sys/crypto/fips_enabled'],
  command: `[ -e /sys/kernel/security/apparmor ] && echo apparmor; [ -e /sys/fs/selinux/enforce ] && echo selinux
command -v capsh >/dev/null && capsh --print`,
  ansible: (output, files) => {
    const has = (word: string): boolean => new RegExp(`^${word}$`, 'm').test(output);
    const config = (name: string) => files.lines('/etc/selinux/config').map((line) => new RegExp(`^${name}=(\\w+)`).exec(line)?.[1]).find((value) => value !== undefined) ?? 'unknown';
    const current = /^Current: ?(.*)$/m.exec(output)?.[1];
    const isAll = current?.trim() === '=ep';
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
