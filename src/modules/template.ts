// template: a template of the controller, rendered with the task's variables, becomes a file of the host, as copy would place it.
import { stat } from 'node:fs/promises';
import type { PlaybookModule } from './module.js';
import { ownership } from './ownership.js';
import type { Parameters } from './params.js';
import { planPlace } from './place.js';
import { checkValidate } from './put.js';

const SEQUENCES: Readonly<Record<string, string>> = { '\\n': '\n', '\\r': '\r', '\\r\\n': '\r\n', '\n': '\n', '\r': '\r', '\r\n': '\r\n' };

const parameters = {
  src: { type: 'path', required: true },
  dest: { type: 'path', required: true },
  backup: { type: 'boolean', default: false },
  force: { type: 'boolean', default: true },
  follow: { type: 'boolean', default: false },
  validate: { type: 'string' },
  newline_sequence: { type: 'string', default: '\n', choices: Object.keys(SEQUENCES) },
  trim_blocks: { type: 'boolean', default: true },
  lstrip_blocks: { type: 'boolean', default: false },
  block_start_string: { type: 'string', default: '{%' },
  block_end_string: { type: 'string', default: '%}' },
  variable_start_string: { type: 'string', default: '{{' },
  variable_end_string: { type: 'string', default: '}}' },
  comment_start_string: { type: 'string', default: '{#' },
  comment_end_string: { type: 'string', default: '#}' },
  output_encoding: { type: 'string', default: 'utf-8', refused: 'files are UTF-8' },
  ...ownership,
  mode: { type: 'copymode' },
} as const satisfies Parameters;

export const template: PlaybookModule<typeof parameters> = {
  name: 'template',
  parameters,
  ahead: 'looks',
  checkWritten: (written) => checkValidate(written.validate),
  plan: async (params, context) => {
    const { src, dest, force, follow, backup, validate } = params;
    const path = await context.findLocal('templates', src);
    const stats = await stat(path);
    const marks = {
      blockStart: params.block_start_string, blockEnd: params.block_end_string,
      variableStart: params.variable_start_string, variableEnd: params.variable_end_string,
      commentStart: params.comment_start_string, commentEnd: params.comment_end_string,
    };
    const options = { ...marks, trimBlocks: params.trim_blocks, lstripBlocks: params.lstrip_blocks, newlineSequence: SEQUENCES[params.newline_sequence] ?? '\n' };
    const rendered = await context.renderTemplate(path, { template_path: src, template_fullpath: path, template_destpath: dest }, options);
    const mode = params.mode === 'preserve' ? (stats.mode & 0o7777).toString(8) : params.mode;
    const base = path.slice(path.lastIndexOf('/') + 1);
    return planPlace({ module: 'template', bytes: Buffer.from(rendered, 'utf8'), dest, base, source: path, force, follow, backup, validate, directoryMode: undefined, ownership: { ...params, mode } }, context);
  },
};
