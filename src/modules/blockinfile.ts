// blockinfile: a block of lines between two marker lines is in a file, once, where it belongs; or is not. The steps are those of modules/blockinfile.py.
// Answer under Ansible's names: changed, msg, backup_file.
import { search } from '../base/python-regex.js';
import { bytesOf, type Edited, editParameters, planEdit } from './edit.js';
import { checkRegex, compiled } from './lineinfile.js';
import type { PlaybookModule } from './module.js';
import type { Parameters, ParamsOf } from './params.js';
import { checkValidate } from './put.js';

const parameters = {
  ...editParameters,
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  marker: { type: 'string', default: '# {mark} ANSIBLE MANAGED BLOCK' },
  block: { type: 'string', default: '', aliases: ['content'] },
  insertafter: { type: 'string' },
  insertbefore: { type: 'string' },
  create: { type: 'boolean', default: false },
  marker_begin: { type: 'string', default: 'BEGIN' },
  marker_end: { type: 'string', default: 'END' },
  append_newline: { type: 'boolean', default: false },
  prepend_newline: { type: 'boolean', default: false },
  encoding: { type: 'string', default: 'utf-8', refused: 'files are UTF-8' },
} as const satisfies Parameters;

type Params = ParamsOf<typeof parameters>;

export const blockinfile: PlaybookModule<typeof parameters> = {
  name: 'blockinfile',
  parameters,
  ahead: 'looks',
  checkWritten: (written) => {
    if ('insertbefore' in written && 'insertafter' in written) return { message: 'parameters are mutually exclusive: insertbefore|insertafter', parameter: 'insertafter' };
    return checkRegex(written.insertafter, 'insertafter') ?? checkRegex(written.insertbefore, 'insertbefore') ?? checkValidate(written.validate);
  },
  plan: (params, context) =>
    planEdit(params, context, { module: 'blockinfile', backupKey: 'backup_file', header: `${params.path} (content)`, showsAttributes: true, edit: (before) => edit(params, before) }),
};

function edit(params: Params, before: string | undefined): Edited {
  const { path, insertbefore } = params;
  if (before === undefined && !params.create) return { kind: 'fail', msg: `Path ${path} does not exist !`, values: { rc: 257 } };
  const isPresent = params.state === 'present';
  if (!isPresent && before === undefined) return { kind: 'end', msg: `File ${path} not present` };
  const lines = splitLines(before ?? '');
  const insertafter = params.insertafter ?? (insertbefore === undefined ? 'EOF' : undefined);
  const place = insertafter !== undefined && insertafter !== 'EOF' ? insertafter : insertafter === undefined && insertbefore !== 'BOF' ? insertbefore : undefined;
  const regex = place === undefined ? undefined : compiled(place, insertafter === undefined ? 'insertbefore' : 'insertafter');

  const markerOf = (word: string) => `${bytesOf(params.marker).replaceAll('{mark}', () => bytesOf(word))}\n`;
  const [begin, end] = [markerOf(params.marker_begin), markerOf(params.marker_end)];
  let block: string[] = [];
  if (isPresent && params.block !== '') {
    const text = bytesOf(params.block);
    block = [begin, ...splitLines(text.endsWith('\n') ? text : `${text}\n`), end];
  }
  const first = lines.lastIndexOf(begin);
  const last = lines.lastIndexOf(end);
  let at: number;
  if (first === -1 || last === -1) {
    let found = -1;
    if (regex !== undefined) {
      if (/^\(\?[a-z]*m/.test(place ?? '')) {
        const match = search(regex, before ?? '');
        if (match !== null) found = ((before ?? '').slice(0, insertafter !== undefined ? match.index + match[0].length : match.index).match(/\n/g) ?? []).length;
      } else for (const [index, line] of lines.entries()) if (search(regex, line) !== null) found = index;
      at = found === -1 ? lines.length : insertafter !== undefined ? found + 1 : found;
    } else at = insertbefore !== undefined ? 0 : lines.length;
  } else {
    at = Math.min(first, last);
    lines.splice(at, Math.abs(last - first) + 1);
  }
  const above = lines[at - 1];
  if (above !== undefined && !above.endsWith('\n')) lines[at - 1] = `${above}\n`;
  if (params.prepend_newline && isPresent && at > 0 && lines[at - 1] !== '\n') {
    lines.splice(at, 0, '\n');
    at += 1;
  }
  const below = lines[at];
  if (params.append_newline && isPresent && below !== undefined && below !== '\n') lines.splice(at, 0, '\n');
  lines.splice(at, 0, ...block);
  const text = lines.join('');
  const msg = before === text ? '' : before === undefined ? 'File created' : block.length === 0 ? 'Block removed' : 'Block inserted';
  return { kind: 'text', text, msg };
}

/** bytes.splitlines(keepends=True): carriage returns end lines too. */
function splitLines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}
