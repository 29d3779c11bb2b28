// unarchive: what is in an archive (tar, also compressed, or zip) is in a folder of the host. The archive comes from the controller, from the host, or
// from the web. What differs is found before anything is unpacked: by `tar --diff` where tar is GNU's, otherwise by unpacking beside it and comparing.
// Answer: changed, dest, src, handler, files (list_files), what dest is now.
import { readFile } from 'node:fs/promises';
import { quote, shellQuote } from '../base/quote.js';
import type { Answer } from './answer.js';
import { FETCH_URL } from './fetch-url.js';
import type { PlaybookModule } from './module.js';
import { OWN, ownership, ownershipWords, pathInfo } from './ownership.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { planScript } from './plan-script.js';

const parameters = {
  src: { type: 'path', required: true },
  dest: { type: 'path', required: true },
  remote_src: { type: 'boolean', default: false },
  creates: { type: 'path' },
  list_files: { type: 'boolean', default: false },
  keep_newer: { type: 'boolean', default: false },
  exclude: { type: 'words', default: [] },
  include: { type: 'words', default: [] },
  extra_opts: { type: 'words', default: [] },
  validate_certs: { type: 'boolean', default: true },
  copy: { type: 'boolean', default: true },
  decrypt: { type: 'boolean', default: true },
  io_buffer_size: { type: 'integer', default: 65_536 },
  ...ownership,
} as const satisfies Parameters;

