// replace: every match of a regular expression in a file, or in the part of it between two others, becomes another text. Over the whole text, with
// ^ and $ at every line, as modules/replace.py has it. Answer: changed, msg, rc, backup_file.
import { PythonRegexError, search, substitute } from '../base/python-regex.js';
import { type Edited, editParameters, planEdit } from './edit.js';
import { checkRegex, compiled } from './lineinfile.js';
import type { PlaybookModule } from './module.js';
import type { Parameters, ParamsOf } from './params.js';
import { checkValidate } from './put.js';

const parameters = {
  ...editParameters,
  regexp: { type: 'string', required: true },
  replace: { type: 'string', default: '' },
  after: { type: 'string' },
  before: { type: 'string' },
  encoding: { type: 'string', default: 'utf-8', refused: 'files are UTF-8' },
} as const satisfies Parameters;

export const replace: PlaybookModule<typeof parameters> = {
  name: 'replace',
  parameters,
  ahead: 'looks',
  checkWritten: (written) => checkRegex(written.regexp, 'regexp') ?? checkRegex(written.after, 'after') ?? checkRegex(written.before, 'before') ?? checkValidate(written.validate),
  plan: (params, context) =>
    planEdit(params, context, { module: 'replace', backupKey: 'backup_file', header: params.path, showsAttributes: false, edit: (bytes) => edit(params, bytes) }),
};

function edit(params: ParamsOf<typeof parameters>, bytes: string | undefined): Edited {
  const { path, after, before } = params;
  if (bytes === undefined) return { kind: 'fail', msg: `Path ${path} does not exist !`, values: { rc: 257 } };
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  if (Buffer.from(text, 'utf8').toString('latin1') !== bytes) return { kind: 'fail', msg: `Unable to read the contents of ${path}: it is not UTF-8` };
  let [from, to] = [0, text.length];
  if (after !== undefined || before !== undefined) {
    const pattern = `${after ?? ''}(?P<subsection>.*${after !== undefined && before !== undefined ? '?' : ''})${before ?? ''}`;
    const range = search(compiled(pattern, after === undefined ? 'before' : 'after', { dotAll: true }), text)?.indices?.groups?.subsection;
    if (range === undefined) return { kind: 'end', msg: `Pattern for before/after params did not match the given file: ${pattern}`, values: { rc: 0 } };
    [from, to] = range;
  }
  try {
    const { text: section, count } = substitute(compiled(params.regexp, 'regexp', { multiline: true }), params.replace, text.slice(from, to));
    const result = text.slice(0, from) + section + text.slice(to);
    const msg = count > 0 && result !== text ? `${count} replacements made` : '';
    return { kind: 'text', text: Buffer.from(result, 'utf8').toString('latin1'), msg, values: { rc: 0 } };
  } catch (error) {
    if (error instanceof PythonRegexError) return { kind: 'fail', msg: `Unable to process replace due to error: ${error.message}` };
    throw error;
  }
}
