// apt: packages are there (present), there in the newest version (latest), or not there (absent); and the package lists are fresh enough.
// Guaranteed: waits for locks that others hold (lock_timeout, seconds); never asks; configuration files that the admin changed stay.
// `changed` is what apt-get counts (upgraded, newly installed, removed), or new lists when nothing else is asked for (modules/apt.py).
// Answer: changed, cache_updated, cache_update_time, failed, rc, stdout (text; apt's own words), step (what was tried).
import { quote } from '../base/quote.js';
import { parseAnswer } from './answer.js';
import { explainApt } from './apt-errors.js';
import { APT_BODY } from './apt-script.js';
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { assign, moduleScript } from './script.js';

/** Gigabytes over a slow line take hours. */
const LIMIT_MS = 24 * 60 * 60 * 1000;

const parameters = {
  name: { type: 'list', aliases: ['package', 'pkg'], default: [] },
  state: { type: 'string', choices: ['absent', 'build-dep', 'fixed', 'latest', 'present'], default: 'present' },
  deb: { type: 'path' },
  upgrade: { type: 'string', choices: ['dist', 'full', 'no', 'safe', 'yes'], default: 'no' },
  update_cache: { type: 'boolean', default: false, aliases: ['update-cache'] },
  update_cache_retries: { type: 'integer', default: 5 },
  update_cache_retry_max_delay: { type: 'integer', default: 12 },
  cache_valid_time: { type: 'integer', default: 0 },
  default_release: { type: 'string', aliases: ['default-release'] },
  install_recommends: { type: 'boolean', aliases: ['install-recommends'] },
  only_upgrade: { type: 'boolean', default: false },
  purge: { type: 'boolean', default: false },
  autoremove: { type: 'boolean', default: false },
  autoclean: { type: 'boolean', default: false },
  clean: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  fail_on_autoremove: { type: 'boolean', default: false },
  allow_unauthenticated: { type: 'boolean', default: false, aliases: ['allow-unauthenticated'] },
  allow_downgrade: { type: 'boolean', default: false, aliases: ['allow-downgrade', 'allow_downgrades', 'allow-downgrades'] },
  allow_change_held_packages: { type: 'boolean', default: false },
  dpkg_options: { type: 'string', default: 'force-confdef,force-confold' },
  policy_rc_d: { type: 'integer' },
  lock_timeout: { type: 'integer', default: 60 },
  // Of Ansible's own workings: apt-get is always used here, and no Python.
  force_apt_get: { type: 'boolean', default: false },
  auto_install_module_deps: { type: 'boolean', default: true },
} as const satisfies Parameters;

/** Of Debian: a name, name=version, or a pattern. */
export const PACKAGE = /^[a-z0-9*?[][a-z0-9+.*?[\]-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+:~*?-]+)?$/;
const NO_PACKAGE = { message: 'is not the name of a package', hint: 'name, name=version, or a pattern of names' };

