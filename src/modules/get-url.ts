// get_url: a file of the web becomes a file of the host, which fetches it itself, with curl, wget or busybox. With a checksum a file that is right is not
// fetched. Answer: changed, dest, url, checksum_src, checksum_dest, what the file is now, backup_file.
import type { PlaybookModule } from './module.js';
import { OWN, ownership, ownershipWords, pathInfo } from './ownership.js';
import { ParameterError, type Parameters } from './params.js';
import { planScript } from './plan-script.js';
import { PUT, validation } from './put.js';

const NOT_YET = 'use the module command with curl';

const parameters = {
  url: { type: 'string', required: true },
  dest: { type: 'path', required: true },
  backup: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  checksum: { type: 'string', default: '' },
  timeout: { type: 'integer', default: 10 },
  headers: { type: 'mapping' },
  http_agent: { type: 'string', default: 'ansible-httpget' },
  url_username: { type: 'string', aliases: ['username'] },
  url_password: { type: 'string', aliases: ['password'] },
  force_basic_auth: { type: 'boolean', default: false },
  validate_certs: { type: 'boolean', default: true },
  use_proxy: { type: 'boolean', default: true },
  tmp_dest: { type: 'path' },
  decompress: { type: 'boolean', default: true },
  use_netrc: { type: 'boolean', default: true },
  unredirected_headers: { type: 'list', default: [] },
  ciphers: { type: 'list', refused: NOT_YET },
  client_cert: { type: 'path', refused: NOT_YET },
  client_key: { type: 'path', refused: NOT_YET },
  use_gssapi: { type: 'boolean', default: false, refused: NOT_YET },
  ...ownership,
} as const satisfies Parameters;

/** \`fetch_url URL FILE\`: fills said where it fails. Headers and a login come on standard input, as a file for curl. Also of unarchive. */
export const FETCH_URL = `
fetch_url() {
  case $1 in file://*) said="the host has no file \${1#file://}"; cp -- "\${1#file://}" "$2" 2>/dev/null; return ;; esac
  if command -v curl >/dev/null 2>&1; then said=$(curl -fsSL --connect-timeout "$limit" \${insecure:+-k} \${noproxy:+--noproxy '*'} \${agent:+-A "$agent"} \${settings:+-K "$settings"} -o "$2" -- "$1" 2>&1)
  elif [ -n "$settings" ] && [ -s "$settings" ]; then said='the host has no curl, which headers and logins need'; return 1
  elif command -v wget >/dev/null 2>&1; then said=$(wget -nv -T "$limit" \${insecure:+--no-check-certificate} \${noproxy:+--no-proxy} -O "$2" -- "$1" 2>&1)
  elif command -v busybox >/dev/null 2>&1; then said=$(busybox wget -q -T "$limit" -O "$2" "$1" 2>&1)
  else said='the host has neither curl nor wget'; return 1; fi
}
`.trim();

