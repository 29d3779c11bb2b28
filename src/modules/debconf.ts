// debconf: an answer that a package's questions find when it is installed. The steps are those of modules/debconf.py. Values travel on standard input.
// Answer: changed, current, previous.
import { createHash } from 'node:crypto';
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  name: { type: 'string', required: true, aliases: ['pkg'] },
  question: { type: 'string', aliases: ['selection', 'setting'] },
  vtype: { type: 'string', choices: ['boolean', 'error', 'multiselect', 'note', 'password', 'seen', 'select', 'string', 'text', 'title'] },
  value: { type: 'raw', aliases: ['answer'] },
  unseen: { type: 'boolean', default: false },
} as const satisfies Parameters;

const LOOK = `
command -v debconf-show >/dev/null || fail "Failed to find required executable \\"debconf-show\\""
out=$(debconf-show "$name" 2>/dev/null)
password=
if [ "$vtype" = password ]; then password=$(debconf-get-selections 2>/dev/null | grep "^$name	$question	" | head -n 1 | cut -f4 | sha256sum | cut -c1-64); fi
answer
say changed false
say password "$password"
tell shown "$out"
`;

const SET = `
err=$(debconf-set-selections \${unseen:+-u} 2>&1) || fail "$err" 1
answer
say changed true
tell said "$err"
`;

export const debconf: PlaybookModule<typeof parameters> = {
  name: 'debconf',
  parameters,
  checkWritten: (written) => {
    const given = ['question', 'vtype', 'value'].filter((name) => name in written);
    return given.length === 0 || given.length === 3 ? undefined : { message: 'parameters are required together: question, vtype, value' };
  },
  plan: (params, context) => {
    const { name, question, vtype, unseen } = params;
    if (!/^[a-z0-9][a-z0-9+./-]*$/.test(name)) throw new ParameterError(`"${name}" is not the name of a package`, 'name');
    const list = Array.isArray(params.value) && vtype === 'multiselect' ? params.value.map(String) : undefined;
    const plain = list !== undefined ? list.join(', ') : typeof params.value === 'boolean' ? (params.value ? 'True' : 'False') : String(params.value ?? '');
    const value = vtype === 'boolean' ? plain.toLowerCase() : plain;
    if (/\n/.test(value)) throw new ParameterError('an answer has one line', 'value');
    return planScript({ module: 'debconf', shown: { name, question }, words: { name, question, vtype }, body: `${FAIL}\n${LOOK}` }, context, (answer) => {
      const previous: Record<string, string> = {};
      for (const line of answer.text('shown').split('\n')) {
        const colon = line.indexOf(':');
        if (colon !== -1) previous[line.slice(0, colon).replace(/^[*\s]+/, '').trim()] = line.slice(colon + 1).trim();
      }
      if (question === undefined) return { changed: false, msg: '', values: { current: previous } };
      const existing = previous[question];
      const isEqual = existing !== undefined && (vtype === 'password' ? answer.values.get('password') === sha256Line(value) : list !== undefined ? existing.split(',').map((item) => item.trim()).sort().join(', ') === list.toSorted().join(', ') : (vtype === 'boolean' ? existing.toLowerCase() : existing) === value);
      if (isEqual) return { changed: false, msg: '', values: { current: previous } };
      // Of a question that is new, all others of the package are told; a list is one text only where it has been set.
      const before = existing === undefined ? { ...previous, [question]: '' } : { [question]: existing };
      // Answers that are there already are compared, and then set, in order.
      const chosen = existing === undefined ? list : list?.toSorted();
      const answered = chosen?.join(', ') ?? value;
      const current = { [question]: context.check ? (chosen ?? value) : answered };
      const result = { changed: true, msg: '', values: { current, previous: before }, diff: { before, after: { ...before, ...current } } };
      if (context.check) return result;
      return planScript({ module: 'debconf', shown: { name, question }, words: { unseen }, body: `${FAIL}\n${SET}`, input: Buffer.from(`${name} ${question} ${vtype} ${answered}\n`) }, context, () => result);
    });
  },
};

function sha256Line(text: string): string {
  return createHash('sha256').update(`${text}\n`).digest('hex');
}