export const apt: PlaybookModule<typeof parameters> = {
  name: 'apt',
  parameters,
  checkWritten: (written) => {
    const { name } = written;
    const given = ['deb', 'name', 'upgrade'].filter((one) => one in written);
    if (given.length > 1) return { message: `parameters are mutually exclusive: ${given.join('|')}`, parameter: given[1] ?? '' };
    if (!['autoremove', 'autoclean', 'clean', 'deb', 'name', 'update_cache', 'cache_valid_time', 'upgrade'].some((one) => one in written) && written.state !== 'fixed') {
      return { message: 'one of the following is required: autoremove, deb, package, update_cache, upgrade' };
    }
    if ('deb' in written && 'state' in written && written.state !== 'present') return { message: 'deb only supports state=present', parameter: 'state' };
    // A comma inside of a template parts no names.
    const names = typeof name === 'string' ? (name.includes('{{') ? [] : name.split(',').map((one) => one.trim())) : Array.isArray(name) ? name : [];
    const wrong = names.find((one) => typeof one === 'string' && one !== '' && !one.includes('{{') && !PACKAGE.test(one));
    return wrong === undefined ? undefined : { message: `"${wrong}" ${NO_PACKAGE.message}`, parameter: 'name', hint: NO_PACKAGE.hint };
  },
  plan: (params, context) => {
    const all = params.name.map((name) => name.trim()).filter((name) => name !== '');
    for (const name of all) if (!PACKAGE.test(name)) throw new ParameterError(`"${name}" ${NO_PACKAGE.message}`, 'name', NO_PACKAGE.hint);
    const everything = all.includes('*') && params.state === 'latest';
    const names = all.filter((name) => name !== '*');
    if (everything && names.length > 0) throw new ParameterError('unable to install additional packages when upgrading all installed packages', 'name');
    const { state, deb, cache_valid_time: valid, lock_timeout: lock, purge, clean, autoremove, autoclean } = params;
    const recommends = params.install_recommends === undefined ? undefined : `-oAPT::Install-Recommends=${params.install_recommends ? 'yes' : 'no'}`;
    // cache_valid_time alone asks for fresh lists too (modules/apt.py).
    const update = params.update_cache || valid > 0;
    const upgrade = { no: '', dist: 'dist-upgrade', full: 'dist-upgrade', safe: 'upgrade --with-new-pkgs', yes: 'upgrade --with-new-pkgs' }[everything ? 'yes' : params.upgrade];
    const options = [
      ...(params.force ? ['--force-yes'] : []),
      ...(params.only_upgrade ? ['--only-upgrade'] : []),
      ...(params.fail_on_autoremove ? ['--no-remove'] : []),
      ...(params.allow_unauthenticated ? ['--allow-unauthenticated'] : []),
      ...(params.allow_downgrade ? ['--allow-downgrades'] : []),
      ...(params.allow_change_held_packages ? ['--allow-change-held-packages'] : []),
    ].join(' ');
    const dpkgOptions = params.dpkg_options.split(',').filter((option) => /^[\w-]+$/.test(option)).map((option) => `-o Dpkg::Options::=--${option}`).join(' ');
    const release = params.default_release === undefined || !/^[\w.+~:-]+$/.test(params.default_release) ? '' : `-t ${params.default_release}`;
    const hasMore = names.length > 0 || upgrade !== '' || deb !== undefined;
    const words = {
      state, deb, upgrade, valid, lock, purge, clean, autoremove, autoclean, update, recommends, options, release, policy: params.policy_rc_d, onlyupgrade: params.only_upgrade, dpkgoptions: dpkgOptions,
      more: hasMore, count: names.length, retries: Math.max(1, params.update_cache_retries), maxdelay: params.update_cache_retry_max_delay, check: context.check,
    };
    const body = `${assign(words)}\nset -- ${names.map(quote).join(' ')}\n${APT_BODY}`;
    return {
      kind: 'script',
      script: moduleScript('apt', { name: names, state, deb, upgrade: params.upgrade }, context, body),
      timeoutMs: LIMIT_MS,
      parse: (result) => {
        const answer = parseAnswer('apt', result);
        const text = answer.text('stdout');
        const stdout_lines = text === '' ? [] : text.split('\n');
        const stdout = text === '' ? '' : `${text}\n`;
        if (answer.values.get('failed') === 'true') {
          const own = answer.text('msg');
          const { message, hint } = own === '' ? explainApt(stdout, answer.values.get('step') ?? '', deb === undefined ? names : [deb]) : { message: own };
          // Known before apt-get is asked, there.
          const [, unknown] = state === 'absent' || upgrade !== '' ? [] : (/E: Unable to locate package (\S+)|Package (\S+) is not available, but is referred to/.exec(text)?.filter((one) => one !== undefined) ?? []);
          const told = { changed: answer.changed, failed: true, ...(hint === undefined ? {} : { hint }) };
          if (unknown !== undefined) return { ...told, msg: `No package matching '${unknown}' is available`, said: message };
          if (own !== '') return { ...told, msg: message };
          const values = { rc: Number(answer.values.get('rc')), stdout, stdout_lines, stderr: '', stderr_lines: [] };
          return { ...told, msg: message, values };
        }
        const warned = answer.text('stderr');
        const said = { stdout, stdout_lines, stderr: warned === '' ? '' : `${warned}\n`, stderr_lines: warned === '' ? [] : warned.split('\n') };
        // Wherever apt-get has run; of a .deb also without --diff.
        const diff = { diff: context.diff || deb !== undefined ? { prepared: prepared(stdout_lines) } : {} };
        if (answer.values.get('cleaned') === '1') return { changed: true, msg: stdout, values: said, ...diff };
        const lists = { cache_updated: answer.values.get('cache_updated') === 'true', cache_update_time: Number(answer.values.get('cache_update_time')) };
        // What cannot be newer is asked of apt-get all the same; Ansible sees it without.
        const ran = answer.values.get('ran') === '1' && (state !== 'latest' || answer.changed);
        const isAlone = names.length === 0 && !update && (autoremove || autoclean);
        let values: Record<string, unknown> = { ...lists, ...(ran ? said : {}) };
        if (upgrade !== '' || deb !== undefined || isAlone) values = said;
        else if (state === 'absent' && (names.length > 0 || !update)) values = ran ? said : {};
        if (upgrade !== '') return { changed: answer.changed, msg: stdout, values, ...(answer.changed ? diff : {}) };
        return { changed: answer.changed, values, ...('stdout' in values && (deb === undefined || answer.changed) ? diff : {}) };
      },
    };
  },
};

/** What apt-get says that it will do, up to its summary line (modules/apt.py, parse_diff). */
function prepared(lines: readonly string[]): string {
  const start = lines.findIndex((line) => line.startsWith('Reading state information')) + 1;
  const end = lines.findIndex((line) => /^\d+ upgraded/.test(line));
  return lines.slice(start, end === -1 ? undefined : end + 1).join('\n');
}
