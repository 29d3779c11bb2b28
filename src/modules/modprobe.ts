// modprobe (community.general): a kernel module is loaded, or not; and at the next boot too, if wanted. The steps are those of modules/modprobe.py.
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  name: { type: 'string', required: true },
  state: { type: 'string', default: 'present', choices: ['present', 'absent'] },
  params: { type: 'string', default: '' },
  persistent: { type: 'string', default: 'disabled', choices: ['disabled', 'present', 'absent'] },
} as const satisfies Parameters;

const BODY = `
has() { grep -q "^$1 " /proc/modules 2>/dev/null || grep -q "/$2\\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null; }
plain=$(printf '%s' "$name" | tr - _)
loaded=; has "$plain" "\\($plain\\|$name\\)" && loaded=1
command -v modprobe >/dev/null || PATH=$PATH:/sbin:/usr/sbin
if [ "$state" = present ] && [ -z "$loaded" ]; then
  changed=true
  if [ -z "$check" ]; then err=$(modprobe "$name" $params 2>&1) || fail "$err" "$?"; else err=$(modprobe -n "$name" $params 2>&1) || fail "$err" "$?"; fi
elif [ "$state" = absent ] && [ -n "$loaded" ]; then
  changed=true
  [ -n "$check" ] || { err=$(modprobe -r "$name" 2>&1) || fail "$err" "$?"; }
fi
# Lines that name it, in every file of a folder; comments do not count.
naming() { grep -lE "^[[:space:]]*$1" "$2"/*.conf 2>/dev/null; }
comment() { sed -i -E "s/^([[:space:]]*$1.*)\\$/#\\1/" "$2"; }
list="$name[[:space:]]*([#;].*)?\\$"; options="options[[:space:]]+$name([[:space:]]|\\$)"
write() { changed=true; [ -n "$check" ] || { mkdir -p "\${1%/*}"; printf '%s\\n' "$2" > "$1"; }; }
case $persistent in
present)
  [ -n "$(naming "$list" /etc/modules-load.d)" ] || write "/etc/modules-load.d/$name.conf" "$name"
  if [ -n "$params" ]; then
    is=$(sed -nE "s/^[[:space:]]*options[[:space:]]+$name[[:space:]]+//p" /etc/modprobe.d/*.conf 2>/dev/null | tr ' ' '\\n' | sed '/^$/d' | sort)
    if [ "$is" != "$(printf '%s\\n' $params | sort)" ]; then
      [ -n "$check" ] || for f in $(naming "$options" /etc/modprobe.d); do comment "$options" "$f"; done
      write "/etc/modprobe.d/$name.conf" "$(for p in $params; do printf 'options %s %s\\n' "$name" "$p"; done)"
    fi
  fi ;;
absent)
  for f in $(naming "$list" /etc/modules-load.d); do changed=true; [ -n "$check" ] || comment "$name[[:space:]]*" "$f"; done
  for f in $(naming "$options" /etc/modprobe.d); do changed=true; [ -n "$check" ] || comment "options[[:space:]]+$name" "$f"; done ;;
esac
answer
say changed "$changed"
`;

export const modprobe: PlaybookModule<typeof parameters> = {
  name: 'modprobe',
  collection: 'community.general',
  parameters,
  plan: ({ name, state, params, persistent }, context) => {
    if (!/^[\w-]+$/.test(name)) throw new ParameterError(`"${name}" is not the name of a kernel module`, 'name');
    return planScript({ module: 'modprobe', shown: { name, state }, words: { name, state, params, persistent }, body: `${FAIL}\n${BODY}`, failureValues: { name, state, params } }, context, (answer) => ({ changed: answer.changed, values: { name, state, params } }));
  },
};
