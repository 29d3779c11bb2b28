// group: a group of the host's own files is there, with its number, or not. By groupadd, groupmod and groupdel, or busybox's addgroup and delgroup.
// Answer: changed, name, state, gid, system.
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  name: { type: 'string', required: true },
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  gid: { type: 'integer' },
  system: { type: 'boolean', default: false },
  non_unique: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  local: { type: 'boolean', default: false, refused: 'the host decides where its groups are' },
  gid_min: { type: 'integer' },
  gid_max: { type: 'integer' },
} as const satisfies Parameters;

const BODY = `
line=$(getent group "$name" 2>/dev/null || grep "^$name:" /etc/group); line=\${line%%"$ft_newline"*}
is=\${line#*:*:}; is=\${is%%:*}
run() { changed=true; [ -n "$check" ] && return; err=$("$@" 2>&1) || fail "$err$ft_newline"; }
if [ "$state" = absent ]; then
  if [ -n "$line" ]; then
    if command -v groupdel >/dev/null 2>&1; then run groupdel \${force:+-f} "$name"; else run delgroup "$name"; fi
  fi
elif [ -z "$line" ]; then
  if command -v groupadd >/dev/null 2>&1; then
    run groupadd \${gid:+-g "$gid"} \${nonunique:+-o} \${system:+-r} \${gidmin:+-K "GID_MIN=$gidmin"} \${gidmax:+-K "GID_MAX=$gidmax"} "$name"
  else run addgroup \${gid:+-g "$gid"} \${system:+-S} "$name"; fi
elif [ -n "$gid" ] && [ "$gid" != "$is" ]; then run groupmod -g "$gid" \${nonunique:+-o} "$name"; fi
answer
say changed "$changed"
[ -z "$line" ] || say was "$is"
[ "$changed" = false ] || is=$(getent group "$name" 2>/dev/null | cut -d: -f3)
say gid "$is"
`;

export const group: PlaybookModule<typeof parameters> = {
  name: 'group',
  parameters,
  ahead: 'looks',
  checkWritten: (written) => (written.non_unique === true && !('gid' in written) ? { message: 'non_unique is True but all of the following are missing: gid', parameter: 'non_unique' } : undefined),
  plan: (params, context) => {
    const { name, state, gid, system, force } = params;
    const words = { name, state, gid, system, force, nonunique: params.non_unique, gidmin: params.gid_min, gidmax: params.gid_max };
    return planScript({ module: 'group', shown: { name, state, gid }, words, body: `${FAIL}\n${BODY}`, look: 'check', failureValues: { name } }, context, (answer) => {
      if (context.check && answer.changed && (state === 'absent' || !answer.values.has('was'))) return { changed: true };
      const is = answer.values.get('gid') ?? '';
      return { changed: answer.changed, values: { name, state, ...(is === '' || state === 'absent' ? {} : { gid: Number(is), system }) } };
    });
  },
};
