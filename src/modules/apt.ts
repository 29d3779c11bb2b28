// apt: packages are there (present), there in the newest version (latest), or not there (absent); and the package lists are fresh enough.
// Guaranteed: waits for locks that others hold (lock_timeout, seconds); never asks; configuration files that the admin changed stay.
// `changed` is what apt-get counts (upgraded, newly installed, removed), or new lists when nothing else is asked for (modules/apt.py).
// Answer: changed, cache_updated, cache_update_time, failed, rc, stdout (text; apt's own words), step (what was tried).
// Not yet: wildcards, .deb files, upgrade, build-dep, default_release, autoremove, allow_*.
import { quote } from '../ssh/quote.js';
import { parseAnswer } from './answer.js';
import { explainApt } from './apt-errors.js';
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { assign, moduleScript } from './script.js';

/** Gigabytes over a slow line take hours. */
const LIMIT_MS = 24 * 60 * 60 * 1000;

const parameters = {
  name: { type: 'list', aliases: ['package', 'pkg'], default: [] },
  state: { type: 'string', choices: ['present', 'latest', 'absent'], default: 'present' },
  update_cache: { type: 'boolean', default: false, aliases: ['update-cache'] },
  cache_valid_time: { type: 'integer', default: 0 },
  install_recommends: { type: 'boolean', aliases: ['install-recommends'] },
  purge: { type: 'boolean', default: false },
  lock_timeout: { type: 'integer', default: 60 },
} as const satisfies Parameters;

const PACKAGE = /^[a-z0-9][a-z0-9+.-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?$/;
const NO_PACKAGE = { message: 'is not the name of a package', hint: 'name or name=version, without wildcards' };

const BODY = `
LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
export LC_ALL DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND
changed=false; updated=false; out=; step=
give_up() { answer; say changed "$changed"; say failed true; say step "$step"; say rc "$1"; tell stdout "$out"; finish; }
lists_time() { stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists 2>/dev/null || echo 0; }
apt_get() {
  until=$(($(date +%s) + lock))
  while :; do
    out=$(apt-get -q -y -o DPkg::Lock::Timeout="$lock" -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" 2>&1 </dev/null)
    rc=$?
    [ "$rc" != 0 ] || return 0
    case $out in *'are you root'*) return "$rc" ;; *'Could not get lock'*|*'Unable to lock'*|*'Unable to acquire the dpkg'*) ;; *) return "$rc" ;; esac
    [ "$(date +%s)" -lt "$until" ] || return "$rc"
    sleep 2
  done
}
step=look
command -v apt-get >/dev/null || give_up 127
before=$(lists_time)
if [ -n "$update" ] && [ "$((before + valid))" -lt "$(date +%s)" ] || { [ -n "$update" ] && [ "$valid" = 0 ]; }; then
  step=update
  if [ -n "$check" ]; then updated=true; else
    apt_get update || give_up "$?"
    case $out in *'Some index files failed to download'*|*'W: Failed to fetch'*) give_up 100 ;; esac
    [ "$(lists_time)" = "$before" ] || updated=true
  fi
fi
if [ "$#" = 0 ]; then changed=$updated; else
  step=look
  have=$(for p in "$@"; do printf '%s\\n' "\${p%%=*}"; done | xargs dpkg-query -W -f '|\${Package}|\${db:Status-Status}|\${Version}|\\n|\${Package}:\${Architecture}|\${db:Status-Status}|\${Version}|\\n' 2>/dev/null)
  for p in "$@"; do
    shift
    wanted="|$p|installed|"; any="|$p|"
    case $p in *=*) wanted="|\${p%%=*}|installed|\${p#*=}|" ;; esac
    case $state:$have in
    present:*"$wanted"*) ;;
    absent:*"$wanted"*) set -- "$@" "$p" ;;
    absent:*"$any"config-files*) [ -z "$purge" ] || set -- "$@" "$p" ;;
    absent:*) ;;
    *) set -- "$@" "$p" ;;
    esac
  done
  if [ "$#" != 0 ]; then
    step=install; verb=install
    [ "$state" != absent ] || { step=remove; verb=remove; [ -z "$purge" ] || verb=purge; }
    apt_get \${check:+-s} $recommends "$verb" -- "$@" || give_up "$?"
    case $out in *'0 upgraded, 0 newly installed, 0 to remove'*|*'0 upgraded, 0 newly installed, 0 downgraded, 0 to remove'*) ;; *) changed=true ;; esac
    if [ -z "$check" ] && [ "$step" = install ]; then apt-mark manual -- "$@" >/dev/null 2>&1; fi
  fi
fi
answer
say changed "$changed"
say cache_updated "$updated"
say cache_update_time "$(lists_time)"
tell stdout "$out"
`;

export const apt: PlaybookModule<typeof parameters> = {
  name: 'apt',
  parameters,
  checkWritten: ({ name }) => {
    const names = typeof name === 'string' ? name.split(',').map((one) => one.trim()) : Array.isArray(name) ? name : [];
    const wrong = names.find((one) => typeof one === 'string' && one !== '' && !one.includes('{{') && !PACKAGE.test(one));
    return wrong === undefined ? undefined : { message: `"${wrong}" ${NO_PACKAGE.message}`, parameter: 'name', hint: NO_PACKAGE.hint };
  },
  plan: (params, context) => {
    const names = params.name.filter((name) => name !== '');
    for (const name of names) if (!PACKAGE.test(name)) throw new ParameterError(`"${name}" ${NO_PACKAGE.message}`, 'name', NO_PACKAGE.hint);
    const { state, cache_valid_time: valid, lock_timeout: lock, purge } = params;
    const recommends = params.install_recommends === undefined ? undefined : `-oAPT::Install-Recommends=${params.install_recommends ? 'yes' : 'no'}`;
    // cache_valid_time alone asks for fresh lists too (modules/apt.py).
    const update = params.update_cache || valid > 0;
    const values = assign({ state, valid, lock, purge, update, recommends, check: context.check });
    const body = `${values}\nset -- ${names.map(quote).join(' ')}\n${BODY}`;
    return {
      kind: 'script',
      script: moduleScript('apt', { ...params, name: names }, context, body),
      timeoutMs: LIMIT_MS,
      parse: (result) => {
        const answer = parseAnswer('apt', result);
        const stdout = answer.text('stdout');
        const stdout_lines = stdout === '' ? [] : stdout.split('\n');
        if (answer.values.get('failed') === 'true') {
          const { message, hint } = explainApt(stdout, answer.values.get('step') ?? '', names);
          const values = { rc: Number(answer.values.get('rc')), stdout, stdout_lines, stderr: '', stderr_lines: [] };
          return { changed: answer.changed, failed: true, msg: message, ...(hint === undefined ? {} : { hint }), values };
        }
        const values = {
          cache_updated: answer.values.get('cache_updated') === 'true',
          cache_update_time: Number(answer.values.get('cache_update_time')),
          ...(names.length === 0 ? {} : { stdout, stdout_lines, stderr: '', stderr_lines: [] }),
        };
        return { changed: answer.changed, values, ...(context.diff && answer.changed && names.length > 0 ? { diff: { prepared: prepared(stdout_lines) } } : {}) };
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
