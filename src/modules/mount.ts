// mount (ansible.posix): a line of /etc/fstab, and what is mounted. The steps are those of modules/mount.py, on Linux.
// Answer: changed, name, src, fstype, opts, passno, dump, fstab, backup_file.
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  path: { type: 'path', required: true, aliases: ['name'] },
  state: { type: 'string', required: true, choices: ['absent', 'absent_from_fstab', 'mounted', 'present', 'remounted', 'unmounted', 'ephemeral'] },
  src: { type: 'path' },
  fstype: { type: 'string' },
  opts: { type: 'string' },
  opts_no_log: { type: 'boolean', default: false },
  dump: { type: 'string', default: '0' },
  passno: { type: 'string', default: '0' },
  fstab: { type: 'path', default: '/etc/fstab' },
  boot: { type: 'boolean', default: true },
  backup: { type: 'boolean', default: false },
} as const satisfies Parameters;

const LOOK = `
answer
say changed false
if [ -f "$fstab" ]; then printf 'text='; base64 < "$fstab" | tr -d '\\n'; echo; fi
target=$(readlink -f -- "$path" 2>/dev/null); target=\${target:-$path}
while read -r _ _ _ folderthere where more; do
  [ "$(printf '%b' "$where")" = "$target" ] || continue
  mounted=1; more=\${more#* - }; more=\${more#* }; device=$(printf '%b' "\${more%% *}"); folder=$(printf "%b" "$folderthere")
done < /proc/self/mountinfo
say mounted "$mounted"
# mount shows the file behind a loop device.
case $device in /dev/loop*) ! read -r backing < "/sys/block/\${device#/dev/}/loop/backing_file" 2>/dev/null || device=$backing ;; esac
tell device "$device"
tell folder "$folder"
[ ! -e "$path" ] || say exists 1
`;

const CHANGE = `
# A table that names what cannot be mounted may keep the host from booting: both are as they were then.
not_mounted() {
  [ -z "$write" ] || printf %s "\${before%x}" > "$fstab"
  at=$path; while [ "$at" != "$kept" ] && rmdir -- "$at" 2>/dev/null; do at=\${at%/*}; done
  fail "Error mounting $path: $err$ft_newline"
}
mount_now() {
  if [ "$state" = ephemeral ]; then err=$(mount \${fstype:+-t "$fstype"} \${opts:+-o "$opts"} "$src" "$path" 2>&1)
  else case $fstab in /etc/fstab) err=$(mount "$path" 2>&1) ;; *) err=$(mount -T "$fstab" "$path" 2>&1) ;; esac; fi
}
# What cannot be mounted anew as it is, is taken away and mounted again, but where only some options were asked for (remount of modules/mount.py).
remount() {
  more=$opts
  case $state:$opts in mounted:*|remounted:defaults) more= ;; esac
  set -- -o "remount\${more:+,$more}"
  case $state:$fstab in ephemeral:*|*:/etc/fstab) ;; *) set -- "$@" -T "$fstab" ;; esac
  err=$(mount "$@" "$path" 2>&1) && return
  [ "$state" != remounted ] || [ -z "$more" ] || fail "Options were specified with remounted, but the remount command failed. Failing in order to prevent an unexpected mount result. Try replacing this command with a \\"state: unmounted\\" followed by a \\"state: mounted\\" using the full desired mount options instead."
  err=$(umount "$path" 2>&1) && mount_now
}
kept=$path
if [ -n "$write" ]; then
  before=$(cat "$fstab" 2>/dev/null; echo x)
  [ -z "$backup" ] || [ ! -e "$fstab" ] || { backupfile=$fstab.$$.$(date +%Y-%m-%d@%H:%M:%S~); cp -p -- "$fstab" "$backupfile"; }
  [ -e "$fstab" ] || { case $fstab in */*) mkdir -p -- "\${fstab%/*}" ;; esac; true > "$fstab" && chmod 644 "$fstab"; }
  cat > "$fstab" || fail "Error writing to $fstab"
fi
case $do in
*unmount*) err=$(umount "$path" 2>&1) || fail "Error unmounting $path: $err$ft_newline" ;;
esac
case $do in
*rmdir*) [ ! -d "$path" ] || rmdir -- "$path" 2>/dev/null || case $(ls -A -- "$path" 2>/dev/null) in '') fail "Error rmdir $path" ;; esac ;;
esac
case $do in
*mkdir*)
  path=\${path%/}; kept=$path
  while [ ! -e "$kept" ]; do case $kept in */*) kept=\${kept%/*} ;; *) break ;; esac; done
  [ -d "$path" ] || mkdir -p -- "$path" || fail "Error making dir $path" ;;
esac
case $do in
*remount*) remount || case $state in remounted) fail "Error remounting $path: $err$ft_newline" ;; *) not_mounted ;; esac ;;
*mountit*) mount_now || not_mounted ;;
esac
answer
say changed true
tell backupfile "$backupfile"
`;

const OTHER_SOURCE = 'Ephemeral mount point is already mounted with a different source than the specified one. Failing in order to prevent an unwanted unmount or override operation. Try replacing this command with a "state: unmounted" followed by a "state: ephemeral", or use a different destination path.';