const BODY = `
expand dest creates
[ -z "$creates" ] || [ ! -e "$creates" ] || { answer; say changed false; tell skipped "skipped, since $creates exists"; finish; }
[ -d "$dest" ] || give_up "dest '$dest' must be an existing dir"
box=$(mktemp -d) || give_up "no temporary folder"
trap 'rm -rf "$box"' EXIT
archive=$box/archive
if [ -n "$sent" ]; then cat > "$archive"
elif [ -n "$isurl" ]; then fetch_url "$src" "$archive" || give_up "Failure downloading $src, $said"
else expand src; [ -e "$src" ] || give_up "Source '$src' does not exist"; [ -r "$src" ] || give_up "Source '$src' not readable"; archive=$src; fi
[ -s "$archive" ] || give_up "Invalid archive '$src', the file is 0 bytes"
# By its first bytes: the name says little.
start=$(head -c 6 "$archive" | od -An -tx1 | tr -d ' \\n')
flag=; handler=TarArchive
case $start in
504b0304*|504b0506*) handler=ZipArchive ;;
1f8b*) flag=-z; handler=TgzArchive ;;
425a68*) flag=-j; handler=TarBzipArchive ;;
fd377a585a00) flag=-J; handler=TarXzArchive ;;
28b52ffd*) flag=--zstd; handler=TarZstdArchive ;;
esac
extracted() {
  say unpackedrc "$rc"
  if [ "$handler" = ZipArchive ]; then say program "$(command -v unzip)"; else say program "$(command -v tar)"; fi
  tell unpackedout "$(cat "$box/out")"; tell unpackederr "$(cat "$box/err")"
}
traits() { # FOLDER: of what is in the archive
  who="\${mode:+x}"; who="\${who:-%a} "; [ -n "$owner" ] || who="$who%u "; [ -n "$group" ] || who="$who%g "
  time=; [ -n "$newer" ] || time='%.9Y '
  (cd "$box/new" && find . ! -type d ! -type l -exec sh -c 'cd -- "$0" && stat -c "$@" 2>/dev/null' "$1" "$who$time%n" {} +
  find . -mindepth 1 -type d -exec sh -c 'cd -- "$0" && stat -c "$@" 2>/dev/null' "$1" "$who%n" {} +)
}
unpacked=
none="Failed to find handler for \\"$src\\". Make sure the required command to extract the file is installed."
[ "$handler" = ZipArchive ] || [ -z "$check" ] || { answer; say changed false; tell skipped "remote module (ansible.legacy.unarchive) does not support check mode when using gtar"; finish; }
gnu=; ! tar --version 2>/dev/null | grep -q GNU || gnu=1
# Names are those of what is unpacked: without the folders that extra_opts strips.
[ -z "$gnu" ] || [ -z "$extra" ] || extra="--show-transformed-names $extra"
if [ "$handler" = ZipArchive ]; then
  command -v unzip >/dev/null || give_up "$none
Unable to find required 'unzip' or 'zipinfo' binary in the path."
  names=$(zipped names) || give_up "$none"
else
  names=$(tar -t -C "$dest" $flag $extra -f "$archive" $choice 2>"$box/err") || give_up "$none
Command \\"$(command -v tar)\\" could not handle archive: Unable to list files in the archive: $(cat "$box/err")"
fi
differs=
if [ "$handler" != ZipArchive ] && [ -n "$gnu" ]; then
  out=$(tar --diff -C "$dest" $flag $extra $choice -f "$archive" 2>&1)
  pattern='Mod time differs|: Warning: Cannot stat: No such file|: Invalid owner|: Invalid group|Symlink differs|Contents differ|Size differs|File type differs|Not linked to|Cannot stat'
  [ -n "$mode" ] || pattern="$pattern|Mode differs"
  if [ "$(id -u)" = 0 ]; then [ -n "$owner" ] || pattern="$pattern|Uid differs"; [ -n "$group" ] || pattern="$pattern|Gid differs"; fi
  ! printf '%s\\n' "$out" | grep -v ': : Warning: ' | grep -qE "$pattern" || differs=1
else
  mkdir "$box/new"
  if [ "$handler" = ZipArchive ]; then zipped "$box/new" >/dev/null 2>&1; else tar -x -C "$box/new" $flag $extra $choice -f "$archive" 2>/dev/null; fi
  top=$(cd -- "$dest" && pwd)
  differs=$(cd "$box/new" && find . ! -type d | while IFS= read -r f; do
    if [ -n "$newer" ]; then [ ! "$top/$f" -nt "$f" ] || continue; [ ! "$f" -nt "$top/$f" ] || { echo 1; break; }; fi
    cmp -s -- "$f" "$top/$f" || { echo 1; break; }
  done; find . -type d | while IFS= read -r f; do [ -d "$top/$f" ] || { echo 1; break; }; done)
  # As zipinfo would tell it: times of files, modes, and who has made them.
  [ "$handler" != ZipArchive ] || [ "$(traits "$box/new")" = "$(traits "$top")" ] || differs=1
fi
if [ -n "$differs" ]; then
  changed=true
  if [ -z "$check" ]; then
    # Only this failure tells what it was about.
    unpacked=1
    if [ "$handler" = ZipArchive ]; then zipped "$dest" > "$box/out" 2> "$box/err"
    else "$(command -v tar)" --extract -C "$dest" $flag $extra \${owner:+--owner="$owner"} \${group:+--group="$group"} \${newer:+--keep-newer-files} $choice -f "$archive" > "$box/out" 2> "$box/err"; fi
    rc=$?
    if [ "$rc" != 0 ]; then answer; say changed true; say broken 1; say handler "$handler"; extracted; tell dest "$dest"; tell source "$src"; info "$dest"; finish; fi
  fi
fi
if [ -n "$mode$owner$group" ]; then
  printf '%s\\n' "$names" > "$box/names"
  # The folders at the top, too, where the archive does not name them.
  sed -n 's|^\\([^/][^/]*\\)/.*|\\1|p' "$box/names" | sort -u >> "$box/names"
  while IFS= read -r f; do [ -z "$f" ] || { [ ! -e "$dest/$f" ] && [ ! -L "$dest/$f" ]; } || own "$dest/$f"; done < "$box/names"
fi
answer
say changed "$changed"
[ -z "$unpacked" ] || extracted
say handler "$handler"
[ -z "$list" ] || tell names "$names"
tell dest "$dest"
tell source "$src"
info "$dest"
`;

const FLAGS: Readonly<Record<string, readonly string[]>> = { TgzArchive: ['-z'], TarBzipArchive: ['-j'], TarXzArchive: ['-J'], TarZstdArchive: ['--use-compress-program=zstd'] };

