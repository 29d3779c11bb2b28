// copy: a file or folder of the controller, a text of the playbook, or a file of the host itself, becomes a file of the host. Bytes travel on standard
// input, never in a command line. How a single file is placed is in place.ts, a folder in copy-tree.ts, remote_src in copy-remote.ts.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { DateTime } from '../base/datetime.js';
import { PythonFloat } from '../base/python-repr.js';
import { planCopyTree } from './copy-tree.js';
import { planRemoteCopy } from './copy-remote.js';
import { readSource } from './local-source.js';
import type { PlaybookModule } from './module.js';
import { copyParameters } from './copy-parameters.js';
import { ParameterError } from './params.js';
import { planPlace } from './place.js';
import { checkValidate } from './put.js';

/** A longer file is read when it is its turn. */
const READ_AHEAD_BYTES = 1024 * 1024;

const NO_SOURCE = 'src (or content) is required';

/** What Ansible preserves of a text: the mode of the temporary file that it puts it into. */
const TEMPORARY_MODE = '600';

export const copy: PlaybookModule<typeof copyParameters> = {
  name: 'copy',
  parameters: copyParameters,
  ahead: 'looks',
  checkWritten: (written) => {
    if (('src' in written) === ('content' in written)) return { message: 'src' in written ? 'src and content are mutually exclusive' : NO_SOURCE };
    if (written.src === '') return { message: NO_SOURCE, parameter: 'src' };
    if (written.content === null) return { message: 'content is nothing', parameter: 'content', hint: "for an empty file write content: ''" };
    if ('content' in written && typeof written.dest === 'string' && written.dest.endsWith('/')) return { message: 'can not use content with a dir as dest', parameter: 'dest' };
    return checkValidate(written.validate);
  },
  plan: async (params, context) => {
    const { dest, src, force, follow, backup, validate, directory_mode: directoryMode } = params;
    if (src === undefined && params.content === undefined) return { kind: 'done', result: { changed: false, failed: true, msg: NO_SOURCE } };
    if (src === undefined || params.content !== undefined) {
      const bytes = Buffer.from(contentText(params.content));
      return planPlace({ module: 'copy', bytes, dest, base: '', source: undefined, force, follow, backup, validate, directoryMode, ownership: { ...params, mode: params.mode === 'preserve' ? TEMPORARY_MODE : params.mode } }, context);
    }
    if (src === '') return { kind: 'done', result: { changed: false, failed: true, msg: NO_SOURCE } };
    if (params.remote_src) return planRemoteCopy(params, src, context);
    const found = await context.findLocal('files', src);
    const stats = await stat(found);
    if (context.isAhead === true && (stats.isDirectory() || stats.size > READ_AHEAD_BYTES)) return { kind: 'action', run: () => Promise.reject(new Error('a plan made ahead is not run')) };
    if (stats.isDirectory()) return planCopyTree(params, src.endsWith('/') ? `${found}/` : found, context);
    const { bytes, mode: preserved } = await readSource(found, stats.mode, params.decrypt, context);
    if (params.checksum !== undefined && params.checksum !== createHash('sha1').update(bytes).digest('hex')) {
      return { kind: 'done', result: { changed: false, failed: true, msg: 'Copied file does not match the expected checksum. Transfer failed.', values: { checksum: createHash('sha1').update(bytes).digest('hex'), expected_checksum: params.checksum } } };
    }
    const mode = params.mode === 'preserve' ? preserved : params.mode;
    return planPlace({ module: 'copy', bytes, dest, base: found.slice(found.lastIndexOf('/') + 1), source: found, force, follow, backup, validate, directoryMode, ownership: { ...params, mode } }, context);
  },
};

/** plugins/action/copy.py: mappings and lists are written as JSON, anything else as Python prints it. */
function contentText(content: unknown): string {
  if (content instanceof PythonFloat) return String(content);
  if (content instanceof DateTime) return content.toString();
  if (typeof content === 'object' && content !== null) return pythonJson(content);
  return typeof content === 'boolean' ? (content ? 'True' : 'False') : String(content ?? '');
}

/** json.dumps: a space behind commas and colons, ASCII only. */
function pythonJson(value: unknown): string {
  if (value instanceof PythonFloat) return String(value);
  if (value instanceof DateTime) throw new ParameterError('could not write content temp file: a date in it is no JSON', 'content', 'make a text of it with | string, or of all with | to_json');
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`).join(', ')}}`;
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => (char === '\u007f' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
