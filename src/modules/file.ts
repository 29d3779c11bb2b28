// file: a path is absent, a directory, or an existing file, with mode, owner and group. Answer: changed, state (what the path is now), failed, msg.
// Not yet: state link and hard, recurse, symbolic modes, times of touch.
import { parseAnswer } from './answer.js';
import type { PlaybookModule } from './module.js';
import { OWN, ownership } from './ownership.js';
import type { Parameters } from './params.js';
import { assign, moduleScript } from './script.js';

const parameters = {
  path: { type: 'string', required: true, aliases: ['dest', 'name'] },
  state: { type: 'string', choices: ['file', 'directory', 'absent', 'touch'] },
  ...ownership,
} as const satisfies Parameters;

const BODY = `
# Folders above that are not there get the same mode, owner and group.
make() {
  case $1 in */) make "\${1%/}"; return ;; */*) [ -d "\${1%/*}/" ] || make "\${1%/*}" ;; esac
  mkdir -- "$1" || give_up "cannot make the directory $1"
  own "$1"
}
# Links are followed, unless they are to go away. The x keeps newlines at the end.
if [ -L "$path" ] && [ "$state" != absent ]; then target=$(readlink -f -- "$path" && echo x) && path=\${target%??}; fi
if [ -L "$path" ]; then was=link; elif [ -d "$path" ]; then was=directory; elif [ -e "$path" ]; then was=file; else was=absent; fi
[ -n "$state" ] || { if [ "$was" = directory ]; then state=directory; else state=file; fi; }
case $state in
absent)
  if [ "$was" != absent ]; then
    changed=true; [ -n "$check" ] || rm -rf -- "$path" || give_up "cannot remove $path"
  fi ;;
directory)
  case $was in
  directory) own "$path" ;;
  absent)
    changed=true
    [ -n "$check" ] || make "$path" ;;
  *) give_up "$path is a $was, not a directory" ;;
  esac ;;
file)
  case $was in
  absent) give_up "$path does not exist, and the state file makes no file (use touch, or the module copy)" ;;
  directory) give_up "$path is a directory, not a file" ;;
  esac
  own "$path" ;;
touch)
  changed=true
  if [ -z "$check" ]; then touch -- "$path" || give_up "cannot touch $path"; own "$path"; fi ;;
esac
answer
say changed "$changed"
say state "$state"
`;

export const file: PlaybookModule<typeof parameters> = {
  name: 'file',
  parameters,
  plan: (params, context) => {
    const { path, state, mode, owner, group } = params;
    const values = assign({ path, state, mode, owner, group, check: context.check });
    return {
      kind: 'script',
      script: moduleScript('file', params, context, `${values}\n${OWN}\n${BODY}`),
      parse: (result) => {
        const answer = parseAnswer('file', result);
        const failed = answer.values.get('failed') === 'true';
        const values = { path, state: answer.values.get('state') ?? state ?? 'file' };
        return failed ? { changed: answer.changed, failed, msg: answer.text('msg'), values } : { changed: answer.changed, values };
      },
    };
  },
};