/** What Ansible tells of the program that unpacks: its command, not ours. */
function extractResults(answer: Answer, handler: string, dest: string, src: string, { exclude, include, extra_opts: extra, owner, group, keep_newer: newer }: ParamsOf<typeof parameters>): Readonly<Record<string, unknown>> {
  const zip = () => ['-o', ...extra, src, ...(exclude.length === 0 ? [] : ['-x', ...exclude]), ...include, '-d', dest];
  const tar = () => [
    '--extract', '-C', dest, ...(FLAGS[handler] ?? []), ...(extra.length === 0 ? [] : ['--show-transformed-names', ...extra]), ...(owner === undefined ? [] : [`--owner=${shellQuote(owner)}`]),
    ...(group === undefined ? [] : [`--group=${shellQuote(group)}`]), ...(newer ? ['--keep-newer-files'] : []), ...exclude.map((one) => `--exclude=${one.replace(/\/+$/, '')}`), '-f', src, ...include,
  ];
  const end = (text: string) => (text === '' ? '' : `${text}\n`);
  return { cmd: [answer.values.get('program') ?? '', ...(handler === 'ZipArchive' ? zip() : tar())], rc: Number(answer.values.get('unpackedrc')), out: end(answer.text('unpackedout')), err: end(answer.text('unpackederr')) };
}

export const unarchive: PlaybookModule<typeof parameters> = {
  name: 'unarchive',
  parameters,
  checkWritten: (written) => ('include' in written && 'exclude' in written ? { message: 'parameters are mutually exclusive: include|exclude', parameter: 'exclude' } : undefined),
  plan: async (params, context) => {
    const { src, dest, exclude, include } = params;
    const isRemote = params.remote_src || !params.copy;
    const isUrl = /^[a-z]+:\/\//.test(src);
    const found = isRemote || isUrl ? undefined : await context.findLocal('files', src);
    const bytes = found === undefined ? undefined : params.decrypt ? await context.readLocal(found) : await readFile(found);
    const spaced = [...exclude, ...include, ...params.extra_opts].find((one) => /[\s']/.test(one));
    if (spaced !== undefined) throw new ParameterError(`${JSON.stringify(spaced)} with spaces or quotes in it is not supported`, 'exclude');
    const tarChoice = [...exclude.map((one) => `--exclude=${one.replace(/\/+$/, '')}`), ...include];
    const functions = `
zipped() {
  if [ "$1" = names ]; then unzip -Z1 "$archive" ${include.map(quote).join(' ')} ${exclude.length === 0 ? '' : `-x ${exclude.map(quote).join(' ')}`} 2>/dev/null; return; fi
  unzip -o \${newer:+-u} ${params.extra_opts.map(quote).join(' ')} "$archive" ${include.map(quote).join(' ')} ${exclude.length === 0 ? '' : `-x ${exclude.map(quote).join(' ')}`} -d "$1"
}`;
    const words = { src, dest, creates: params.creates, sent: bytes !== undefined, isurl: isUrl, newer: params.keep_newer, list: params.list_files, insecure: !params.validate_certs, limit: 10, noproxy: '', agent: 'ansible-httpget', netrc: true, compressed: '', settings: '', ...ownershipWords(params) };
    const lists = `choice='${tarChoice.join(' ')}'\nextra='${params.extra_opts.join(' ')}'\nset -f`;
    const body = `${OWN}\n${FETCH_URL}\n${functions}\n${lists}\n${BODY}`;
    return planScript({ module: 'unarchive', shown: { src, dest }, words, body, ...(bytes === undefined ? {} : { input: bytes }), timeoutMs: 24 * 60 * 60 * 1000 }, context, (answer) => {
      const skipped = answer.text('skipped');
      if (skipped !== '') return { changed: false, skipped: true, msg: skipped };
      const names = answer.text('names');
      const [handler = '', to, from] = [answer.values.get('handler'), answer.text('dest'), answer.text('source')];
      const extracted = answer.values.has('unpackedrc') ? { extract_results: extractResults(answer, handler, to, from, params) } : {};
      const values = { handler, dest: to, src: from, ...extracted, ...pathInfo(answer) };
      if (answer.values.get('broken') === '1') return { changed: false, failed: true, msg: `failed to unpack ${from} to ${to}`, values };
      return { changed: answer.changed, values: { ...values, ...(params.list_files ? { files: names === '' ? [] : names.split('\n').map((name) => name.replace(/^\//, '')) } : {}) } };
    });
  },
};
