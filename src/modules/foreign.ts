// Modules of systems that are none of ours (yum, pacman, win_copy …): roles have tasks of them behind conditions on the host's system.
// They are accepted with whatever parameters; a host that reaches one fails, as it does in Ansible, where the program or the library is missing.
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';

/** What to do about a task of another kind of system. */
export const FOREIGN_HINT = 'a condition keeps it from these hosts: when: ansible_facts.os_family == ...';

const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'ansible.builtin': ['dnf', 'dnf5', 'rpm_key', 'yum', 'yum_repository'],
  'ansible.posix': ['rhel_facts', 'rhel_rpm_ostree', 'rpm_ostree_upgrade', 'seboolean', 'selinux'],
  'community.general': ['apk', 'apt_rpm', 'copr', 'homebrew', 'homebrew_cask', 'homebrew_tap', 'installp', 'launchd', 'layman', 'macports', 'openbsd_pkg', 'opkg', 'osx_defaults', 'pacman', 'pacman_key', 'pkg5', 'pkg5_publisher', 'pkgin', 'pkgng', 'pkgutil', 'portage', 'portinstall', 'redhat_subscription', 'rhsm_release', 'rhsm_repository', 'rpm_ostree_pkg', 'sefcontext', 'selinux_permissive', 'selogin', 'seport', 'slackpkg', 'sorcery', 'svr4pkg', 'swdepot', 'swupd', 'sysrc', 'urpmi', 'xbps', 'zypper', 'zypper_repository'],
};

/** Those that ansible.builtin never had: it has redirections to all others of these collections (ansible_builtin_runtime.yml). */
const NEVER_BUILTIN: readonly string[] = ['copr', 'launchd', 'pacman_key', 'rhel_facts', 'rhel_rpm_ostree', 'rpm_ostree_pkg', 'rpm_ostree_upgrade', 'sysrc'];

/** undefined: no such module is known. @param written with or without its collection */
export function foreignModule(written: string): PlaybookModule<Parameters> | undefined {
  const name = written.slice(written.lastIndexOf('.') + 1);
  const given = written.slice(0, -name.length);
  const collection = /^win_/.test(name) ? 'ansible.windows' : Object.keys(FAMILIES).find((one) => FAMILIES[one]?.includes(name) === true);
  if (collection === undefined || !['', `${collection}.`, ...(collection === 'ansible.windows' || NEVER_BUILTIN.includes(name) ? [] : ['ansible.builtin.', 'ansible.legacy.']), ...(collection === 'ansible.windows' ? ['community.windows.'] : [])].includes(given)) return undefined;
  return {
    name,
    collection,
    parameters: {},
    takesAnyName: true,
    freeForm: '_raw_params',
    plan: () => ({ kind: 'done', result: { changed: false, failed: true, msg: `${name} is a module for systems of another kind than Debian and Ubuntu`, hint: FOREIGN_HINT } }),
  };
}
