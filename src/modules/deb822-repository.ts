// deb822_repository: a .sources file of apt is there as it should be, with its key, or not. The steps are those of modules/deb822_repository.py.
// Answer: changed, repo (the text), dest, key_filename.
import { createHash } from 'node:crypto';
import type { PlaybookModule } from './module.js';
import { OWN, pathInfo } from './ownership.js';
import type { Parameters, ParamsOf } from './params.js';
import { planScript } from './plan-script.js';
import { PUT, validation } from './put.js';

const parameters = {
  name: { type: 'string', required: true },
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  mode: { type: 'mode', default: '644' },
  types: { type: 'list', default: ['deb'], choices: ['deb', 'deb-src'] },
  uris: { type: 'list' },
  suites: { type: 'list' },
  components: { type: 'list' },
  architectures: { type: 'list' },
  languages: { type: 'list' },
  targets: { type: 'list' },
  signed_by: { type: 'string' },
  enabled: { type: 'boolean' },
  trusted: { type: 'boolean' },
  allow_downgrade_to_insecure: { type: 'boolean' },
  allow_insecure: { type: 'boolean' },
  allow_weak: { type: 'boolean' },
  by_hash: { type: 'boolean' },
  check_date: { type: 'boolean' },
  check_valid_until: { type: 'boolean' },
  pdiffs: { type: 'boolean' },
  date_max_future: { type: 'integer' },
  inrelease_path: { type: 'string' },
  exclude: { type: 'list' },
  include: { type: 'list' },
  install_python_debian: { type: 'boolean', default: false },
} as const satisfies Parameters;

const BODY = `
keyfile=
if [ "$state" = absent ]; then
  for f in "/etc/apt/sources.list.d/$slug.sources" "/etc/apt/keyrings/$slug.asc" "/etc/apt/keyrings/$slug.gpg"; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    changed=true; [ -n "$check" ] || rm -f -- "$f" || give_up "cannot remove $f"
  done
  answer; say changed "$changed"; say keyfile "/etc/apt/keyrings/$slug.gpg"; info "/etc/apt/sources.list.d/$slug.sources"; finish
fi
filemode=$mode
if [ -n "$keyurl" ]; then
  new=$(mktemp) || give_up "no temporary file"
  trap 'rm -f "$new"' EXIT
  if command -v curl >/dev/null 2>&1; then said=$(curl -fsSL -o "$new" -- "$keyurl" 2>&1); elif command -v wget >/dev/null 2>&1; then said=$(wget -nv -O "$new" -- "$keyurl" 2>&1)
  else case $keyurl in file://*) cp "\${keyurl#file://}" "$new" 2>/dev/null ;; *) said='the host has neither curl nor wget'; false ;; esac; fi || give_up "Could not fetch signed_by key: $said"
  extension=gpg; ! grep -q 'BEGIN PGP PUBLIC KEY BLOCK' "$new" || extension=asc
  keyfile=/etc/apt/keyrings/$slug.$extension
  if [ ! -d /etc/apt/keyrings ]; then changed=true; [ -n "$check" ] || mkdir -m 755 /etc/apt/keyrings; fi
  if [ ! -e "$keyfile" ] || ! cmp -s "$new" "$keyfile"; then changed=true; [ -n "$check" ] || { cp "$new" "$keyfile.new" && chmod 644 "$keyfile.new" && mv -f "$keyfile.new" "$keyfile" || give_up "cannot write $keyfile"; }; fi
  rm -f "$new"
  if [ -e "$keyfile" ]; then mode=644; own "$keyfile"; fi
fi
mode=$filemode
target=/etc/apt/sources.list.d/$slug.sources
text=$(cat; echo x); text=\${text%x}
case $text in *@KEYFILE@*) text="\${text%%@KEYFILE@*}$keyfile\${text#*@KEYFILE@}" ;; esac
if [ ! -e "$target" ] || [ "$(printf %s "$text" | sha256sum)" != "$(sha256sum < "$target")" ]; then
  changed=true
  if [ -z "$check" ]; then sum=$(printf %s "$text" | sha256sum | cut -c1-64); spare=$target.fleet-tap; printf %s "$text" > "$spare" && put "$target" < "$spare"; rm -f "$spare"; fi
fi
if [ -e "$target" ]; then own "$target"; fi
answer
say changed "$changed"
say keyfile "$keyfile"
tell repo "$text"
info "$target"
`;

export const deb822Repository: PlaybookModule<typeof parameters> = {
  name: 'deb822_repository',
  parameters,
  plan: (params, context) => {
    const slug = params.name.toLowerCase().replace(/[_\s]+/g, '-').replace(/[^a-z0-9-]+/g, '');
    const { state } = params;
    const isUrl = /^[a-z]+:\/\//.test(params.signed_by ?? '');
    const text = state === 'absent' ? '' : fieldsOf(params, isUrl);
    const words = { slug, state, keyurl: isUrl ? params.signed_by : undefined, mode: params.mode, owner: '', group: '', selinux: '', unsafe: '', backup: '', sum: createHash('sha256').update(text).digest('hex') };
    return planScript({ module: 'deb822_repository', shown: { name: params.name, state }, words, body: `${OWN}\n${validation(undefined, 'edit')}\n${PUT}\n${BODY}`, input: Buffer.from(text) }, context, (answer) => {
      const key = answer.values.get('keyfile') ?? '';
      const repo = answer.text('repo');
      return { changed: answer.changed, values: { ...(answer.values.has('kind') ? pathInfo(answer) : {}), repo: state === 'absent' ? null : repo, dest: `/etc/apt/sources.list.d/${slug}.sources`, key_filename: key === '' ? null : key } };
    });
  },
};

/** The fields in the order of the parameters' names, as Ansible writes them. */
function fieldsOf(params: ParamsOf<typeof parameters>, isUrl: boolean): string {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined || ['state', 'mode', 'install_python_debian'].includes(name)) continue;
    const field = name === 'name' ? 'X-Repolib-Name' : name === 'uris' ? 'URIs' : name.split('_').map((word) => word[0]?.toUpperCase() + word.slice(1)).join('-');
    const written = typeof value === 'boolean' ? (value ? 'yes' : 'no') : Array.isArray(value) ? value.join(' ') : name === 'signed_by' && isUrl ? '@KEYFILE@' : String(value);
    lines.push(`${field}:${written.includes('\n') ? multiline(written) : ` ${written}`}`);
  }
  return `${lines.join('\n')}\n`;
}

function multiline(text: string): string {
  return `\n${text.trim().split('\n').map((line) => `    ${line.trim() === '' ? '.' : line.trim()}`).join('\n')}`;
}
