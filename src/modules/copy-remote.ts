// copy with remote_src: a file or folder of the host is copied to another place there. The steps are those of modules/copy.py.
// Answer: changed, dest, src, checksum, what dest is now, backup_file; failed, msg.
import { parseAnswer } from './answer.js';
import type { copyParameters } from './copy-parameters.js';
import type { ModuleContext, ModulePlan } from './module.js';
import { OWN, ownershipWords, pathInfo } from './ownership.js';
import type { ParamsOf } from './params.js';
import { MAKE_FOLDERS, withFolder } from './place.js';
import { PUT, requireValidate, validation } from './put.js';
import { assign, moduleScript } from './script.js';

const BODY = `
expand src dest
[ -e "$src" ] || give_up "Source $src not found"
[ -r "$src" ] || give_up "Source $src not readable"
[ -z "$preserve" ] || mode=$(stat -L -c %a -- "$src")
# Owner and group, where they are given, of all below.
chown_all() {
  keep=$mode; mode=
  if [ -n "$owner$group" ] && { [ -e "$1" ] || [ -L "$1" ]; }; then find "$1" > "$list"; while IFS= read -r one; do own "$one"; done < "$list"; fi
  mode=$keep
}
copy_file() { # FROM TO: bytes, mode of the source
  changed=true
  [ -z "$check" ] || return 0
  if [ -L "$1" ] && [ -z "$localfollow" ]; then rm -f -- "$2"; ln -s -- "$(readlink -- "$1")" "$2"; return; fi
  cat < "$1" > "$2" && chmod "$(stat -L -c %a -- "$1")" "$2" || give_up "failed to copy: $1 to $2"
}
merge() { # FROM TO: what is new and what differs; what is there besides stays
  if [ ! -d "$2" ]; then
    changed=true
    [ -z "$check" ] || return 0
    mkdir -p -- "$2" && chmod "0000$(stat -L -c %a -- "$1")" "$2"
  fi
  for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    if [ -L "$f" ] && [ -z "$localfollow" ]; then
      [ -L "$2/\${f##*/}" ] && [ "$(readlink -- "$f")" = "$(readlink -- "$2/\${f##*/}")" ] || copy_file "$f" "$2/\${f##*/}"
    elif [ -d "$f" ]; then merge "$f" "$2/\${f##*/}"
    elif [ ! -e "$2/\${f##*/}" ] || ! cmp -s -- "$f" "$2/\${f##*/}"; then copy_file "$f" "$2/\${f##*/}"; fi
  done
}
make_dest() { # what ends with a slash is a folder
  case $dest in */) ;; *) return 0 ;; esac
  [ ! -d "$dest" ] || return 0
  if [ -n "$check" ]; then answer; say changed true; tell msg "dest directory \${dest%/} would be created"; tell target "$dest"; finish; fi
  mkdirs "\${dest%/}"; changed=true
}
backupfile=
if [ -d "$src" ]; then
  make_dest
  place=$dest
  if [ -d "$dest" ]; then place=\${dest%/}/\${src##*/}; fi
  list=$(mktemp) || give_up "no temporary file"
  trap 'rm -f -- "$list"' EXIT
  case $src in
  */) target=$dest ;;
  *) target=\${dest%/}/\${src##*/} ;;
  esac
  [ "$target" = / ] || target=\${target%/}
  merge "\${src%/}" "$target"
  chown_all "$target"
  target=$place
  if [ -e "$target" ] && [ -n "$mode" ]; then owner=; group=; own "$target"; fi
else
  [ -f "$src" ] || give_up "Cannot copy invalid source '$src': not a file"
  sha1=$(sha1sum < "$src" | cut -c1-40)
  [ -z "$checksum" ] || [ "$checksum" = "$sha1" ] || give_up "Copied file does not match the expected checksum. Transfer failed."
  target=$dest
  make_dest
  [ ! -d "$target" ] || target=\${target%/}/\${src##*/}
  if [ -e "$target" ]; then
    if [ -L "$target" ] && [ -n "$follow" ]; then real "$target"; target=$real; fi
    [ -n "$force" ] || { answer; say changed false; tell msg "file already exists"; tell target "$target"; info "$target"; finish; }
  else
    case $target in */*) folder=\${target%/*}; folder=\${folder:-/} ;; *) folder=. ;; esac
    [ -d "$folder" ] || give_up "Destination directory $folder does not exist"
  fi
  if [ -L "$target" ] || [ ! -f "$target" ] || [ "$(sha1sum < "$target" | cut -c1-40)" != "$sha1" ]; then
    changed=true
    if [ -z "$check" ]; then
      sum=$(sha256sum < "$src" | cut -c1-64)
      put "$target" < "$src"
      # As shutil.copystat: a new file has the source's times; its mode is a new file's (atomic_move).
      touch -r "$src" -- "$target"
    fi
  else own "$target"; fi
fi
answer
say changed "$changed"
tell target "$target"
tell src "$src"
tell backupfile "$backupfile"
say checksum "$sha1"
[ -z "$sha1" ] || say md5sum "$(md5sum < "$src" | cut -c1-32)"
info "$target"
`;

export function planRemoteCopy(params: ParamsOf<typeof copyParameters>, src: string, context: ModuleContext): ModulePlan {
  const { dest, backup, force, follow, checksum, local_follow: localfollow, directory_mode: dirmode } = params;
  requireValidate(params.validate);
  const words = assign({ src, dest, backup, force, follow, checksum, localfollow, dirmode, preserve: params.mode === 'preserve', sha1: '', ...ownershipWords(params), check: context.check });
  return {
    kind: 'script',
    script: moduleScript('copy', { src, dest, remote_src: true }, context, `${words}\n${OWN}\n${MAKE_FOLDERS}\n${validation(params.validate, 'copy')}\n${PUT}\n${BODY}`),
    parse: (result) => {
      const answer = parseAnswer('copy', result);
      if (answer.values.get('failed') === 'true') return { changed: answer.changed, failed: true, msg: answer.text('msg') };
      const msg = answer.text('msg');
      const backupFile = answer.text('backupfile');
      const sha1 = answer.values.get('checksum') ?? '';
      const now = answer.values.get('state') === 'absent' ? {} : pathInfo(answer);
      const named = now.state === 'directory' ? (path: string) => path : withFolder;
      const values = { dest: named(answer.text('target')), src: answer.text('src') || src, ...(msg !== '' && sha1 === '' ? {} : { checksum: sha1 || null, md5sum: answer.values.get('md5sum') ?? null }), ...now, ...(backupFile === '' ? {} : { backup_file: named(backupFile) }) };
      return { changed: answer.changed, ...(msg === '' ? {} : { msg }), values };
    },
  };
}
