// What comes in: mode, owner and group as a task wants them for a path, the parameters that all modules of files share. What goes out: the sh
// functions that compare and set them, and what a path is now, under Ansible's names. Plain POSIX sh; programs as GNU and busybox both have them.
import { quote } from '../base/quote.js';
import type { Answer } from './answer.js';
import type { ModuleDiff } from './module.js';
import type { Parameters } from './params.js';
import { part } from './script.js';

const NO_SELINUX = { type: 'string' } as const;

export const ownership = {
  mode: { type: 'mode' },
  owner: { type: 'string' },
  group: { type: 'string' },
  attributes: { type: 'string', aliases: ['attr'], refused: 'use the module command with chattr' },
  // Where a host has no SELinux they say nothing, as with Ansible; where it has, the task fails.
  seuser: NO_SELINUX,
  serole: NO_SELINUX,
  setype: NO_SELINUX,
  selevel: NO_SELINUX,
  unsafe_writes: { type: 'boolean', default: false },
} as const satisfies Parameters;

export interface OwnershipParams {
  readonly mode: string | undefined;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly seuser: string | undefined;
  readonly serole: string | undefined;
  readonly setype: string | undefined;
  readonly selevel: string | undefined;
  readonly unsafe_writes: boolean;
}

/** For `assign`: what OWN and PUT read. */
export function ownershipWords({ mode, owner, group, seuser, serole, setype, selevel, unsafe_writes: unsafe }: OwnershipParams) {
  return { mode: mode === 'preserve' ? undefined : mode, owner, group, unsafe, selinux: [seuser, serole, setype, selevel].some((part) => part !== undefined) };
}

/** `symbolic BITS CLAUSES ISDIR` sets bits to the new octal digits (module_utils/basic.py, _symbolic_mode_to_octal). */
const SYMBOLIC = `
symbolic() {
  bits=$((0$1)); clauses=$2,
  while [ -n "$clauses" ]; do
    clause=\${clauses%%,*}; clauses=\${clauses#*,}
    who=\${clause%%[-+=]*}; rest=\${clause#"$who"}; keep=07777
    [ -n "$who" ] || keep=$((~$(umask) | 07000))
    case $who in ''|*a*) who=ugo ;; esac
    prior=$bits
    while [ -n "$rest" ]; do
      op=\${rest%"\${rest#?}"}; rest=\${rest#?}; perms=\${rest%%[-+=]*}; rest=\${rest#"$perms"}
      for u in u g o; do
        case $who in *$u*) ;; *) continue ;; esac
        case $u in u) at=6; all=04700 ;; g) at=3; all=02070 ;; o) at=0; all=01007 ;; esac
        add=0; p=$perms
        while [ -n "$p" ]; do
          one=\${p%"\${p#?}"}; p=\${p#?}
          case $one in
          r) add=$((add | 4 << at)) ;;
          w) add=$((add | 2 << at)) ;;
          x) add=$((add | 1 << at)) ;;
          X) if [ -n "$3" ] || [ $((prior & 0111)) != 0 ]; then add=$((add | 1 << at)); fi ;;
          s) case $u in u) add=$((add | 04000)) ;; g) add=$((add | 02000)) ;; esac ;;
          t) [ "$u" != o ] || add=$((add | 01000)) ;;
          u) add=$((add | (bits >> 6 & 7) << at)) ;;
          g) add=$((add | (bits >> 3 & 7) << at)) ;;
          o) add=$((add | (bits & 7) << at)) ;;
          esac
        done
        add=$((add & keep))
        case $op in =) bits=$((bits & (07777 ^ all) | add)) ;; +) bits=$((bits | add)) ;; -) bits=$((bits & ~add)) ;; esac
      done
    done
  done
  bits=$(printf %o "$bits")
}
`.trim();

const SEEN_FORMAT = 'uid=%u\ngid=%g\nmode=%a\nowner=%U\ngroup=%G\nsize=%s\nnlink=%h\nkind=%F';

/**
 * sh: asks what `own` and `info` would find out about these paths, with one process for all: for scripts behind it that change nothing.
 * A path that has another name for the host (a ~, a newline) is left to them. Cut up once, not searched: patterns over a long text take a shell longer than a process.
 */
