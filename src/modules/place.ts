// What copy and template have in common: bytes of the controller become a file of the host, with mode, owner and group.
// Guaranteed: one round trip when nothing differs; small contents travel with the question, larger ones only when they are wanted.
// Answer: changed, dest, checksum (SHA-1, as Ansible's), what the file is now, backup_file; failed, msg.
import { createHash } from 'node:crypto';
import { parseAnswer } from './answer.js';
import type { ModuleContext, ModuleDiff, ModulePlan, ModuleResult } from './module.js';
import { attributeDiff, OWN, type OwnershipParams, ownershipWords, pathInfo } from './ownership.js';
import { PUT, requireValidate, validation } from './put.js';
import { assign, moduleScript, part } from './script.js';

/** Up to here asking first would cost more than sending. */
const SENT_AT_ONCE_BYTES = 32 * 1024;
/** MAX_FILE_SIZE_FOR_DIFF of Ansible. */
const DIFF_LIMIT_BYTES = 104_448;
/** Ansible says it before it has a checksum. */
const CONTENT_IN_FOLDER = 'can not use content with a dir as dest';

export interface Placed {
  readonly module: string;
  readonly bytes: Buffer;
  readonly dest: string;
  /** The file's name inside of `dest`, when that is a folder; '' when the bytes have none. */
  readonly base: string;
  /** Of the new side of the diff; undefined: the destination. */
  readonly source: string | undefined;
  readonly force: boolean;
  readonly follow: boolean;
  readonly backup: boolean;
  readonly validate: string | undefined;
  readonly directoryMode: string | undefined;
  readonly ownership: OwnershipParams;
}

/** \`mkdirs PATH\`: folders that are not there, with owner, group and the folders' own mode. */
export const MAKE_FOLDERS = part(`
mkdirs() {
  [ ! -d "$1" ] || return 0
  case $1 in */*) [ -z "\${1%/*}" ] || mkdirs "\${1%/*}" ;; esac
  mkdir -- "$1" || give_up "There was an issue creating $1 as requested"
  filemode=$mode; mode=$dirmode; kept=$changed; own "$1"; changed=$kept; mode=$filemode
}
`);

const HIDDEN = 'Failed to get information on remote file';

const BODY = part(`
expand dest
target=$dest
case $dest in */) isfolder=1 ;; *) isfolder= ;; esac
if [ -n "$isfolder" ] || [ -d "$dest" ]; then
  [ -n "$base" ] || give_up "${CONTENT_IN_FOLDER}"
  target=\${dest%/}/$base
fi
[ ! -d "$target" ] || [ -L "$target" ] || give_up "$target is a directory"
named=$target
if [ -n "$follow" ] && [ -L "$target" ]; then real "$target" && target=$real; fi
# A folder on the way that may not be searched hides what is there.
[ -e "$target" ] || [ -L "$target" ] || case $(LC_ALL=C ls -d -- "$target" 2>&1) in *"Permission denied"*) give_up "${HIDDEN} ($target): Permission denied" ;; esac
same=
# A link is replaced, whatever it leads to.
if [ -e "$target" ] || [ -L "$target" ]; then
  if [ -z "$force" ]; then same=kept; elif [ ! -L "$target" ]; then is=$(sha256sum < "$target"); [ "\${is%% *}" != "$sum" ] || same=1; fi
fi
old() {
  [ -n "$wantdiff" ] && [ -f "$target" ] || return 0
  if [ "$(stat -L -c %s -- "$target")" -gt ${DIFF_LIMIT_BYTES} ]; then say oldlarge 1; else printf 'old='; base64 < "$target" | tr -d '\\n'; echo; fi
}
olds=
backupfile=
if [ -z "$same" ]; then
  changed=true
  if [ -z "$check" ]; then
    [ -n "$sent" ] || { answer; say needed 1; finish; }
    olds=$(old)
    if [ -n "$isfolder" ]; then mkdirs "\${target%/*}"; fi
    put "$target"
  else olds=$(old); fi
elif [ "$same" = 1 ]; then own "$target"; fi
answer
say changed "$changed"
say same "$same"
say attrs "$attrs"
[ -z "$olds" ] || printf '%s\\n' "$olds"
tell target "$target"
tell named "$named"
tell backupfile "$backupfile"
info_seen "$target"
`);

