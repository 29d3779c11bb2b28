// lineinfile: a line is in a file, once, where it belongs; or is not. Regular expressions are Python's, over bytes, line by line.
// Answer under Ansible's names: changed, msg, backup, found (absent). The steps are those of modules/lineinfile.py, so that the odd cases are equal.
import { expandReplacement, PythonRegexError, pythonRegex, search } from '../base/python-regex.js';
import { byteLines, bytesOf, type Edited, editParameters, planEdit } from './edit.js';
import type { PlaybookModule } from './module.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { checkValidate } from './put.js';

const parameters = {
  ...editParameters,
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  regexp: { type: 'string', aliases: ['regex'] },
  search_string: { type: 'string' },
  line: { type: 'string', aliases: ['value'] },
  insertafter: { type: 'string' },
  insertbefore: { type: 'string' },
  backrefs: { type: 'boolean', default: false },
  create: { type: 'boolean', default: false },
  firstmatch: { type: 'boolean', default: false },
} as const satisfies Parameters;

type Params = ParamsOf<typeof parameters>;

const EXCLUSIVE = [['insertbefore', 'insertafter'], ['regexp', 'search_string'], ['backrefs', 'search_string']] as const;

export const lineinfile: PlaybookModule<typeof parameters> = {
  name: 'lineinfile',
  parameters,
  ahead: 'looks',
  checkWritten: (written) => {
    for (const [one, other] of EXCLUSIVE) if (one in written && other in written) return { message: `parameters are mutually exclusive: ${one}|${other}`, parameter: other };
    const { state = 'present' } = written;
    if (state === 'present' && !('line' in written)) return { message: 'line is required with state=present' };
    if (state === 'absent' && !['line', 'search_string', 'regexp'].some((name) => name in written)) return { message: 'one of line, search_string, or regexp is required with state=absent' };
    if (state === 'present' && written.backrefs === true && !('regexp' in written)) return { message: 'regexp is required with backrefs=true', parameter: 'backrefs' };
    for (const name of ['regexp', 'insertafter', 'insertbefore']) {
      const wrong = checkRegex(written[name], name);
      if (wrong !== undefined) return wrong;
    }
    return checkValidate(written.validate);
  },
  plan: (params, context) => {
    const { path, state, regexp, search_string } = params;
    if (state === 'present' && params.line === undefined) throw new ParameterError('line is required with state=present');
    if (state === 'absent' && (regexp ?? search_string ?? params.line) === undefined) throw new ParameterError('one of line, search_string, or regexp is required with state=absent');
    const plan = planEdit(params, context, {
      module: 'lineinfile',
      backupKey: 'backup',
      header: `${path} (content)`,
      showsAttributes: true,
      warnings: regexp === '' || search_string === '' ? [everyLine(regexp === '')] : [],
      edit: (before) => (state === 'present' ? present(params, before) : absent(params, before)),
    });
    return plan;
  },
};

function everyLine(isRegex: boolean): string {
  const what = isRegex ? 'regular expression' : 'search string';
  const advice = isRegex ? " If this is desired, use '^' to match every line in the file and avoid this warning." : '';
  return `The ${what} is an empty string, which will match every line in the file. This may have unintended consequences, such as replacing the last line in the file rather than appending.${advice}`;
}

export function checkRegex(written: unknown, parameter: string): { message: string; parameter: string } | undefined {
  if (typeof written !== 'string' || written.includes('{{')) return undefined;
  try {
    pythonRegex(bytesOf(written), { bytes: true });
    return undefined;
  } catch (error) {
    if (error instanceof PythonRegexError) return { message: error.message, parameter };
    throw error;
  }
}

/** @throws ParameterError */
export function compiled(pattern: string, parameter: string, flags: { bytes?: boolean; multiline?: boolean; dotAll?: boolean } = { bytes: true }): RegExp {
  try {
    return pythonRegex(flags.bytes === true ? bytesOf(pattern) : pattern, flags);
  } catch (error) {
    throw error instanceof PythonRegexError ? new ParameterError(error.message, parameter) : error;
  }
}

