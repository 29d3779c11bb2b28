// get_url: a file of the web becomes a file of the host, which fetches it itself. With a checksum a file that is right is not fetched; without one the
// server is asked for what is newer than the file. Answer: changed, dest, url, checksum_src, checksum_dest, status_code, elapsed, md5sum, what the file is
// now, backup_file; of a failure response, too.
import type { Answer } from './answer.js';
import { FETCH_URL } from './fetch-url.js';
import type { PlaybookModule } from './module.js';
import { OWN, ownership, ownershipWords, pathInfo } from './ownership.js';
import { ParameterError, type Parameters } from './params.js';
import { planScript } from './plan-script.js';
import { PUT, validation } from './put.js';

const ALGORITHMS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
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

const BODY = `
# NAME: its sum in a list as sha256sum or BSD's programs write it, or the only word there is (get_url's parse_digest_lines).
sum_of() {
  awk -v want="$1" '
  NR == 1 && NF == 1 { only = $1 }
  /^[A-Za-z0-9_]+ ?\\(.+\\) ?= [A-Za-z0-9_.]+$/ { sum = $NF; name = $0; sub(/^[A-Za-z0-9_]+ ?\\(/, "", name); sub(/\\) ?= [A-Za-z0-9_.]+$/, "", name); if (name == want && found == "") found = sum; next }
  /^[A-Za-z0-9_.]+[ \\t]+/ { sum = $1; name = $0; sub(/^[^ \\t]+[ \\t]+\\*?/, "", name); sub(/^[.\\/]+/, "", name); if (name == want && found == "") found = sum }
  END { print NR == 1 && only != "" ? only : found }'
}
# MSG: nothing has come, or not what was wanted. Where a file was there, what it is.
refuse() {
  answer; say changed false; say failed true; tell msg "$1"; tell url "$asked"; tell target "$target"; say elapsed "$elapsed"; say status "$status"; tell response "$response"
  say fetched "$fetched"; say before "$before"; say after "$after"; info "$target"; finish
}
sum_now() { [ ! -f "$1" ] || sha1sum < "$1" | cut -c1-40; }
# URL FILE [HEADER]
fetch() {
  asked=$1
  fetch_url "$@" || [ -n "$status" ] || refuse "$said"
  case $status in ''|200|304) ;; *) response=$said; refuse "Request failed" ;; esac
}
answered() {
  answer; say changed "$changed"; tell target "$target"; say elapsed "$elapsed"; say status "$status"; say before "$before"; say after "$after"; say md5 "$md5"; say applied "$applied"
  tell msg "$said"; tell backupfile "$backupfile"; info "$target"; finish
}
expand dest tmpdest
target=$dest; backupfile=; before=; after=; md5=; elapsed=0; status=; response=; fetched=; applied=; since=
[ -z "$tmpdest" ] || [ -d "$tmpdest" ] || { asked=$url; [ ! -e "$tmpdest" ] || refuse "$tmpdest is a file but should be a directory."; refuse "$tmpdest directory does not exist."; }
new=$(mktemp -p "\${tmpdest:-\${TMPDIR:-/tmp}}") && settings=$(mktemp) || give_up "no temporary file"
trap 'rm -f "$new" "$settings"' EXIT
cat > "$settings"
if [ -n "$sums" ]; then
  fetch "$sums" "$new"
  wanted=$(sum_of "$base" < "$new" | tr -cd '[:alnum:]' | tr A-F a-f)
  [ -n "$wanted" ] || give_up "Unable to find a checksum for file '$base' in '$sums'"
  case $wanted in *[!0-9a-f]*) give_up "The checksum format is invalid" ;; esac
fi
if [ -e "$dest" ] && [ ! -d "$dest" ] && [ -z "$force" ]; then
  if [ -n "$algorithm" ] && [ "$("\${algorithm}sum" < "$dest" | cut -d' ' -f1)" = "$wanted" ]; then
    own "$target"; said="file already exists"; status=; elapsed=0
    [ "$changed" = false ] || said="file already exists but file attributes changed"
    answered
  fi
  # One with another sum is fetched whatever its time.
  if [ -n "$algorithm" ]; then force=1; else since="If-Modified-Since: $(date -u -r "$dest" '+%a, %d %b %Y %H:%M:%S GMT')"; fi
fi
fetch "$url" "$new" "\${force:+cache-control: no-cache}$since"
[ "$status" != 304 ] || answered
fetched=1; asked=$url
[ ! -d "$dest" ] || target=\${dest%/}/$filename
case $target in */*) folder=\${target%/*}; folder=\${folder:-/} ;; *) folder= ;; esac # without a folder it may only be there already, as in Ansible
after=$(sum_now "$new"); before=$(sum_now "$target")
if [ -e "$target" ]; then [ -w "$target" ] || refuse "Destination $target is not writable"
else [ -d "$folder" ] || refuse "Destination $folder does not exist"; [ -w "$folder" ] || refuse "Destination $folder is not writable"; fi
[ -n "$check" ] || [ -z "$algorithm" ] || { is=$("\${algorithm}sum" < "$new" | cut -d' ' -f1); [ "$is" = "$wanted" ] || refuse "The checksum for $url did not match $wanted; it was $is."; }
if [ "$after" != "$before" ]; then
  changed=true
  if [ -z "$check" ]; then sum=$(sha256sum < "$new" | cut -c1-64); rm -f "$settings"; spare=$new; put "$target" < "$new"; fi
fi
[ ! -e "$target" ] || own "$target"
[ -n "$check" ] || { applied=1; md5=$(md5sum < "$target" | cut -c1-32); }
answered
`;

