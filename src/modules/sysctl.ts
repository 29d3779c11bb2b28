// sysctl (ansible.posix): a setting of the kernel is in sysctl's file, and if wanted in force. The steps are those of modules/sysctl.py.
import { booleanOf } from '../base/boolean-words.js';
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript, TRY } from './plan-script.js';

const parameters = {
  name: { type: 'string', required: true, aliases: ['key'] },
  value: { type: 'string', aliases: ['val'] },
  state: { type: 'string', default: 'present', choices: ['present', 'absent'] },
  reload: { type: 'boolean', default: true },
  sysctl_set: { type: 'boolean', default: false },
  ignoreerrors: { type: 'boolean', default: false },
  sysctl_file: { type: 'path', default: '/etc/sysctl.conf' },
} as const satisfies Parameters;

const LOOK = `
command -v sysctl >/dev/null || fail "Failed to find required executable \\"sysctl\\""
answer
say changed false
if is=$(sysctl -e -n -- "$name" 2>/dev/null); then say known 1; say is "$(printf '%s' "$is" | tr '\\n\\t' '  ')"; fi
if [ -f "$file" ]; then printf 'text='; base64 < "$file" | tr -d '\\n'; echo; fi
`;

const CHANGE = `
failed() { case $1 in *': Invalid argument'*|*': Read-only file system'*) return 0 ;; esac; return 1; }
if [ -n "$set" ]; then
  try sysctl \${ignore:+-e} -w "$name=$value" && ! failed "$err" || fail "setting $name failed: $out$err"
fi
if [ -n "$write" ]; then
  target=$file; [ ! -L "$file" ] || target=$(readlink -f -- "$file")
  bits=644; [ ! -e "$target" ] || bits=$(stat -c %a -- "$target")
  cat > "$target.fleet-tap" && chmod "$bits" "$target.fleet-tap" && mv -f -- "$target.fleet-tap" "$target" || fail "Failed to write to file $target"
fi
if [ -n "$reload" ]; then
  try sysctl \${ignore:+-e} -p "$file" && ! failed "$err" || fail "Failed to reload sysctl: $out$err"
fi
answer
say changed true
`;

export const sysctl: PlaybookModule<typeof parameters> = {
  name: 'sysctl',
  collection: 'ansible.posix',
  parameters,
  checkWritten: ({ state, value }) => (state !== 'absent' && (value === undefined || value === null || value === '') ? { message: value === '' ? 'value cannot be blank' : value === null ? 'value cannot be None' : 'state is present but all of the following are missing: value' } : undefined),
  plan: (params, context) => {
    const { state, sysctl_file: file } = params;
    const name = params.name.trim();
    if (state === 'present' && params.value === undefined) throw new ParameterError('value cannot be None', 'value');
    if (name === '') throw new ParameterError('name cannot be blank', 'name');
    if (state === 'present' && params.value === '') throw new ParameterError('value cannot be blank', 'value');
    const value = sysctlValue(params.value);
    return planScript({ module: 'sysctl', shown: { name, state, value }, words: { name, file }, body: `${FAIL}\n${LOOK}` }, context, (answer) => {
      const isKnown = answer.values.get('known') === '1';
      const equals = isKnown && (answer.values.get('is') ?? '').trim().split(/\s+/).join(' ') === value.split(/\s+/).join(' ');
      const text = Buffer.from(answer.values.get('text') ?? '', 'base64').toString('utf8');
      const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
      const settings = new Map<string, string>();
      for (const line of lines) {
        const [key = '', setting] = settingOf(line) ?? [];
        if (setting !== undefined) settings.set(key, setting);
      }
      const inFile = settings.get(name);
      let isChanged = false;
      let writes = false;
      if (state === 'absent') writes = inFile !== undefined && inFile !== '';
      else if (inFile !== value) writes = true;
      else if (params.reload && !equals) isChanged = true;
      isChanged ||= writes;
      const sets = params.sysctl_set && state === 'present' && !equals;
      isChanged ||= sets;
      const result = { changed: isChanged };
      if (!isChanged || context.check) return result;
      const words = { name, value, file, set: sets && isKnown, write: writes, reload: params.reload, ignore: params.ignoreerrors };
      return planScript({ module: 'sysctl', shown: { name, state, value }, words, body: `${FAIL}\n${TRY}\n${CHANGE}`, input: Buffer.from(fileWith(lines, name, state === 'present' ? value : undefined)) }, context, () => result);
    });
  },
};

function sysctlValue(value: string | undefined): string {
  const word = (value ?? '').trim();
  const truth = booleanOf(word);
  return truth === undefined ? word : truth ? '1' : '0';
}

function settingOf(line: string): readonly [string, string] | undefined {
  const bare = line.trim();
  const at = bare.indexOf('=');
  return bare === '' || /^[#;]/.test(bare) || at === -1 ? undefined : [bare.slice(0, at).trim(), bare.slice(at + 1).trim()];
}

/** Each setting once, the first time it is named. */
function fileWith(lines: readonly string[], name: string, value: string | undefined): string {
  const seen = new Set<string>();
  const out: string[] = [];
  for (const line of lines) {
    const setting = settingOf(line);
    if (setting === undefined) out.push(line.trim());
    else if (!seen.has(setting[0])) {
      seen.add(setting[0]);
      if (setting[0] !== name) out.push(`${setting[0]}=${setting[1]}`);
      else if (value !== undefined) out.push(`${name}=${value}`);
    }
  }
  if (!seen.has(name) && value !== undefined) out.push(`${name}=${value}`);
  return out.map((line) => `${line}\n`).join('');
}
