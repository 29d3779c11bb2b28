// copy: a file of the controller, or a text of the playbook, becomes a file of the host. The bytes travel on standard input, never in a command line.
// Guaranteed: the file is replaced whole (a temporary one beside it, renamed), and only when bytes, mode, owner or group differ.
// Answer: changed, dest (where it went), failed, msg, diff (text, with --diff). Not yet: directories, remote_src, backup, validate, symbolic modes.
import { PythonFloat } from '../base/python-repr.js';
import { createHash } from 'node:crypto';
import { parseAnswer } from './answer.js';
import type { PlaybookModule } from './module.js';
import { OWN, ownership } from './ownership.js';
import type { Parameters } from './params.js';
import { assign, moduleScript } from './script.js';

const parameters = {
  dest: { type: 'string', required: true },
  content: { type: 'raw' },
  src: { type: 'string' },
  force: { type: 'boolean', default: true },
  ...ownership,
} as const satisfies Parameters;

const BODY = `
case $dest in */) isdir=1;; *) isdir=;; esac
if [ -d "$dest" ] || [ -n "$isdir" ]; then
  [ -n "$base" ] || give_up "$dest is a directory, and content needs the name of a file"
  dest=\${dest%/}/$base
fi
case $dest in */*) dir=\${dest%/*}; dir=\${dir:-/} ;; *) dir=. ;; esac
[ -d "$dir" ] || [ -n "$check" ] || { [ -n "$isdir" ] && mkdir -p -- "$dir"; } || give_up "there is no directory $dir"
[ ! -d "$dest" ] || give_up "$dest is a directory"
same=
# A link is replaced, whatever it leads to.
if [ -e "$dest" ] || [ -L "$dest" ]; then
  if [ -z "$force" ]; then same=kept; elif [ ! -L "$dest" ] && [ "$(sha256sum < "$dest" | cut -c1-64)" = "$sum" ]; then same=1; fi
fi
diff=
if [ -z "$same" ]; then
  changed=true
  if [ -n "$check" ]; then
    if [ -n "$wantdiff" ]; then old=$dest; [ -e "$dest" ] || old=/dev/null; diff=$(diff -u --label before --label after -- "$old" -); fi
  else
    mask=$(umask)
    umask 077
    tmp=$(mktemp -- "$dir/.fleet-tap.XXXXXXXX") || give_up "cannot write in $dir"
    trap 'rm -f -- "$tmp"' EXIT
    cat > "$tmp" || give_up "cannot write $tmp"
    [ "$(sha256sum < "$tmp" | cut -c1-64)" = "$sum" ] || give_up "the content did not arrive whole"
    if [ -n "$wantdiff" ]; then old=$dest; [ -e "$dest" ] || old=/dev/null; diff=$(diff -u --label before --label after -- "$old" "$tmp"); fi
    if [ -e "$dest" ] && [ ! -L "$dest" ]; then chown --reference="$dest" -- "$tmp" 2>/dev/null; chmod --reference="$dest" -- "$tmp"
    else chmod "$(printf %o "$((0666 & ~$mask))")" -- "$tmp"; fi
    own "$tmp"
    mv -fT -- "$tmp" "$dest" || give_up "cannot put the file at $dest"
    trap - EXIT
  fi
elif [ "$same" = 1 ]; then own "$dest"; fi
answer
say changed "$changed"
tell dest "$dest"
[ -z "$diff" ] || tell diff "$diff"
`;

export const copy: PlaybookModule<typeof parameters> = {
  name: 'copy',
  parameters,
  checkWritten: (written) => {
    if (written.mode === 'preserve') return { message: "the mode 'preserve' is not supported", parameter: 'mode', hint: "write octal digits in quotes: '0644'" };
    if (('src' in written) === ('content' in written)) return { message: 'copy takes either src or content' };
    if (written.content === null) return { message: 'content is nothing', parameter: 'content', hint: "for an empty file write content: ''" };
    return undefined;
  },
  plan: async (params, context) => {
    const { dest, src, mode, owner, group, force } = params;
    const bytes = src === undefined ? Buffer.from(contentText(params.content)) : await context.readLocal(src);
    const sum = createHash('sha256').update(bytes).digest('hex');
    const base = src === undefined ? '' : src.slice(src.lastIndexOf('/') + 1);
    const values = assign({ dest, base, sum, mode, owner, group, force, check: context.check, wantdiff: context.diff && !context.noLog });
    return {
      kind: 'script',
      script: moduleScript('copy', { dest, src, mode, owner, group, sha256: sum, bytes: bytes.length }, context, `${values}\n${OWN}\n${BODY}`),
      input: bytes,
      parse: (result) => {
        const answer = parseAnswer('copy', result);
        const values = { dest: answer.values.get('dest') ?? (answer.text('dest') || dest) };
        if (answer.values.get('failed') === 'true') return { changed: answer.changed, failed: true, msg: answer.text('msg'), values };
        const diff = answer.text('diff');
        return { changed: answer.changed, values, ...(diff === '' ? {} : { diff }) };
      },
    };
  },
};

/** plugins/action/copy.py: mappings and lists are written as JSON, anything else as Python prints it. */
function contentText(content: unknown): string {
  if (content instanceof PythonFloat) return String(content);
  if (typeof content === 'object' && content !== null) return pythonJson(content);
  return typeof content === 'boolean' ? (content ? 'True' : 'False') : String(content ?? '');
}

/** json.dumps: a space behind commas and colons, ASCII only. */
function pythonJson(value: unknown): string {
  if (value instanceof PythonFloat) return String(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`).join(', ')}}`;
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => (char === '\u007f' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