const bare = (line: string | undefined) => line?.replace(/[\r\n]+$/, '');

function present(params: Params, before: string | undefined): Edited {
  if (before === undefined && !params.create) return { kind: 'fail', msg: `Destination ${params.path} does not exist !`, values: { rc: 257 } };
  const lines = byteLines(before ?? '');
  const line = bytesOf(params.line ?? '');
  const { insertbefore, backrefs, firstmatch } = params;
  const insertafter = params.insertafter ?? (insertbefore === undefined ? 'EOF' : undefined);
  const place = insertafter !== undefined && insertafter !== 'BOF' && insertafter !== 'EOF' ? insertafter : insertafter === undefined && insertbefore !== undefined && insertbefore !== 'BOF' ? insertbefore : undefined;
  const placeRegex = place === undefined ? undefined : compiled(place, insertafter === undefined ? 'insertbefore' : 'insertafter');
  const regex = params.regexp === undefined ? undefined : compiled(params.regexp, 'regexp');
  const needle = params.search_string === undefined ? undefined : bytesOf(params.search_string);

  let at = -1;
  let match: RegExpExecArray | true | undefined;
  for (const [index, current] of lines.entries()) {
    const found = regex !== undefined ? search(regex, current) : needle !== undefined && current.includes(needle) ? true : null;
    if (found === null) continue;
    at = index;
    match = found;
    if (firstmatch) break;
  }
  let insertAt = -1;
  if (match === undefined) {
    for (const [index, current] of lines.entries()) {
      if (bare(current) === line) at = index;
      else if (placeRegex !== undefined && search(placeRegex, current) !== null) {
        insertAt = insertafter !== undefined ? index + 1 : index;
        if (firstmatch) break;
      }
    }
  }

  let msg = '';
  const insert = (index: number) => {
    lines.splice(index, 0, `${line}\n`);
    msg = 'line added';
  };
  /** Behind the place, unless the line stands there. */
  const insertBehind = () => {
    if (lines.length === insertAt) {
      if (bare(lines[insertAt - 1]) !== line) insert(insertAt);
    } else if (bare(lines[insertAt]) !== line) insert(insertAt);
  };
  if (at !== -1) {
    const expanded = backrefs && match !== undefined && match !== true ? expandReplacement(line, match) : line;
    const wanted = expanded.endsWith('\n') ? expanded : `${expanded}\n`;
    if (lines[at] !== wanted) {
      lines[at] = wanted;
      msg = 'line replaced';
    }
  } else if (backrefs) {
    // Without a match there is nothing to fill the references with.
  } else if (insertbefore === 'BOF' || insertafter === 'BOF') insert(0);
  else if (insertafter === 'EOF' || insertAt === -1) {
    const last = lines.at(-1);
    if (last !== undefined && !/[\n\r]$/.test(last)) lines.push('\n');
    insert(lines.length);
  } else if (insertafter !== undefined) insertBehind();
  else insert(insertAt);
  if (msg === '' && before === undefined) return { kind: 'end', msg };
  return { kind: 'text', text: msg === '' ? (before ?? '') : lines.join(''), msg };
}

function absent(params: Params, before: string | undefined): Edited {
  if (before === undefined) return { kind: 'end', msg: 'file not present' };
  const regex = params.regexp === undefined ? undefined : compiled(params.regexp, 'regexp');
  const needle = params.search_string === undefined ? undefined : bytesOf(params.search_string);
  const line = bytesOf(params.line ?? '');
  const lines = byteLines(before);
  const kept = lines.filter((current) => (regex !== undefined ? search(regex, current) === null : needle !== undefined ? !current.includes(needle) : bare(current) !== line));
  const found = lines.length - kept.length;
  return { kind: 'text', text: kept.join(''), msg: found > 0 ? `${found} line(s) removed` : '', values: { found } };
}
