// apt_key: a key that apt trusts is there, or not. Without the program apt-key, which newer systems no longer have: a key is a file of its own in
// /etc/apt/trusted.gpg.d (or the keyring that is named), which is where apt-key would put it as well. Needs gpg where the key's number is not given.
// Answer: changed, id, fp, key_id, short_id.
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  id: { type: 'string' },
  url: { type: 'string' },
  data: { type: 'string' },
  file: { type: 'path' },
  keyring: { type: 'path' },
  keyserver: { type: 'string' },
  validate_certs: { type: 'boolean', default: true },
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
} as const satisfies Parameters;

const BODY = `
box=$(mktemp -d) || fail "no temporary folder"
trap 'rm -rf "$box"' EXIT
has() { command -v "$1" >/dev/null 2>&1; }
# Fingerprints in a file of keys, one a line, the main keys' and their subkeys'.
prints() { gpg --homedir "$box" --batch --no-tty --with-colons --show-keys --fingerprint -- "$1" 2>/dev/null | sed -n 's/^fpr:\\(:*\\)\\([0-9A-F]*\\):.*/\\2/p'; }
cat > "$box/data"
if [ "$state" = present ] && [ -z "$keyserver" ]; then
  if [ -n "$url" ]; then
    if has curl; then err=$(curl -fsSL -o "$box/data" -- "$url" 2>&1); elif has wget; then err=$(wget -nv -O "$box/data" -- "$url" 2>&1)
    else case $url in file://*) cp "\${url#file://}" "$box/data" ;; *) err='the host has neither curl nor wget'; false ;; esac; fi || fail "Failed to download key at $url: $err"
  elif [ -n "$file" ]; then cp -- "$file" "$box/data" 2>/dev/null || fail "there is no file $file"; fi
fi
has gpg || fail "the host has no gpg, which tells the number of a key (install the package gpg)"
if [ "$state" = present ]; then
  if [ -n "$keyserver" ]; then
    err=$(gpg --homedir "$box" --batch --no-tty --keyserver "$keyserver" --recv-keys "$id" 2>&1) || fail "Error fetching key $id from keyserver: $keyserver" 1
    gpg --homedir "$box" --batch --no-tty --export "$id" > "$box/data"
  fi
  found=$(prints "$box/data")
  [ -n "$found" ] || fail "No key to add was found."
  [ -n "$id" ] || id=$(printf '%s\\n' "$found" | head -n 1)
  case $found in *"$id"*) ;; *) fail "key does not seem to have been added" ;; esac
fi
there=
for f in \${keyring:-/etc/apt/trusted.gpg /etc/apt/trusted.gpg.d/*.gpg /etc/apt/trusted.gpg.d/*.asc}; do
  [ -e "$f" ] || continue
  case $(prints "$f") in *"$id"*) there="$there $f" ;; esac
done
if [ "$state" = present ] && [ -z "$there" ]; then
  changed=true
  if [ -z "$check" ]; then
    if grep -q 'BEGIN PGP' "$box/data"; then gpg --homedir "$box" --batch --no-tty --dearmor < "$box/data" > "$box/key" 2>/dev/null; else cp "$box/data" "$box/key"; fi
    target=\${keyring:-/etc/apt/trusted.gpg.d/$(printf '%s' "$id" | tail -c 16).gpg}
    mkdir -p "\${target%/*}"
    if [ -n "$keyring" ] && [ -e "$keyring" ]; then cat "$keyring" "$box/key" > "$box/both"; mv -f "$box/both" "$box/key"; fi
    cp "$box/key" "$target.new" && chmod 644 "$target.new" && mv -f "$target.new" "$target" || fail "cannot write $target"
  fi
elif [ "$state" = absent ] && [ -n "$there" ]; then
  changed=true
  if [ -z "$check" ]; then
    for f in $there; do
      rm -f "$box/ring"
      gpg --homedir "$box" --batch --no-tty --no-default-keyring --keyring "$box/ring" --import "$f" >/dev/null 2>&1
      gpg --homedir "$box" --batch --no-tty --yes --no-default-keyring --keyring "$box/ring" --delete-keys "$id" >/dev/null 2>&1
      gpg --homedir "$box" --batch --no-tty --no-default-keyring --keyring "$box/ring" --export > "$box/left" 2>/dev/null
      if [ -s "$box/left" ]; then cat "$box/left" > "$f"; else rm -f -- "$f"; fi
    done
  fi
fi
answer
say changed "$changed"
say id "$id"
`;

export const aptKey: PlaybookModule<typeof parameters> = {
  name: 'apt_key',
  parameters,
  checkWritten: (written) => {
    const sources = ['data', 'file', 'keyserver', 'url'].filter((name) => name in written);
    if (sources.length > 1) return { message: `parameters are mutually exclusive: ${sources.join('|')}`, parameter: sources[1] ?? '' };
    if (written.state === 'absent') return 'id' in written ? undefined : { message: 'key_id is required' };
    if (sources.length === 0) return { message: 'one of data, file, keyserver and url is needed', hint: 'or write a keyring file with copy, and name it with signed-by' };
    if ('keyserver' in written && !('id' in written)) return { message: 'a key of a keyserver needs its id', parameter: 'keyserver' };
    return undefined;
  },
  plan: (params, context) => {
    const id = params.id?.replace(/^0x/i, '').replaceAll(' ', '').toUpperCase();
    const { url, file, keyring, keyserver, state } = params;
    const words = { id, url, file, keyring, keyserver, state };
    return planScript({ module: 'apt_key', shown: { id, url, file, keyring, state }, words, body: `${FAIL}\n${BODY}`, input: Buffer.from(params.data ?? '') }, context, (answer) => {
      const found = answer.values.get('id') ?? '';
      return { changed: answer.changed, values: { id: found, fp: found, key_id: found.slice(-16), short_id: found.slice(-8) } };
    });
  },
};
