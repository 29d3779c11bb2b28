// stat: what a path is. Never changes anything. Answer: exists, and where it does the values below by Ansible's names. Links are not followed unless asked.
import { pythonFloat } from '../base/python-repr.js';
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';
import { planScript } from './plan-script.js';
import { STAT_FORMAT, statInfo } from './stat-line.js';
import { OWN } from './ownership.js';
import { part } from './script.js';

const parameters = {
  path: { type: 'path', required: true, aliases: ['dest', 'name'] },
  follow: { type: 'boolean', default: false },
  get_checksum: { type: 'boolean', default: true },
  get_mime: { type: 'boolean', default: true, aliases: ['mime', 'mime_type', 'mime-type'] },
  get_attributes: { type: 'boolean', default: true, aliases: ['attr', 'attributes'] },
  checksum_algorithm: { type: 'string', default: 'sha1', choices: ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'], aliases: ['checksum', 'checksum_algo'] },
} as const satisfies Parameters;

const BODY = part(`
expand path
L=; [ -z "$follow" ] || L=-L
line=$(stat $L -c '${STAT_FORMAT}
%.9X %.9Y %.9Z' -- "$path" 2>/dev/null) || line=$(stat $L -c '${STAT_FORMAT}' -- "$path" 2>/dev/null) || line=
answer
say changed false
if [ -z "$line" ]; then say exists false; finish; fi
say exists true
say line "\${line%%"$ft_newline"*}"
times=\${line#*"$ft_newline"}; case $times in *[!0-9.\\ ]*) ;; *) say times "$times" ;; esac
tell path "$path"
for right in r w x; do if [ "-$right" "$path" ]; then say "can_$right" 1; fi; done
if [ -L "$path" ] && [ -z "$follow" ]; then tell target "$(readlink -- "$path")"; real "$path" && tell source "$real"; fi
if [ -n "$sum" ] && [ -r "$path" ] && [ -f "$path" ] && { [ -n "$follow" ] || [ ! -L "$path" ]; }; then is=$("$sum" < "$path"); say checksum "\${is%% *}"; fi
if [ -n "$mime" ]; then
  if command -v file >/dev/null 2>&1; then say mime "$(file --brief --mime-type --mime-encoding -- "$path" 2>/dev/null)"; fi
fi
if [ -n "$flags" ] && command -v lsattr >/dev/null 2>&1; then all=$(lsattr -vd -- "$path" 2>/dev/null); say flags "$(set -f; set -- \${all%%"$ft_newline"*}; printf '%s %s' "$1" "$2")"; fi
`);

export const stat: PlaybookModule<typeof parameters> = {
  name: 'stat',
  parameters,
  ahead: 'looks',
  plan: (params, context) => {
    const { path, follow } = params;
    const words = { path, follow, sum: params.get_checksum ? `${params.checksum_algorithm}sum` : '', mime: params.get_mime, flags: params.get_attributes };
    return planScript({ module: 'stat', shown: { path }, words, body: `${OWN}\n${BODY}`, look: 'itself' }, context, (answer) => {
      const value = (name: string) => answer.values.get(name) ?? '';
      if (value('exists') !== 'true') return { changed: false, values: { stat: { exists: false } } };
      const info = statInfo(value('line'));
      const [atime, mtime, ctime] = value('times').split(' ').map(Number);
      const exact = atime === undefined || mtime === undefined || ctime === undefined || Number.isNaN(ctime) ? info : { atime, mtime, ctime };
      const [mimetype = '', charset = ''] = value('mime').split('; charset=');
      const [version = '', flags = ''] = value('flags').split(/ +/);
      const letters = flags.replaceAll('-', '');
      const { pw_name, gr_name, ...bits } = info;
      // In Ansible's order: it shows where a result is the item of a loop.
      const stat = {
        exists: true,
        path: answer.text('path'),
        ...bits,
        atime: pythonFloat(exact.atime),
        mtime: pythonFloat(exact.mtime),
        ctime: pythonFloat(exact.ctime),
        readable: value('can_r') === '1',
        writeable: value('can_w') === '1',
        executable: value('can_x') === '1',
        ...(info.islnk ? { lnk_source: answer.text('source'), lnk_target: answer.text('target') } : {}),
        ...(pw_name === '' ? {} : { pw_name }),
        ...(gr_name === '' ? {} : { gr_name }),
        ...(value('checksum') === '' ? {} : { checksum: value('checksum') }),
        ...(params.get_mime ? { mimetype: mimetype === '' ? 'unknown' : mimetype, charset: charset === '' ? 'unknown' : charset } : {}),
        ...(params.get_attributes ? { version: flags === '' ? null : version, attributes: [...letters].flatMap((letter) => ATTRIBUTES[letter] ?? []), attr_flags: letters } : {}),
      };
      return { changed: false, values: { stat } };
    });
  },
};

/** lsattr's letters (module_utils/basic.py, FILE_ATTRIBUTES). */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  A: 'noatime', a: 'append', c: 'compressed', C: 'nocow', d: 'nodump', D: 'dirsync', e: 'extents', E: 'encrypted', h: 'blocksize', i: 'immutable', I: 'indexed', j: 'journalled',
  N: 'inline', s: 'zero', S: 'synchronous', t: 'notail', T: 'blockroot', u: 'undelete', X: 'compressedraw', Z: 'compresseddirty',
};
