// dpkg_selections: what dpkg is to do with a package: install, hold, deinstall, purge. Answer: changed, before, after.
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  name: { type: 'string', required: true },
  selection: { type: 'string', required: true, choices: ['install', 'hold', 'deinstall', 'purge'] },
} as const satisfies Parameters;

const BODY = `
command -v dpkg >/dev/null || fail "Failed to find required executable \\"dpkg\\""
out=$(dpkg --get-selections "$name" 2>/dev/null | head -n 1 | tr '\\t' ' ' | sed 's/.* //')
[ -n "$out" ] || fail "Failed to find package '$name' to perform selection '$selection'."
if [ "$out" != "$selection" ]; then
  changed=true
  [ -n "$check" ] || { err=$(printf '%s %s\\n' "$name" "$selection" | dpkg --set-selections 2>&1) || fail "$err" 1; }
fi
answer
say changed "$changed"
say before "$out"
`;

export const dpkgSelections: PlaybookModule<typeof parameters> = {
  name: 'dpkg_selections',
  parameters,
  plan: ({ name, selection }, context) => {
    if (!/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9]+)?$/.test(name)) throw new ParameterError(`"${name}" is not the name of a package`, 'name');
    return planScript({ module: 'dpkg_selections', shown: { name, selection }, words: { name, selection }, body: `${FAIL}\n${BODY}` }, context, (answer) => ({
      changed: answer.changed,
      values: { before: answer.values.get('before') ?? '', after: selection },
    }));
  },
};
