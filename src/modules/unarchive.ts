// unarchive: what is in an archive (tar, also compressed, or zip) is in a folder of the host. The archive comes from the controller, from the host, or
// from the web. What differs is found before anything is unpacked: by `tar --diff` where tar is GNU's, otherwise by unpacking beside it and comparing.
// Answer: changed, dest, src, handler, files (list_files), what dest is now.
import { readFile } from 'node:fs/promises';
import { quote } from '../base/quote.js';
import { FETCH_URL } from './get-url.js';
import type { PlaybookModule } from './module.js';
import { OWN, ownership, ownershipWords, pathInfo } from './ownership.js';
import { ParameterError, type Parameters } from './params.js';
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
if [ "$handler" = ZipArchive ]; then
  command -v unzip >/dev/null || give_up "Failed to find handler for \\"$src\\". Make sure the required command to extract the file is installed."
  names=$(zipped names) || give_up "Failed to find handler for \\"$src\\"."
else names=$(tar -t $flag -f "$archive" $choice 2>/dev/null) || give_up "Failed to find handler for \\"$src\\". Make sure the required command to extract the file is installed."; fi
differs=
if [ "$handler" != ZipArchive ] && tar --version 2>/dev/null | grep -q GNU; then
  out=$(tar --diff -C "$dest" $flag $extra $choice -f "$archive" 2>&1)
  pattern='Mod time differs|: Warning: Cannot stat: No such file|: Invalid owner|: Invalid group|Symlink differs|Contents differ|Size differs|File type differs|Not linked to|Cannot stat'
  [ -n "$mode" ] || pattern="$pattern|Mode differs"
  if [ "$(id -u)" = 0 ]; then [ -n "$owner" ] || pattern="$pattern|Uid differs"; [ -n "$group" ] || pattern="$pattern|Gid differs"; fi
  ! printf '%s\\n' "$out" | grep -v ': : Warning: ' | grep -qE "$pattern" || differs=1
else
  mkdir "$box/new"
  if [ "$handler" = ZipArchive ]; then zipped "$box/new" >/dev/null 2>&1; else tar -x -C "$box/new" $flag $choice -f "$archive" 2>/dev/null; fi
  differs=$(cd "$box/new" && find . ! -type d | while IFS= read -r f; do cmp -s -- "$f" "$dest/$f" || { echo 1; break; }; done; find . -type d | while IFS= read -r f; do [ -d "$dest/$f" ] || { echo 1; break; }; done)
fi
if [ -n "$differs" ]; then
  changed=true
  if [ -z "$check" ]; then
    if [ "$handler" = ZipArchive ]; then out=$(zipped "$dest" 2>&1) || [ "$?" = 1 ] || give_up "failed to unpack $src to $dest: $out"
    else out=$(tar --extract -C "$dest" $flag \${newer:+--keep-newer-files} \${owner:+--owner="$owner"} \${group:+--group="$group"} $extra $choice -f "$archive" 2>&1) || give_up "failed to unpack $src to $dest: $out"; fi
  fi
fi
if [ -n "$mode$owner$group" ]; then
  printf '%s\\n' "$names" > "$box/names"
  while IFS= read -r f; do [ -z "$f" ] || { [ ! -e "$dest/$f" ] && [ ! -L "$dest/$f" ]; } || own "$dest/$f"; done < "$box/names"
fi
answer
say changed "$changed"
say handler "$handler"
[ -z "$list" ] || tell names "$names"
tell dest "$dest"
info "$dest"
`;

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
    const tarChoice = [...exclude.map((one) => `--exclude=${one}`), ...include];
    const functions = `
zipped() {
  if [ "$1" = names ]; then unzip -Z1 "$archive" ${include.map(quote).join(' ')} ${exclude.length === 0 ? '' : `-x ${exclude.map(quote).join(' ')}`} 2>/dev/null; return; fi
  unzip -o ${params.extra_opts.map(quote).join(' ')} "$archive" ${include.map(quote).join(' ')} ${exclude.length === 0 ? '' : `-x ${exclude.map(quote).join(' ')}`} -d "$1"
}`;
    const words = { src, dest, creates: params.creates, sent: bytes !== undefined, isurl: isUrl, newer: params.keep_newer, list: params.list_files, insecure: !params.validate_certs, limit: 10, noproxy: '', agent: '', settings: '', ...ownershipWords(params) };
    const lists = `choice='${tarChoice.join(' ')}'\nextra='${params.extra_opts.join(' ')}'\nset -f`;
    const body = `${OWN}\n${FETCH_URL}\n${functions}\n${lists}\n${BODY}`;
    return planScript({ module: 'unarchive', shown: { src, dest }, words, body, ...(bytes === undefined ? {} : { input: bytes }), timeoutMs: 24 * 60 * 60 * 1000, failureValues: { src, dest } }, context, (answer) => {
      const skipped = answer.text('skipped');
      if (skipped !== '') return { changed: false, skipped: true, msg: skipped };
      const names = answer.text('names');
      return { changed: answer.changed, values: { dest: answer.text('dest'), src, handler: answer.values.get('handler') ?? '', extract_results: {}, ...pathInfo(answer), ...(params.list_files ? { files: names === '' ? [] : names.split('\n') } : {}) } };
    });
  },
};
