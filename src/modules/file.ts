// file: what a path is (absent, a directory, a link, a hard link, an existing file), with mode, owner, group and times. The steps are those of
// modules/file.py. Answer: changed, path or dest and src, what the path is now, failed, msg; and both sides of the diff.
import { type Answer, parseAnswer } from './answer.js';
import type { PlaybookModule } from './module.js';
import { attributeDiff, OWN, ownership, ownershipWords, pathInfo } from './ownership.js';
import type { Parameters } from './params.js';
import { assign, moduleScript, part } from './script.js';
import { walkOrder } from './walk-order.js';

const TIME_FORMAT = '%Y%m%d%H%M.%S';
const NO_FORMAT = `write the time as ${TIME_FORMAT}`;

const parameters = {
  path: { type: 'path', required: true, aliases: ['dest', 'name'] },
  state: { type: 'string', choices: ['absent', 'directory', 'file', 'hard', 'link', 'touch'] },
  src: { type: 'path' },
  recurse: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  follow: { type: 'boolean', default: true },
  modification_time: { type: 'string' },
  modification_time_format: { type: 'string', default: TIME_FORMAT, refused: NO_FORMAT },
  access_time: { type: 'string' },
  access_time_format: { type: 'string', default: TIME_FORMAT, refused: NO_FORMAT },
  ...ownership,
} as const satisfies Parameters;