export function planPlace(placed: Placed, context: ModuleContext): ModulePlan {
  const { module, bytes, dest, base, directoryMode } = placed;
  requireValidate(placed.validate);
  const sum = createHash('sha256').update(bytes).digest('hex');
  const checksum = createHash('sha1').update(bytes).digest('hex');
  const wantDiff = context.diff && !context.noLog;
  const script = (sent: boolean, check = context.check) => {
    const { force, follow, backup } = placed;
    const words = assign({ dest, base, sum, force, follow, backup, sent, dirmode: directoryMode, wantdiff: wantDiff, ...ownershipWords(placed.ownership), check });
    const { mode, owner, group } = placed.ownership;
    const shown = { dest, src: placed.source, mode, owner, group, sha256: sum, bytes: bytes.length };
    return moduleScript(module, shown, context, `${words}\n${OWN}\n${check ? '' : `${MAKE_FOLDERS}\n${validation(placed.validate, 'copy')}\n${PUT}\n`}${BODY}`);
  };
  const step = (sent: boolean): ModulePlan => ({
    kind: 'script',
    script: script(sent),
    look: script(false, true),
    seen: dest,
    leavesNothing: placed.validate === undefined,
    ...(sent ? { input: bytes } : {}),
    parse: (result) => {
      const answer = parseAnswer(module, result);
      const { values: said } = answer;
      if (said.get('needed') === '1') return step(true);
      if (said.get('failed') === 'true') {
        const status = said.get('exit_status');
        const more = status === undefined ? {} : { exit_status: Number(status), stdout: answer.text('stdout'), stderr: answer.text('stderr') };
        const isEarly = answer.text('msg') === CONTENT_IN_FOLDER || answer.text('msg').startsWith(HIDDEN);
        return { changed: answer.changed, failed: true, msg: answer.text('msg'), values: { ...(isEarly ? {} : { checksum }), ...more }, ...(isEarly || !wantDiff ? { diff: [] } : {}) };
      }
      const target = answer.text('target');
      if (said.get('same') === 'kept') return { changed: false, values: { dest, ...(placed.source === undefined || module === 'template' ? {} : { src: placed.source }) } };
      const backup = answer.text('backupfile');
      const isContent = said.get('same') === '';
      const named = isContent && !context.check ? withFolder : (path: string) => path;
      const values = { dest: named(target), checksum, ...pathInfo(answer), ...(backup === '' ? {} : { backup_file: named(backup) }) };
      const diff = !wantDiff ? [] : isContent ? [contentDiff(placed, answer.text('named'), said)] : attributesOnly(target, attributeDiff(answer));
      // In check mode Ansible knows nothing of the file that would come.
      const shown = !isContent ? { path: target, ...values } : context.check ? {} : { ...values, md5sum: createHash('md5').update(bytes).digest('hex') };
      return { changed: answer.changed, values: shown, diff } satisfies ModuleResult;
    },
  });
  return step(!context.check && bytes.length <= SENT_AT_ONCE_BYTES);
}

/** How Ansible tells a file that it has written, where its name says no folder. */
export function withFolder(path: string): string {
  return path.includes('/') ? path : `./${path}`;
}

function attributesOnly(path: string, { before, after }: { before: Record<string, unknown>; after: Record<string, unknown> }): ModuleDiff {
  return { before: { path, ...before }, after: { path, ...after } };
}

/** @param target as it is written, before links are followed */
function contentDiff({ bytes, source }: Placed, target: string, said: ReadonlyMap<string, string>): ModuleDiff {
  const old = Buffer.from(said.get('old') ?? '', 'base64');
  const before: ModuleDiff = said.get('oldlarge') === '1' ? { dst_larger: DIFF_LIMIT_BYTES } : old.subarray(0, 8192).includes(0) ? { dst_binary: 1 } : said.has('old') ? { before_header: target, before: old.toString('utf8') } : { before: '' };
  const after: ModuleDiff = bytes.length > DIFF_LIMIT_BYTES ? { src_larger: DIFF_LIMIT_BYTES } : bytes.includes(0) ? { src_binary: 1 } : { after_header: source ?? target, after: bytes.toString('utf8') };
  return { ...before, ...after };
}
