// What comes in: bytes on a script's standard input. What goes out: the file that holds them.
// Guaranteed: the file is replaced whole (a temporary one beside it, renamed), or with `unsafe_writes`, where that fails, written into; it keeps mode,
// owner and group of the one before, or gets what the umask leaves; `validate` has seen it first; the backup has the old file's name, the process and the
// time (module_utils/basic.py, backup_local).
import { quote } from '../base/quote.js';
import { ParameterError } from './params.js';
import { splitWords } from './words.js';
import { part } from './script.js';

/**
 * `put PATH` (no link, not a directory) needs the variables sum (SHA-256 of what must arrive), backup and unsafe; the function `validate FILE` (below)
 * and OWN. It answers failures itself; afterwards `backupfile` is the backup's name. The process's number is not asked of the shell: a script that does runs
 * in a shell of its own (ssh/shell-loop.ts). What `spare` names goes with the script, whatever its end.
 */
export const PUT = part(`
put() {
  case $1 in -*) set -- "./$1" ;; esac
  case $1 in */*) dir=\${1%/*}; dir=\${dir:-/} ;; *) dir=. ;; esac
  [ -d "$dir" ] || give_up "Destination directory $dir does not exist"
  mask=$(umask)
  umask 077
  tmp=$(mktemp "$dir/.fleet-tap.XXXXXXXX" 2>/dev/null) || { [ -n "$unsafe" ] && tmp=$(mktemp); } || give_up "Destination $dir not writable"
  trap 'rm -f -- "$tmp"; no_spare' EXIT
  cat > "$tmp" || give_up "cannot write $tmp"
  [ "$(sha256sum < "$tmp" | cut -c1-64)" = "$sum" ] || give_up "the content did not arrive whole"
  umask "$mask"
  if [ -e "$1" ] && [ ! -L "$1" ]; then chmod "$(stat -c %a -- "$1")" "$tmp"
  else chmod "$(printf %o "$((0666 & ~$mask))")" "$tmp"; fi
  validate "$tmp"
  [ -z "$backup" ] || [ ! -e "$1" ] || { read -r number rest < /proc/self/stat; backupfile=$1.$number.$(date +%Y-%m-%d@%H:%M:%S~); cp -p -- "$1" "$backupfile" || give_up "Could not make backup of $1 to $backupfile"; }
  if [ -e "$1" ] && [ ! -L "$1" ]; then
    bits=$(stat -c %a -- "$1"); chown "$(stat -c %u:%g -- "$1")" "$tmp" 2>/dev/null; chmod "$bits" "$tmp"
  fi
  own "$tmp"
  if [ -z "$unsafe" ]; then mv -fT -- "$tmp" "$1" || give_up "cannot put the file at $1"
  elif ! mv -fT -- "$tmp" "$1" 2>/dev/null; then # what is mounted there cannot be replaced
    cat "$tmp" > "$1" || give_up "cannot write into $1"
    rm -f -- "$tmp"; seen=; own "$1"
  fi
  trap no_spare EXIT
}
no_spare() { [ -z "$spare" ] || rm -rf -- "$spare"; }
backupfile=; spare=
`);

/**
 * The function that PUT calls: the program of `validate:` with the file's name for %s; or nothing.
 * @param rule how a failure is told: copy's way, or that of lineinfile and its like
 * @throws ParameterError
 */
export function validation(validate: string | undefined, rule: 'copy' | 'edit'): string {
  if (validate === undefined) return 'validate() { :; }';
  const command = splitWords(validate).map((word) => word.split('%s').map((part) => quote(part.replaceAll('%%', '%'))).join('"$1"')).join(' ');
  const told = rule === 'copy' ? 'say exit_status "$rc"; tell stdout "$out"; tell stderr "$err"; tell msg "failed to validate"' : 'tell msg "failed to validate: rc:$rc error:$err"';
  return `validate() {
  out=$(${command} 2>"$tmp.err" </dev/null; echo "x$?"); rc=\${out##*x}; out=\${out%x*}
  err=$(cat "$tmp.err"; echo x); err=\${err%x}; rm -f -- "$tmp.err"
  [ "$rc" = 0 ] || { answer; say changed false; say failed true; ${told}; finish; }
}`;
}

export function checkValidate(validate: unknown): { message: string; parameter: string; hint: string } | undefined {
  if (typeof validate !== 'string' || validate.includes('%s') || validate.includes('{{')) return undefined;
  return { message: `validate must contain %s: ${validate}`, parameter: 'validate', hint: 'the name of the new file is put where %s stands' };
}

/** @throws ParameterError where only the rendered text shows that there is no %s */
export function requireValidate(validate: string | undefined): void {
  if (validate !== undefined && !validate.includes('%s')) throw new ParameterError(`validate must contain %s: ${validate}`, 'validate');
}