const BODY = part(`
expand path src
# What the path is belongs to a failure, too.
give_up() {
  answer; say changed false; say failed true; tell msg "$1"; say told "$blamed"; tell path "\${leadsto:-$path}"
  [ -z "$blamedsrc" ] || tell src "$src"
  if [ -e "$path" ] || [ "$state" = file ]; then info "\${leadsto:-$path}"; fi
  [ -z "$made" ] || rm -f -- "$made"
  finish
}
# made: a file that goes again where its owner or mode cannot be set.
# leadsto: what is really set, where a link is followed.
blamed=path; blamedsrc=; made=; leadsto=
state_of() {
  if [ -L "$1" ]; then was=link; elif [ -d "$1" ]; then was=directory
  elif [ -e "$1" ]; then was_of nlink "$1"; if [ "$was" = 1 ]; then was=file; else was=hard; fi
  else was=absent; fi
}
follow_link() { [ -n "$follow" ] && [ -L "$path" ] || return 0; real "$path" && path=$real; state_of "$path"; }
same() { [ "$(stat -c %d:%i -- "$1")" = "$(stat -L -c %d:%i -- "$2" 2>/dev/null)" ]; }
seconds() { s=$(stat -c "$1" -- "$2" 2>/dev/null); printf '%s\\n' "\${s%.000000000}"; }
# A time is preserve, now, or what touch -t takes, with all its digits. TIME, touch's letter, stat's letter, PATH.
set_time() {
  case $1 in
  preserve) return ;;
  now) ;;
  *)
    case $1 in ????????????.??) ;; *) false ;; esac && probe=$(mktemp) && touch -t "$1" "$probe" 2>/dev/null || { rm -f "$probe"; give_up "Error while obtaining timestamp for time $1 using format ${TIME_FORMAT}"; }
    wanted=$(seconds %Y "$probe"); rm -f "$probe"
    is=$(seconds "%.9$3" "$4"); case $is in *[!0-9.]*|'') is=$(seconds "%$3" "$4") ;; esac
    [ "$wanted" != "$is" ] || return 0 ;;
  esac
  changed=true
  [ -z "$check" ] || return 0
  if [ "$1" = now ]; then touch -c "-$2" -- "$4"; else touch -c "-$2" -t "$1" -- "$4"; fi || give_up "Error while updating modification or access time"
}
set_times() {
  # Both at once: that is allowed to whoever may write to the file.
  if [ "$mtime$atime" = nownow ]; then
    changed=true
    [ -n "$check" ] || touch -c -- "$1" || give_up "Error while updating modification or access time"
  else set_time "$mtime" m Y "$1"; set_time "$atime" a X "$1"; fi
}
attributes() { own "$1"; set_times "$1"; }
# Folders above that are not there get the same mode, owner and group.
make() {
  case $1 in */) make "\${1%/}"; return ;; */*) [ -z "\${1%/*}" ] || [ -d "\${1%/*}/" ] || make "\${1%/*}" ;; esac
  mkdir -- "$1" 2>/dev/null || [ -d "$1" ] || give_up "There was an issue creating $1 as requested"
  attributes "$1"
}
# All below a folder; what links lead to as well, where they are followed.
walk() {
  for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    attributes "$f"
    if [ ! -L "$f" ]; then [ ! -d "$f" ] || walk "$f"
    elif [ -n "$follow" ] && [ -e "$f" ]; then real "$f"; attributes "$real"; [ ! -d "$real" ] || walk "$real"; fi
  done
}
# Most often nothing differs: one find says so.
differs() {
  case $path in -*) path=./$path ;; esac
  case $mode$mtime$atime in *[!0-7]*) [ "$mtime$atime" = preservepreserve ] || return 0; case $mode in *[!0-7]*) return 0 ;; esac ;; esac
  [ -z "$follow" ] || [ -z "$(find "$path" -type l | head -n 1)" ] || return 0
  [ -z "$owner" ] || [ -z "$(find "$path" ! -user "$owner" 2>&1 | head -n 1)" ] || return 0
  [ -z "$group" ] || [ -z "$(find "$path" ! -group "$group" 2>&1 | head -n 1)" ] || return 0
  [ -z "$mode" ] || [ -z "$(find "$path" ! -type l ! -perm "$mode" 2>&1 | head -n 1)" ] || return 0
  return 1
}
replace_with() { # MAKE-LINK words: a link of a temporary name, renamed
  t=$(mktemp -u -- "$(dirname -- "$path")/.fleet-tap.XXXXXXXX") || give_up "Error while replacing: $path"
  [ "$was" != directory ] || rmdir -- "$path" || give_up "Error while replacing: $path"
  "$@" "$src" "$t" && mv -fT -- "$t" "$path" || { rm -f -- "$t"; give_up "Error while replacing: $path"; }
}

# A source's name inside of a folder.
if [ "$state" != link ] && [ "$state" != absent ] && [ -d "$path" ] && [ -n "$src" ]; then path=\${path%/}/\${src##*/}; fi
state_of "$path"
if [ -z "$state" ]; then
  if [ "$was" != absent ]; then state=$was; elif [ -n "$recurse" ]; then state=directory; else state=file; fi
fi
[ -z "$recurse" ] || [ "$state" = directory ] || give_up "recurse option requires state to be 'directory'"
case $state in link|hard) ;; *) [ -z "$src" ] || give_up "src option requires state to be 'link' or 'hard'" ;; esac
if [ "$state" = touch ]; then default=now; else default=preserve; fi
mtime=\${mtime:-$default}; atime=\${atime:-$default}
[ "$state" != link ] || [ -n "$src" ] || [ -z "$follow" ] || [ ! -e "$path" ] || [ "$was" != link ] || src=$(readlink -- "$path")
old=$was; told=path
case $state in
absent)
  if [ "$was" != absent ]; then
    changed=true
    if [ -n "$wantdiff" ] && [ "$was" = directory ]; then content=$(find "$path" -mindepth 1 -exec sh -c 'for f; do if [ -d "$f" ]; then echo "d$f"; else echo "f$f"; fi; done' sh {} +); fi
    [ -n "$check" ] || rm -rf -- "$path" || give_up "rmtree failed: $path"
  fi ;;
directory)
  follow_link; old=$was
  case $was in
  directory)
    attributes "$path"
    # A diff tells of the folder alone.
    if [ -n "$recurse" ] && differs; then kept=$attrs; walk "$path"; attrs=$kept; fi ;;
  absent) changed=true; [ -n "$check" ] || make "$path" ;;
  *) give_up "$path already exists as a $was" ;;
  esac ;;
file|hard_existing)
  [ "$was" = file ] || follow_link; old=$was
  case $was in file|hard) ;; *) give_up "file ($path) is $was, cannot continue" ;; esac
  state=$was
  attributes "$path" ;;
touch)
  told=dest
  if [ "$was" = absent ]; then
    changed=true
    if [ -z "$check" ]; then true > "$path" || give_up "Error, could not touch target."; made=$path; attributes "$path"; fi
  else attributed=$path; if [ -L "$path" ]; then real "$path" && attributed=$real; fi; attributes "$attributed"; fi ;;
link)
  told=dest
  case $src in /*) full=$src ;; *) if [ ! -L "$path" ] && [ -d "$path" ]; then full=$path/$src; else full=$(dirname -- "$path")/$src; fi ;; esac
  [ -n "$force" ] || [ -z "$src" ] || [ -e "$full" ] || { blamedsrc=1; give_up "src file does not exist, use 'force=yes' if you really want to create the link: $full"; }
  case $was in
  directory)
    [ -n "$force" ] || give_up "refusing to convert from directory to symlink for $path"
    [ -z "$(ls -A -- "$path")" ] || give_up "the directory $path is not empty, refusing to convert it" ;;
  file|hard) [ -n "$force" ] || give_up "refusing to convert from $was to symlink for $path" ;;
  esac
  if [ "$was" = link ]; then
    oldsrc=$(readlink -- "$path")
    [ -z "$src" ] || [ "$oldsrc" = "$src" ] || changed=true
  else
    [ -n "$src" ] || give_up "src is required for creating new symlinks"
    changed=true
  fi
  if [ "$changed" = true ] && [ -z "$check" ]; then
    if [ "$was" = absent ]; then ln -s -- "$src" "$path" || give_up "Error while linking: $path"; else replace_with ln -s --; fi
  fi
  if [ -z "$check" ] || [ -e "$path" ]; then
    attributed=$path
    if [ -n "$follow" ] && [ -L "$path" ]; then
      if [ -e "$path" ] && [ "$mode$owner$group$selinux$mtime$atime" = preservepreserve ]; then attributed=
      elif [ -e "$path" ]; then real "$path"; attributed=$real; leadsto=$real; else attributed=; say_warning=1; fi
    fi
    [ -z "$attributed" ] || attributes "$attributed"
  fi ;;
hard)
  told=dest; blamed=dest; blamedsrc=1
  [ "$was" = hard ] || [ -n "$src" ] || give_up "src is required for creating new hardlinks"
  [ -z "$src" ] || [ -e "$src" ] || give_up "src does not exist"
  case $was in
  absent) changed=true ;;
  link) oldsrc=$(readlink -- "$path"); [ "$oldsrc" = "$src" ] || changed=true ;;
  hard) if [ -n "$src" ] && ! same "$path" "$src"; then changed=true; [ -n "$force" ] || give_up "Cannot link, different hard link exists at destination"; fi ;;
  file) changed=true; [ -n "$force" ] || give_up "Cannot link, file exists at destination" ;;
  directory) same "$path" "$src" || give_up "Cannot link: different hard link exists at destination" ;;
  esac
  if [ "$changed" = true ] && [ -z "$check" ]; then
    if [ "$was" = absent ]; then ln -- "$src" "$path" || give_up "Error while linking: $path"; else replace_with ln --; fi
  fi
  if [ -z "$check" ] || [ -e "$path" ]; then attributes "$path"; fi ;;
esac
answer
say changed "$changed"
say attrs "$attrs"
say was "$old"
say wanted "$state"
say told "$told"
tell path "$path"
tell src "$src"
tell oldsrc "$oldsrc"
say warned "$say_warning"
[ -z "$content" ] || tell content "$content"
info_seen "$path"
`);