export function seenScript(paths: readonly string[]): string {
  const plain = [...new Set(paths)].filter((path) => !path.startsWith('~') && !path.includes('\n'));
  if (plain.length < 2) return '';
  return `ft_seen=0 ft_newline='
'
IFS=$ft_newline; set -f
for ft_word in $(LC_ALL=C stat -c 'path=%n\n${SEEN_FORMAT}' -- ${plain.map(quote).join(' ')}); do
  case $ft_word in
  path=*) ft_seen=$((ft_seen + 1)); eval "ft_seen_path$ft_seen=\\\${ft_word#path=} ft_seen_is$ft_seen="; ft_between= ;;
  *) eval "ft_seen_is$ft_seen=\\$ft_seen_is$ft_seen\\$ft_between\\$ft_word"; ft_between=$ft_newline ;;
  esac
done
unset IFS; set +f
`;
}

/**
 * `expand NAME...` puts home directories where variables begin with ~, and the environment's values for $NAME, as for parameters of the type path.
 * It sets no other variable.
 */
export const EXPAND = `
# Of the environment, in $ft_word: $NAME and \${NAME}; what is not set stays as it is written (os.path.expandvars).
variables() {
  ft_rest=$ft_word; ft_word=
  while :; do
    case $ft_rest in *'$'*) ;; *) ft_word=$ft_word$ft_rest; return ;; esac
    ft_word=$ft_word\${ft_rest%%'$'*}; ft_rest=\${ft_rest#*'$'}
    case $ft_rest in
    '{'*'}'*) ft_var=\${ft_rest#'{'}; ft_var=\${ft_var%%'}'*}; ft_written="{$ft_var}" ;;
    *) ft_var=\${ft_rest%%[!A-Za-z0-9_]*}; ft_written=$ft_var ;;
    esac
    ft_rest=\${ft_rest#"$ft_written"}
    case $ft_var in ''|*[!A-Za-z0-9_]*) ft_word=$ft_word'$'$ft_written; continue ;; esac
    ft_value=$(printenv "$ft_var") && ft_word=$ft_word$ft_value || ft_word=$ft_word'$'$ft_written
  done
}
expand() {
  for ft_name; do
    eval 'ft_word=$'"$ft_name"
    case $ft_word in *'$'*) variables ;; esac
    case $ft_word in
    '~'|'~/'*) ft_word=$HOME\${ft_word#'~'} ;;
    '~'*) ft_user=\${ft_word%%/*}; ft_user=\${ft_user#'~'}; ft_house=$(getent passwd -- "$ft_user" | cut -d: -f6); [ -z "$ft_house" ] || ft_word=$ft_house\${ft_word#"~$ft_user"} ;;
    esac
    eval "$ft_name=\\$ft_word"
  done
}
`.trim();

/**
 * `own PATH` sets `changed=true` where mode, owner or group differ, and sets them unless `check` is set; `attrs` collects what differs, for --diff.
 * Needs the variables mode, owner, group (empty: leave alone), selinux, check. An owner may be a name or a number.
 * A name that the host does not know stops with an answer. The mode comes last: chown takes the setuid bit away.
 * `info PATH` answers what the path is; `info_seen` what it was when `own`
 * asked, where nothing but `own` has touched it since.
 */