export const mount: PlaybookModule<typeof parameters> = {
  name: 'mount',
  collection: 'ansible.posix',
  parameters,
  checkWritten: ({ state, ...written }) => {
    const needed = { mounted: ['src', 'fstype'], present: ['src', 'fstype'], ephemeral: ['src', 'fstype'] }[String(state)];
    const missing = needed?.filter((name) => !(name in written)) ?? [];
    return missing.length === 0 ? undefined : { message: `state is ${String(state)} but all of the following are missing: ${missing.join(', ')}` };
  },
  plan: (params, context) => {
    const { path, state, src, fstype, fstab, dump, passno } = params;
    const written = params.opts ?? 'defaults';
    const opts = params.boot || /(^|,)noauto(,|$)/.test(written) ? written : `${written},noauto`;
    const warnings = params.boot && /(^|,)noauto(,|$)/.test(written) ? ["Ignore the 'boot' due to 'opts' contains 'noauto'."] : [];
    const shown = { path, state, src, fstype };
    return planScript({ module: 'mount', shown, words: { path, fstab, mounted: '', device: '', folder: '' }, body: `${FAIL}\n${LOOK}` }, context, (answer) => {
      const text = Buffer.from(answer.values.get('text') ?? '', 'base64').toString('utf8');
      const isMounted = answer.values.get('mounted') === '1';
      const exists = answer.values.get('exists') === '1';
      const isSet = state === 'mounted' || state === 'present';
      const table = isSet ? withEntry(text, { src: src ?? '', path, fstype: fstype ?? '', opts, dump, passno }) : state === 'absent' || state === 'absent_from_fstab' ? withoutEntry(text, path, src) : text;
      const writes = table !== text;
      const steps: string[] = [];
      if (state === 'absent') steps.push(...(isMounted ? ['unmount'] : []), ...(exists && (isMounted || writes) ? ['rmdir'] : []));
      if (state === 'unmounted' && isMounted) steps.push('unmount');
      if (state === 'mounted') steps.push(...(exists ? [] : ['mkdir']), ...(isMounted ? (writes ? ['remount'] : []) : ['mountit']));
      if (state === 'remounted') steps.push('remount');
      if (state === 'ephemeral' && isMounted && src !== answer.text('device') && src !== answer.text('folder')) {
        return { changed: false, failed: true, msg: OTHER_SOURCE };
      }
      if (state === 'ephemeral') steps.push(...(exists ? [] : ['mkdir']), isMounted ? 'remount' : 'mountit');
      const changed = writes || steps.length > 0;
      const values = { name: path, ...(src === undefined ? {} : { src }), ...(fstype === undefined ? {} : { fstype }), opts: params.opts_no_log ? 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER' : opts, boot: params.boot ? 'yes' : 'no', dump, passno, fstab };
      const result = { changed, values: { ...values, backup_file: '' }, warnings };
      if (!changed || context.check) return result;
      const words = { path, state, fstab, src, fstype, opts: params.opts, write: writes, backup: params.backup, do: steps.join(' '), backupfile: '' };
      return planScript({ module: 'mount', shown, words, body: `${FAIL}\n${CHANGE}`, input: Buffer.from(table) }, context, (last) => ({ changed: true, values: { ...values, backup_file: last.text('backupfile') }, warnings }));
    });
  },
};

interface Entry {
  readonly src: string;
  readonly path: string;
  readonly fstype: string;
  readonly opts: string;
  readonly dump: string;
  readonly passno: string;
}

/** fstab's fields have no spaces. */
const escaped = (field: string) => field.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('\t', '\\011');

function fieldsOf(line: string): string[] | undefined {
  const bare = line.trim();
  if (bare === '' || bare.startsWith('#')) return undefined;
  const fields = bare.split(/\s+/);
  return fields.length >= 4 && fields.length <= 6 ? fields : undefined;
}

function withEntry(text: string, entry: Entry): string {
  const wanted = [entry.src, entry.path, entry.fstype, entry.opts].map(escaped).concat(entry.dump, entry.passno);
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  let isThere = false;
  const out = lines.map((line) => {
    const fields = fieldsOf(line);
    if (fields === undefined || fields[1] !== wanted[1]) return line;
    if (entry.path === 'none' && fields[0] !== wanted[0]) return line;
    isThere = true;
    // Ansible writes the last two where they are missing.
    return wanted.every((field, index) => field === fields[index]) ? line : `${wanted.join(' ')}\n`;
  });
  if (isThere) return out.join('');
  const last = out.at(-1);
  if (last !== undefined && !last.endsWith('\n')) out[out.length - 1] = `${last}\n`;
  return [...out, `${wanted.join(' ')}\n`].join('');
}

function withoutEntry(text: string, path: string, src: string | undefined): string {
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).filter((line) => {
    const fields = fieldsOf(line);
    return fields === undefined || fields[1] !== escaped(path) || (src !== undefined && fields[0] !== escaped(src));
  }).join('');
}