const BODY = `
# NAME: its sum in a list as sha256sum or BSD's programs write it, or the only word there is (get_url's parse_digest_lines).
sum_of() {
  awk -v want="$1" '
  NR == 1 && NF == 1 { only = $1 }
  /^[A-Za-z0-9_]+ ?\\(.+\\) ?= [A-Za-z0-9_.]+$/ { sum = $NF; name = $0; sub(/^[A-Za-z0-9_]+ ?\\(/, "", name); sub(/\\) ?= [A-Za-z0-9_.]+$/, "", name); if (name == want && found == "") found = sum; next }
  /^[A-Za-z0-9_.]+[ \\t]+/ { sum = $1; name = $0; sub(/^[^ \\t]+[ \\t]+\\*?/, "", name); sub(/^[.\\/]+/, "", name); if (name == want && found == "") found = sum }
  END { print NR == 1 && only != "" ? only : found }'
}
expand dest
target=$dest
if [ -d "$dest" ]; then target=\${dest%/}/$base; fi
case $target in */*) folder=\${target%/*}; folder=\${folder:-/} ;; *) folder=. ;; esac
before=; [ ! -f "$target" ] || before=$(sha1sum < "$target" | cut -c1-40)
answered() {
  answer; say changed "$changed"; tell target "$target"; say before "$before"; say after "$after"; tell msg "$1"; tell backupfile "$backupfile"; info "$target"; finish
}
backupfile=; after=
new=$(mktemp) && settings=$(mktemp) || give_up "no temporary file"
trap 'rm -f "$new" "$settings"' EXIT
cat > "$settings"
if [ -n "$sums" ]; then
  fetch_url "$sums" "$new" || give_up "Request failed: $said"
  wanted=$(sum_of "$base" < "$new" | tr A-F a-f)
  [ -n "$wanted" ] || give_up "Unable to find a checksum for file '$base' in '$sums'"
  case $wanted in *[!0-9a-f]*) give_up "The checksum format is invalid" ;; esac
fi
if [ -n "$algorithm" ] && [ -f "$target" ] && [ ! -d "$dest" ] && [ -z "$force" ] && [ "$("\${algorithm}sum" < "$target" | cut -d' ' -f1)" = "$wanted" ]; then
  own "$target"; after=$before
  if [ "$changed" = true ]; then answered "file already exists but file attributes changed"; else answered "file already exists"; fi
fi
fetch_url "$url" "$new" || give_up "Request failed: $said"
[ -d "$folder" ] || give_up "Destination $folder does not exist"
after=$(sha1sum < "$new" | cut -c1-40)
[ -n "$check" ] || [ -z "$algorithm" ] || { is=$("\${algorithm}sum" < "$new" | cut -d' ' -f1); [ "$is" = "$wanted" ] || give_up "The checksum for $url did not match $wanted; it was $is."; }
if [ "$after" != "$before" ]; then
  changed=true
  if [ -z "$check" ]; then sum=$(sha256sum < "$new" | cut -c1-64); rm -f "$settings"; spare=$new; put "$target" < "$new"; fi
fi
[ ! -e "$target" ] || own "$target"
answered OK
`;

export const getUrl: PlaybookModule<typeof parameters> = {
  name: 'get_url',
  parameters,
  checkWritten: ({ checksum }) => (typeof checksum === 'string' && checksum !== '' && !checksum.includes('{{') && !checksum.includes(':') ? { message: 'The checksum parameter has to be in format <algorithm>:<checksum>', parameter: 'checksum' } : undefined),
  plan: (params, context) => {
    const { url, dest, checksum } = params;
    const colon = checksum.indexOf(':');
    const algorithm = checksum === '' ? '' : checksum.slice(0, colon).toLowerCase();
    const sums = /:\/\//.test(checksum.slice(colon + 1)) ? checksum.slice(colon + 1) : '';
    const wanted = sums === '' ? checksum.slice(colon + 1).replace(/\W+/g, '').toLowerCase() : '';
    if (checksum !== '' && (colon === -1 || !['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].includes(algorithm))) throw new ParameterError('The checksum parameter has to be in format <algorithm>:<checksum>', 'checksum');
    if (checksum !== '' && sums === '' && !/^[0-9a-f]+$/.test(wanted)) throw new ParameterError('The checksum format is invalid', 'checksum');
    const path = url.replace(/[?#].*$/, '');
    const base = /:\/\/[^/]*\/./.test(path) ? path.slice(path.lastIndexOf('/') + 1) : '';
    const settings = [
      ...Object.entries(params.headers ?? {}).map(([name, value]) => `header = ${JSON.stringify(`${name}: ${String(value)}`)}`),
      ...(params.url_username === undefined ? [] : [`user = ${JSON.stringify(`${params.url_username}:${params.url_password ?? ''}`)}`]),
    ].join('\n');
    const words = {
      url, dest, base: base === '' ? 'index.html' : base, algorithm, wanted, sums, force: params.force, backup: params.backup, limit: params.timeout, insecure: !params.validate_certs, noproxy: !params.use_proxy, agent: params.http_agent, sum: '',
      ...ownershipWords(params),
    };
    const shown = { dest, url: url.replace(/\/\/[^/@]*@/, '//') };
    return planScript({ module: 'get_url', shown, words, body: `${OWN}\n${validation(undefined, 'edit')}\n${PUT}\n${FETCH_URL}\n${BODY}`, input: Buffer.from(settings), timeoutMs: 24 * 60 * 60 * 1000, failureValues: { url, dest } }, context, (answer) => {
      const backup = answer.text('backupfile');
      const [before, after] = [answer.values.get('before') ?? '', answer.values.get('after') ?? ''];
      return { changed: answer.changed, msg: answer.text('msg'), values: { url, dest: answer.text('target'), checksum_src: after === '' ? null : after, checksum_dest: before === '' ? null : before, ...pathInfo(answer), ...(backup === '' ? {} : { backup_file: backup }) } };
    });
  },
};