export const OWN = part(`
${SYMBOLIC}
# Once for each path, until it is changed.
look_at() {
  [ "$seenof" != "$1" ] || [ -z "$seen" ] || return 0
  seenof=$1
  seen=; ft_at=\${ft_seen:-0}
  while [ "$ft_at" != 0 ]; do
    eval "[ \\"\\$1\\" != \\"\\$ft_seen_path$ft_at\\" ] || seen=\\$ft_seen_is$ft_at"
    ft_at=$((ft_at - 1))
  done
  [ -n "$seen" ] || seen=$(stat -c '${SEEN_FORMAT}' -- "$1")
}
was_of() { look_at "$2"; was=\${seen#*"$1="}; was=\${was%%"$ft_newline"*}; }
own() {
  seen=
  [ -z "$selinux" ] || [ ! -e /sys/fs/selinux/enforce ] || give_up "the host has SELinux, and its contexts are not supported yet (seuser, serole, setype, selevel)"
  if [ -n "$owner" ]; then
    uid=$(id -u -- "$owner" 2>/dev/null) || uid=$owner
    case $uid in *[!0-9]*) give_up "chown failed: failed to look up user $owner";; esac
    was_of uid "$1"
    if [ "$was" != "$uid" ]; then changed=true; attrs="$attrs owner:$was:$uid"; [ -n "$check" ] || seen=; [ -n "$check" ] || chown -h -- "$uid" "$1" || give_up "chown failed: $1"; fi
  fi
  if [ -n "$group" ]; then
    gid=$(getent group -- "$group" 2>/dev/null || grep "^$group:" /etc/group); gid=$(printf '%s\\n' "$gid" | cut -d: -f3 | head -n 1); gid=\${gid:-$group}
    case $gid in *[!0-9]*) give_up "chgrp failed: failed to look up group $group";; esac
    was_of gid "$1"
    if [ "$was" != "$gid" ]; then changed=true; attrs="$attrs group:$was:$gid"; [ -n "$check" ] || seen=; [ -n "$check" ] || chgrp -h -- "$gid" "$1" || give_up "chgrp failed: $1"; fi
  fi
  if [ -n "$mode" ] && [ ! -L "$1" ]; then
    was_of mode "$1"; bits=$mode; isdirectory=; [ ! -d "$1" ] || isdirectory=1
    case $mode in *[!0-7]*) symbolic "$was" "$mode" "$isdirectory" ;; esac
    # GNU chmod takes setuid and setgid from a folder only for a number of five digits.
    if [ "$was" != "$bits" ]; then changed=true; attrs="$attrs mode:$was:$bits"; [ -n "$check" ] || seen=; [ -n "$check" ] || chmod -- "0000$bits" "$1" || give_up "chmod failed: $1"; fi
  fi
}
${EXPAND}
# The x keeps newlines at the end.
real() { real=$(readlink -f -- "$1" && echo x) && real=\${real%??}; }
info() { seen=; info_seen "$1"; }
info_seen() {
  if [ ! -e "$1" ]; then [ -L "$1" ] || say state absent; return; fi
  look_at "$1"
  printf '%s\\n' "$seen"
}
# NAME=the bytes of PATH in base64, in one line.
coded() {
  printf '%s=' "$1"
  base64 -w 0 < "$2" 2>/dev/null || base64 < "$2" | tr -d '\\n'
  echo
}
give_up() {
  answer; say changed false; say failed true; tell msg "$1"; [ -z "$2" ] || say rc "$2"; finish
}
changed=false; attrs=; seen=; seenof=
LC_ALL=C; export LC_ALL
`);

/** What \`info\` answered, as Ansible adds it to every result that has a path or dest (module_utils/basic.py, add_path_info). */
export function pathInfo({ values }: Answer): Readonly<Record<string, unknown>> {
  const value = (name: string) => values.get(name) ?? '';
  const kind = value('kind');
  if (kind === '') return value('state') === 'absent' ? { state: 'absent' } : {};
  const state = kind === 'symbolic link' ? 'link' : kind === 'directory' ? 'directory' : Number(value('nlink')) > 1 ? 'hard' : 'file';
  const named = (name: string, id: string) => (value(name) === 'UNKNOWN' ? value(id) : value(name));
  return { uid: Number(value('uid')), gid: Number(value('gid')), owner: named('owner', 'uid'), group: named('group', 'gid'), mode: withZero(value('mode')), size: Number(value('size')), state };
}

/** As add_path_info and the diff have it (`0%03o`): five digits where a sticky or setuid bit is set. */
function withZero(octal: string): string {
  return `0${octal.padStart(3, '0')}`;
}

/** What `own` collected, as the two sides of a diff. */
export function attributeDiff(answer: Answer): { readonly before: Record<string, unknown>; readonly after: Record<string, unknown> } {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const word of (answer.values.get('attrs') ?? '').split(' ')) {
    const [name = '', was = '', is = ''] = word.split(':');
    if (name === '') continue;
    before[name] = name === 'mode' ? withZero(was) : Number(was);
    after[name] = name === 'mode' ? withZero(is) : Number(is);
  }
  return { before, after };
}

/** The second of two diffs, where the first is the content's. */
export function attributeDiffOf(path: string, answer: Answer): ModuleDiff {
  const { before, after } = attributeDiff(answer);
  const headers = { before_header: `${path} (file attributes)`, after_header: `${path} (file attributes)` };
  return Object.keys(before).length === 0 ? headers : { ...headers, before, after };
}