/** Python's strptime takes one digit where TIME_FORMAT has two; touch does not. What neither takes stays as it is. */
function paddedTime(time: string | undefined): string | undefined {
  const parts = /^(\d{4})(1[0-2]|0[1-9]|[1-9])(3[01]|[12]\d|0[1-9]|[1-9])(2[0-3]|[01]\d|\d)([0-5]\d|\d)\.(6[01]|[0-5]\d|\d)$/.exec(time ?? '');
  if (parts === null) return time;
  const [, year, ...others] = parts;
  const [month, day, hour, minute, second] = others.map((part) => part.padStart(2, '0'));
  return `${year}${month}${day}${hour}${minute}.${second}`;
}

export const file: PlaybookModule<typeof parameters> = {
  name: 'file',
  parameters,
  ahead: 'looks',
  checkWritten: ({ state, src, recurse }) => {
    if (recurse === true && typeof state === 'string' && state !== 'directory') return { message: "recurse option requires state to be 'directory'", parameter: 'recurse' };
    if (src !== undefined && typeof state === 'string' && !['link', 'hard', 'absent'].includes(state)) return { message: "src option requires state to be 'link' or 'hard'", parameter: 'src' };
    return undefined;
  },
  plan: (params, context) => {
    const { path, state, src, recurse, force, follow } = params;
    const words = { wantdiff: context.diff, path, state, src, recurse, force, follow, mtime: paddedTime(params.modification_time), atime: paddedTime(params.access_time), ...ownershipWords(params) };
    const shown = { path, state, src, mode: params.mode, owner: params.owner, group: params.group };
    const script = (check: boolean) => moduleScript('file', shown, context, `${assign({ ...words, check })}\noldsrc=; say_warning=; content=\n${OWN}\n${BODY}`);
    return {
      kind: 'script',
      script: script(context.check),
      look: script(true),
      leavesNothing: true,
      seen: state === 'absent' ? undefined : path,
      parse: (result) => {
        const answer = parseAnswer('file', result);
        if (answer.values.get('failed') === 'true') return { changed: false, failed: true, msg: answer.text('msg'), values: failureValues(answer) };
        const where = answer.text('path');
        const wanted = answer.values.get('wanted') ?? '';
        const was = answer.values.get('was') ?? '';
        const source = answer.text('src');
        const { before, after } = attributeDiff(answer);
        const oldSource = answer.text('oldsrc');
        const states = was === wanted ? [{}, {}] : [{ state: was, ...(was === 'directory' && wanted === 'absent' ? contentOf(where, answer.text('content')) : {}) }, { state: wanted }];
        const sources = oldSource === '' || oldSource === source ? [{}, {}] : [{ src: oldSource }, { src: source }];
        const diff = { before: { path: where, ...states[0], ...sources[0], ...before }, after: { path: where, ...states[1], ...sources[1], ...after } };
        const values = { [answer.values.get('told') ?? 'path']: where, ...(source === '' ? {} : { src: source }), ...(wanted === 'absent' || answer.values.get('state') !== 'absent' ? pathInfo(answer) : {}) };
        // Ansible stops before it has looked at what differs.
        const isUntold = wanted === 'absent' ? !answer.changed : context.check && wanted === 'touch' && was === 'absent';
        const warnings = answer.values.get('warned') === '1' ? ['Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this.'] : [];
        return { changed: answer.changed, values, warnings, ...(!context.diff || isUntold ? {} : { diff }) };
      },
    };
  },
};

/** Of a path that is there, what it is; of a link, where it was to lead. */
function failureValues(answer: Answer): Readonly<Record<string, unknown>> {
  const source = answer.text('src');
  return { [answer.values.get('told') ?? 'path']: answer.text('path'), ...(source === '' ? {} : { src: source }), ...pathInfo(answer) };
}

/** What goes with a folder: a letter for its kind before each path. */
function contentOf(root: string, listed: string): Readonly<Record<string, unknown>> {
  const entries = walkOrder(root, listed.split('\n').filter((line) => line !== '').map((line) => ({ path: line.slice(1), isFolder: line.startsWith('d') })));
  const paths = (isFolder: boolean) => entries.filter((entry) => entry.isFolder === isFolder).map(({ path }) => path);
  return { path_content: { directories: paths(true), files: paths(false) } };
}
