// What comes in: the text of a template file (`templates/app.conf.j2`), its path, and options of the template module. What goes out: the text to
// put on the host. Guaranteed: trim_blocks, lstrip_blocks, the marks and the last line breaks as Ansible's template module has them
// (plugins/action/template.py; of 2.19: nothing at all, or one value that is no text, gets none); a `#jinja2:` first line is read; included templates
// come from the controller only.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { isVaultFile } from '../base/vault.js';
import { FILE_LIMITS, withBudget } from './expression/budget.js';
import { Evaluator, type Names } from './expression/evaluate.js';
import { parseTemplate } from './expression/parse-template.js';
import { PLAYBOOK_SYNTAX, type Syntax } from './expression/parts.js';
import { changesInPlace, type LoadTemplate, runTemplate } from './expression/run-template.js';
import { concat, withLists } from './expression/pieces.js';
import { Frame } from './expression/scope.js';
import { FilterError } from './expression/filter-error.js';
import { Omit } from './expression/kinds.js';
import { toText } from './expression/values.js';
import type { TemplateOptions } from '../modules/module.js';
import { TemplateSource } from './template-source.js';

const OVERRIDE = '#jinja2:';

/**
 * Renders a file's text for one host.
 * @param path of the file, for errors and as the place from which `include` looks
 * @throws FleetTapError kind `input` for mistakes of syntax (`template-syntax`), kind `host` when a value is undefined or an expression fails
 */
export function renderTemplateFile(text: string, path: string, names: Names, options: TemplateOptions = {}): string {
  return String(fileValue(text, path, names, options, true));
}

/** The same for a lookup: a file that is one expression and nothing else keeps the expression's type. */
export function templateFileValue(text: string, path: string, names: Names, options: TemplateOptions = {}): unknown {
  return fileValue(text, path, names, options, false);
}

function fileValue(text: string, path: string, names: Names, options: TemplateOptions, isText: boolean): unknown {
  const normal = text.replace(/\r\n|\r/g, '\n');
  const source = TemplateSource.fromFile(normal, path);
  const { syntax, startAt } = fileSyntax(source, options);
  const statements = parseTemplate(source, syntax, startAt);
  return withBudget(FILE_LIMITS, () => {
    const pieces = runTemplate({ source, statements }, names, loadFrom(names, source, syntax), changesInPlace(normal));
    return new Evaluator(source, new Frame(names)).placed(0, 'this', () => {
      const value = concat(pieces);
      if (value === null && isPlain(normal.slice(startAt), syntax)) return normal.slice(startAt);
      if (typeof value === 'string') return withLastBreaks(value, normal.slice(startAt), syntax.newline);
      if (isText && value instanceof Omit) throw new FilterError('is `omit` and nothing else');
      return isText ? (value === null ? '' : toText(withLists(value))) : value;
    });
  });
}

/** Without a mark it is no template, and stays as it is. */
function isPlain(text: string, { blockStart, variableStart, commentStart }: Syntax): boolean {
  return ![blockStart, variableStart, commentStart].some((mark) => text.includes(mark));
}

/** Line breaks at the end of the template are kept; Jinja alone drops one. */
export function withLastBreaks(value: string, template: string, newline = '\n'): string {
  return value + newline.repeat(Math.max(0, newlinesAfter(template) - newlinesAfter(value)));
}

function newlinesAfter(text: string): number {
  return /\n*$/.exec(text)?.[0].length ?? 0;
}

function fileSyntax(source: TemplateSource, options: TemplateOptions): { readonly syntax: Syntax; readonly startAt: number } {
  const { trimBlocks = true, lstripBlocks = false } = options;
  let syntax: Syntax = {
    variableStart: options.variableStart ?? PLAYBOOK_SYNTAX.variableStart,
    variableEnd: options.variableEnd ?? PLAYBOOK_SYNTAX.variableEnd,
    blockStart: options.blockStart ?? PLAYBOOK_SYNTAX.blockStart,
    blockEnd: options.blockEnd ?? PLAYBOOK_SYNTAX.blockEnd,
    commentStart: options.commentStart ?? PLAYBOOK_SYNTAX.commentStart,
    commentEnd: options.commentEnd ?? PLAYBOOK_SYNTAX.commentEnd,
    trimBlocks,
    lstripBlocks,
    isRaw: false,
    newline: options.newlineSequence ?? '\n',
  };
  if (!source.text.startsWith(OVERRIDE)) return { syntax, startAt: 0 };
  const end = source.text.indexOf('\n');
  if (end === -1) throw source.error(0, 'behind the options of the first line (#jinja2:) no other line follows');
  for (const pair of source.text.slice(OVERRIDE.length, end).split(',')) {
    const [, name = '', value = ''] = /^\s*(\w+)\s*:\s*(.*?)\s*$/.exec(pair) ?? [];
    syntax = { ...syntax, ...override(source, name, value) };
  }
  return { syntax, startAt: end + 1 };
}

const MARKS: Readonly<Record<string, keyof Syntax>> = {
  variable_start_string: 'variableStart', variable_end_string: 'variableEnd', block_start_string: 'blockStart', block_end_string: 'blockEnd', comment_start_string: 'commentStart', comment_end_string: 'commentEnd',
};

function override(source: TemplateSource, name: string, value: string): Partial<Syntax> {
  const isTrue = value === 'True' ? true : value === 'False' ? false : undefined; // a text fails since 2.19; before, "False" meant true
  if (isTrue !== undefined && name === 'trim_blocks') return { trimBlocks: isTrue };
  if (isTrue !== undefined && name === 'lstrip_blocks') return { lstripBlocks: isTrue };
  const mark = MARKS[name];
  const text = /^(['"])(.+)\1$/.exec(value)?.[2];
  if (mark !== undefined && text !== undefined) return { [mark]: text };
  throw source.error(0, `the option ${name}: ${value} in the first line (#jinja2:) is not supported`, { hint: 'supported: trim_blocks and lstrip_blocks (True or False, without quotes), and the marks, for example variable_start_string: "[["' });
}

/** Looks for a template that another one names: in templates/ of the role and the playbook, there itself, and beside the one that names it. */
export function loadFrom(names: Names, from: TemplateSource, syntax: Syntax = { ...PLAYBOOK_SYNTAX, isRaw: false }): LoadTemplate {
  return (name) => {
    const text = (variable: string): string[] => {
      const value = names.get(variable);
      return typeof value === 'string' ? [value] : [];
    };
    const search = names.get('ansible_search_path');
    const folders = [...(Array.isArray(search) ? search.map(String) : [...text('role_path'), ...text('playbook_dir')]), dirname(from.place().file ?? '.')];
    const candidates = isAbsolute(name) ? [name] : folders.flatMap((folder) => [join(folder, 'templates', name), join(folder, name)]);
    const path = candidates.find((candidate) => existsSync(candidate));
    if (path === undefined) return undefined;
    const bytes = readFileSync(path);
    if (isVaultFile(bytes)) {
      const hint = 'Ansible would put the encrypted text into the file: decrypt it, or take the secret from an encrypted file of variables';
      throw new FleetTapError('host', 'vault-unsupported', `${name}, which this template includes, is encrypted with Ansible Vault`, { place: { file: path }, hint });
    }
    const source = TemplateSource.fromFile(bytes.toString('utf8').replace(/\r\n|\r/g, '\n'), path);
    return { source, statements: parseTemplate(source, syntax) };
  };
}
