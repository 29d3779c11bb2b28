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
    const list = Array.isArray(params.value) && vtype === 'multiselect' ? (params.value as readonly unknown[]) : undefined;
    const plain = list !== undefined ? '' : typeof params.value === 'boolean' ? (params.value ? 'True' : 'False') : String(params.value ?? '');
    const single = vtype === 'boolean' ? plain.toLowerCase() : plain;
    return planScript({ module: 'debconf', shown: { name, question }, words: { name, question, vtype }, body: `${FAIL}\n${LOOK}` }, context, (answer) => {
      const shown: Record<string, string> = {};
      for (const line of answer.text('shown').split('\n')) {
        const colon = line.indexOf(':');
        if (colon !== -1) shown[line.slice(0, colon).replace(/^[*\s]+/, '').trim()] = line.slice(colon + 1).trim();
      }
      if (question === undefined) return { changed: false, msg: '', values: { current: shown } };
      const existing = shown[question];
      const wrong = list === undefined ? undefined : wrongList(list, existing !== undefined, context.check);
      if (wrong !== undefined) return { changed: false, failed: true, msg: `Invalid value provided for 'multiselect': ${wrong}` };
      const type = typeOf(params.value);
      if (list === undefined && vtype !== 'boolean' && type !== 'str' && !context.check) return { changed: false, failed: true, msg: `Task failed: Module failed: sequence item 3: expected str instance, ${type} found`, hint: 'write the value in quotes' };
      // Only what is compared is sorted.
      const texts = list === undefined ? undefined : existing === undefined ? list.map(String) : list.map(String).sort();
      const value = texts?.join(', ') ?? single;
      if (/\n/.test(value)) throw new ParameterError('an answer has one line', 'value');
      const isEqual = existing !== undefined && (vtype === 'password' ? answer.values.get('password') === sha256Line(value) : list !== undefined ? existing.split(',').map((item) => item.trim()).sort().join(', ') === value : (vtype === 'boolean' ? existing.toLowerCase() : existing) === value);
      if (isEqual) return { changed: false, msg: '', values: { current: shown } };
      const current = { [question]: context.check ? (texts ?? value) : value };
      const previous = existing === undefined ? { ...shown, [question]: '' } : { [question]: existing };
      const result = { changed: true, msg: '', values: { current, previous }, diff: { before: previous, after: { ...previous, ...current } } };
      if (context.check) return result;
      return planScript({ module: 'debconf', shown: { name, question }, words: { unseen }, body: `${FAIL}\n${SET}`, input: Buffer.from(`${name} ${question} ${vtype} ${value}\n`) }, context, () => result);
    });
  },
};

/** Python's name for it. */
function typeOf(value: unknown): string {
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return Array.isArray(value) ? 'list' : 'dict';
}

/** Python can neither sort what is of several types nor join what is no text. */
function wrongList(list: readonly unknown[], sorts: boolean, check: boolean): string | undefined {
  const types = list.map(typeOf);
  const at = types.findIndex((type, index) => index > 0 && (type === 'str') !== (types[index - 1] === 'str'));
  if (sorts && at !== -1) return `'<' not supported between instances of '${types[at]}' and '${types[at - 1]}'`;
  const other = types.findIndex((type) => type !== 'str');
  return other === -1 || check ? undefined : `sequence item ${other}: expected str instance, ${types[other]} found`;
}

function sha256Line(text: string): string {
  return createHash('sha256').update(`${text}\n`).digest('hex');
}
