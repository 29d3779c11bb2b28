// What lineinfile, blockinfile and replace have in common: a file's bytes come here, are edited by a pure function, and go back if they differ.
// What comes in: the edit. What goes out: a plan of one script when nothing differs (or in check mode), of two when something does.
// Guaranteed: bytes stay bytes (a text here has one character for each); links are followed, the file they lead to is replaced whole.
import { createHash } from 'node:crypto';
import { reprString } from '../base/python-repr.js';
import { parseAnswer } from './answer.js';
import type { ModuleContext, ModuleDiff, ModulePlan, ModuleResult } from './module.js';
import { attributeDiffOf, OWN, type OwnershipParams, ownership, ownershipWords } from './ownership.js';
import type { Parameters } from './params.js';
import { PUT, requireValidate, validation } from './put.js';
import { assign, moduleScript, part } from './script.js';

/** What these modules have beside their own. */
export const editParameters = {
  path: { type: 'path', required: true, aliases: ['dest', 'destfile', 'name'] },
  backup: { type: 'boolean', default: false },
  validate: { type: 'string' },
  ...ownership,
} as const satisfies Parameters;

export type EditParams = OwnershipParams & { readonly path: string; readonly backup: boolean; readonly validate: string | undefined };

/** What an edit says of the text it was given. */
export type Edited =
  /** Stops the task. */
  | { readonly kind: 'fail'; readonly msg: string; readonly values?: Readonly<Record<string, unknown>> }
  /** Ends it as it is: not even the mode is looked at. */
  | { readonly kind: 'end'; readonly msg: string; readonly values?: Readonly<Record<string, unknown>> }
  | { readonly kind: 'text'; readonly text: string; readonly msg: string; readonly values?: Readonly<Record<string, unknown>> };

export interface EditRule {
  readonly module: string;
  /** Where results name the backup; lineinfile answers '' when there is none. */
  readonly backupKey: 'backup' | 'backup_file';
  /** Headers of the diff; the attributes have one of their own, unless the module shows none. */
  readonly header: string;
  readonly showsAttributes: boolean;
  readonly warnings?: readonly string[];
  /** Of the file's text; undefined when there is no file. Pure. */
  edit(before: string | undefined): Edited;
}

const LOOK = part(`
expand path
[ ! -d "$path" ] || give_up "Path $path is a directory !" 256
if [ ! -e "$path" ]; then answer; say exists false; finish; fi
[ -r "$path" ] || give_up "$unreadable"
check=1
own "$path"
answer
say exists true
say attrs "$attrs"
coded content "$path"
`);

/** With bytes: replaces the file. Without: mode, owner and group only. */
const CHANGE = `
expand path
if [ -n "$sum" ]; then
  case $path in */*) [ -d "\${path%/*}/" ] || mkdir -p -- "\${path%/*}" || give_up "Error creating \${path%/*}" ;; esac
  real=$path
  [ ! -L "$path" ] || real "$path" || give_up "cannot follow the link $path"
  put "$real"
else own "$path"; fi
answer
say attrs "$attrs"
tell backupfile "$backupfile"
`;

export function planEdit(params: EditParams, context: ModuleContext, rule: EditRule): ModulePlan {
  const { path } = params;
  const denied = `[Errno 13] Permission denied: ${rule.module === 'lineinfile' ? 'b' : ''}${reprString(path)}`;
  const unreadable = rule.module === 'replace' ? `Unable to read the contents of ${reprString(path)}: ${denied}` : denied;
  requireValidate(params.validate);
  const script = (body: string, sum: string) => {
    const words = assign({ path, unreadable, ...ownershipWords(params), sum, backup: params.backup, check: undefined });
    return moduleScript(rule.module, { path }, context, `${words}\n${OWN}\n${body === LOOK ? '' : `${validation(params.validate, 'edit')}\n${PUT}\n`}${body}`);
  };
  const failure = (answer: ReturnType<typeof parseAnswer>): ModuleResult | undefined => {
    if (answer.values.get('failed') !== 'true') return undefined;
    const rc = answer.values.get('rc');
    return { changed: false, failed: true, msg: answer.text('msg'), values: rc === undefined ? {} : { rc: Number(rc) } };
  };
  return {
    kind: 'script',
    script: script(LOOK, ''),
    look: script(LOOK, ''),
    seen: path,
    parse: (result) => {
      const looked = parseAnswer(rule.module, result);
      const failed = failure(looked);
      if (failed !== undefined) return failed;
      const before = looked.values.get('exists') === 'true' ? Buffer.from(looked.values.get('content') ?? '', 'base64').toString('latin1') : undefined;
      const edited = rule.edit(before);
      const { msg, values = {} } = edited;
      if (edited.kind === 'fail') return { changed: false, failed: true, msg, values };
      if (edited.kind === 'end') return { changed: false, msg, values };
      const isNew = edited.text !== before;
      const attributesDiffer = (looked.values.get('attrs') ?? '') !== '';
      const done = (answer: typeof looked, differ: boolean): ModuleResult => {
        const backup = answer.text('backupfile');
        const parts = [...(msg === '' ? [] : [msg]), ...(differ ? ['ownership, perms or SE linux context changed'] : [])];
        const backups = rule.backupKey === 'backup' ? { backup } : backup === '' ? {} : { backup_file: backup };
        const content: ModuleDiff = { before_header: rule.header, after_header: rule.header, ...(context.diff && !context.noLog ? { before: readable(before ?? ''), after: readable(edited.text) } : { before: '', after: '' }) };
        const diffs = rule.showsAttributes ? [content, ...(context.check && before === undefined ? [] : [attributeDiffOf(path, answer)])] : isNew && context.diff ? [content] : [];
        return { changed: isNew || differ, msg: parts.join(' and '), values: { ...values, ...backups }, ...(diffs.length === 0 ? {} : { diff: diffs }), warnings: rule.warnings ?? [] };
      };
      if (context.check || !(isNew || attributesDiffer)) return done(looked, attributesDiffer);
      const bytes = Buffer.from(edited.text, 'latin1');
      return {
        kind: 'script',
        script: script(CHANGE, isNew ? createHash('sha256').update(bytes).digest('hex') : ''),
        ...(isNew ? { input: bytes } : {}),
        parse: (changed) => {
          const answer = parseAnswer(rule.module, changed);
          return failure(answer) ?? done(answer, (answer.values.get('attrs') ?? '') !== '');
        },
      };
    },
  };
}

/** Parameters of the playbook as bytes, one a character. */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function readable(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Lines with their ends; like Python's bytes, cut at \n only. */
export function byteLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
