// stat: what a path is. Never changes anything. Answer: exists, and where it does the values below by Ansible's names. Links are not followed unless asked.
// Not yet: checksum, mime type, attributes (get_checksum, get_mime and get_attributes may be false).
import { parseAnswer } from './answer.js';
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';
import { assign, moduleScript } from './script.js';

const parameters = {
  path: { type: 'string', required: true, aliases: ['dest', 'name'] },
  follow: { type: 'boolean', default: false },
  get_checksum: { type: 'boolean', default: false },
  get_mime: { type: 'boolean', default: false },
  get_attributes: { type: 'boolean', default: false },
} as const satisfies Parameters;

const BODY = `
LC_ALL=C; export LC_ALL
L=; [ -z "$follow" ] || L=-L
answer
say changed false
if out=$(stat $L -c 'mode=%a
size=%s
uid=%u
gid=%g
pw_name=%U
gr_name=%G
inode=%i
nlink=%h
mtime=%.9Y
type=%F' -- "$path" 2>/dev/null); then
  say exists true
  printf '%s\\n' "$out"
  [ ! -L "$path" ] || tell target "$(readlink -- "$path")"
else
  say exists false
fi
`;

export const stat: PlaybookModule<typeof parameters> = {
  name: 'stat',
  parameters,
  checkWritten: (written) => {
    const wanted = ['get_checksum', 'get_mime', 'get_attributes'].find((name) => written[name] === true);
    return wanted === undefined ? undefined : { message: `${wanted}: true is not supported yet`, parameter: wanted, hint: 'leave it out' };
  },
  plan: (params, context) => ({
    kind: 'script',
    script: moduleScript('stat', params, context, `${assign({ path: params.path, follow: params.follow })}\n${BODY}`),
    parse: (result) => {
      const answer = parseAnswer('stat', result);
      const value = (name: string) => answer.values.get(name) ?? '';
      if (value('exists') !== 'true') return { changed: false, values: { stat: { exists: false } } };
      const type = value('type');
      const bits = Number.parseInt(value('mode'), 8);
      const stat = {
        exists: true,
        path: params.path,
        mode: bits.toString(8).padStart(4, '0'),
        isdir: type === 'directory',
        isreg: type.startsWith('regular'),
        islnk: type === 'symbolic link',
        ischr: type.startsWith('character'),
        isblk: type.startsWith('block'),
        isfifo: type === 'fifo',
        issock: type === 'socket',
        size: Number(value('size')),
        uid: Number(value('uid')),
        gid: Number(value('gid')),
        pw_name: value('pw_name'),
        gr_name: value('gr_name'),
        inode: Number(value('inode')),
        nlink: Number(value('nlink')),
        mtime: Number(value('mtime')),
        ...(type === 'symbolic link' ? { lnk_target: answer.text('target') } : {}),
      };
      return { changed: false, values: { stat } };
    },
  }),
};
