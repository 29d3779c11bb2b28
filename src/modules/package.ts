// package: a package is there, or not, by the host's own package manager. So far that is apt on Debian and its relatives; others are told.
// Guaranteed: names that only other systems have (`libXpm-devel`, `@development`) are no mistake of the playbook: a host that reaches them fails.
import { apt, PACKAGE } from './apt.js';
import { FOREIGN_HINT } from './foreign.js';
import { convertParameters, type Parameters } from './params.js';
import type { PlaybookModule } from './module.js';

const APT = ['apt', 'ansible.builtin.apt'];

/** Of dnf, yum and zypper. Ansible hands them on to whatever manages packages; apt does not know them, and the task fails there. */
const OF_OTHERS = ['allow_vendor_change', 'allowerasing', 'auto_import_keys', 'best', 'bugfix', 'cacheonly', 'clean_deps', 'conf_file', 'disable_excludes', 'disable_gpg_check', 'disable_plugin', 'disable_recommends', 'disablerepo', 'download_dir', 'download_only', 'enable_plugin', 'enablerepo', 'exclude', 'extra_args', 'extra_args_precommand', 'force_resolution', 'install_weak_deps', 'installroot', 'nobest', 'oldpackage', 'quiet', 'releasever', 'replacefiles', 'security', 'simple_errors', 'skip_broken', 'skip_post_errors', 'sslverify', 'type', 'update_only'] as const;

const others = Object.fromEntries(OF_OTHERS.map((name) => [name, { type: 'raw' }])) as Record<(typeof OF_OTHERS)[number], { readonly type: 'raw' }>;

const parameters = {
  ...apt.parameters,
  use: { type: 'string', default: 'auto', choices: ['auto', ...APT] },
  ...others,
} as const satisfies Parameters;

export const packageModule: PlaybookModule<typeof parameters> = {
  name: 'package',
  parameters,
  checkWritten: (written) => apt.checkWritten?.('name' in written ? { ...written, name: [] } : written),
  plan: (params, context) => {
    const chosen = params.use === 'auto' ? context.variable('ansible_package_use') : undefined;
    if (chosen !== undefined && chosen !== null && chosen !== '' && !APT.includes(String(chosen))) return { kind: 'done', result: { changed: false, failed: true, msg: `Could not find a matching action for the "${String(chosen)}" package manager.`, hint: FOREIGN_HINT } };
    const foreign = OF_OTHERS.filter((name) => params[name] !== undefined);
    if (foreign.length > 0) return { kind: 'done', result: { changed: false, failed: true, msg: `Unsupported parameters for (apt) module: ${foreign.join(', ')}`, hint: FOREIGN_HINT } };
    const isOfOthers = (name: string) => name.trim() !== '' && !PACKAGE.test(name.trim());
    const unknown = params.name.find(isOfOthers);
    if (unknown !== undefined && params.state !== 'absent') return { kind: 'done', result: { changed: false, failed: true, msg: `No package matching '${unknown}' is available`, hint: FOREIGN_HINT } };
    const own = Object.fromEntries(Object.entries({ ...params, name: params.name.filter((name) => !isOfOthers(name)) }).filter(([name]) => name in apt.parameters));
    return apt.plan(convertParameters(apt.parameters, own), context);
  },
};