export const getUrl: PlaybookModule<typeof parameters> = {
  name: 'get_url',
  parameters,
  checkWritten: ({ checksum, unredirected_headers: kept }) => {
    const more = Array.isArray(kept) ? kept.find((name) => typeof name === 'string' && !/^authorization$|\{\{/i.test(name)) : undefined;
    if (more !== undefined) return { message: `unredirected_headers: ${JSON.stringify(more)} is not supported`, parameter: 'unredirected_headers', hint: 'Authorization is, which goes to no other host anyway' };
    if (typeof checksum !== 'string' || checksum === '' || checksum.includes('{{')) return undefined;
    const algorithm = checksum.slice(0, checksum.indexOf(':')).toLowerCase();
    if (/^(sha3_|shake_|blake)/.test(algorithm)) return { message: `the checksum's algorithm ${algorithm} is not supported`, parameter: 'checksum', hint: `supported: ${ALGORITHMS.join(', ')}` };
    return !checksum.includes(':') ? { message: 'The checksum parameter has to be in format <algorithm>:<checksum>', parameter: 'checksum' } : undefined;
  },
  plan: (params, context) => {
    const { url, dest, checksum } = params;
    const colon = checksum.indexOf(':');
    const algorithm = checksum === '' ? '' : checksum.slice(0, colon).toLowerCase();
    const sums = /:\/\//.test(checksum.slice(colon + 1)) ? checksum.slice(colon + 1) : '';
    const wanted = sums === '' ? checksum.slice(colon + 1).replace(/\W+/g, '').toLowerCase() : '';
    if (checksum !== '' && (colon === -1 || !ALGORITHMS.includes(algorithm))) throw new ParameterError('The checksum parameter has to be in format <algorithm>:<checksum>', 'checksum');
    if (checksum !== '' && sums === '' && !/^[0-9a-f]+$/.test(wanted)) throw new ParameterError('The checksum format is invalid', 'checksum');
    const path = url.replace(/[?#].*$/, '');
    const base = /:\/\/[^/]*\/./.test(path) ? path.slice(path.lastIndexOf('/') + 1) : '';
    const settings = [
      ...Object.entries(params.headers ?? {}).map(([name, value]) => `header = ${JSON.stringify(`${name}: ${String(value)}`)}`),
      ...(params.url_username === undefined ? [] : [`user = ${JSON.stringify(`${params.url_username}:${params.url_password ?? ''}`)}`]),
    ].join('\n');
    const words = {
      url, dest, base: base === '' ? 'index.html' : base, algorithm, wanted, sums, force: params.force, backup: params.backup, sum: '', tmpdest: params.tmp_dest,
      limit: params.timeout, insecure: !params.validate_certs, noproxy: !params.use_proxy, agent: params.http_agent, netrc: params.use_netrc && params.url_username === undefined, compressed: !params.decompress,
      ...ownershipWords(params),
    };
    const shownUrl = (text: string) => {
      const bare = text.replace(/\/\/[^/@]*@/, '//');
      return params.url_password === undefined || params.url_password === '' ? bare : bare.replaceAll(params.url_password, '********');
    };
    const script = { module: 'get_url', shown: { dest, url: shownUrl(url) }, words, body: `${OWN}\n${validation(undefined, 'edit')}\n${PUT}\n${FETCH_URL}\n${BODY}`, input: Buffer.from(settings), timeoutMs: 24 * 60 * 60 * 1000 };
    return planScript({ ...script, failureValues: (answer) => ({ url: shownUrl(answer.text('url') || url), dest: answer.text('target') || dest, ...refusedValues(answer) }) }, context, (answer) => {
      const backup = answer.text('backupfile');
      const status = answer.values.get('status') ?? '';
      const values = { url: shownUrl(url), dest: answer.text('target'), ...timed(answer), ...present(answer), ...(backup === '' ? {} : { backup_file: backup }) };
      if (status === '304') return { changed: false, msg: answer.text('msg'), values: { ...values, status_code: 304 } };
      const applied = answer.values.get('applied') === '1' ? { md5sum: answer.values.get('md5'), status_code: status === '' ? null : Number(status) } : {};
      return { changed: answer.changed, msg: answer.text('msg'), values: { ...values, ...sumsOf(answer), ...applied } };
    });
  },
};

function refusedValues(answer: Answer): Readonly<Record<string, unknown>> {
  const [status = '', response] = [answer.values.get('status'), answer.text('response')];
  return { ...timed(answer), ...present(answer), ...(response === '' ? {} : { response, status_code: Number(status) }), ...(answer.values.get('fetched') === '1' ? sumsOf(answer) : {}) };
}

function timed({ values }: Answer): { readonly elapsed?: number } {
  const elapsed = values.get('elapsed');
  return elapsed === undefined ? {} : { elapsed: Number(elapsed) };
}

function sumsOf({ values }: Answer): Readonly<Record<'checksum_src' | 'checksum_dest', string | null>> {
  const sum = (name: string) => values.get(name) || null;
  return { checksum_src: sum('after'), checksum_dest: sum('before') };
}

/** What the file is, where there is one. */
function present(answer: Answer): Readonly<Record<string, unknown>> {
  return answer.values.get('state') === 'absent' ? {} : pathInfo(answer);
}
