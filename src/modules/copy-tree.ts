// What comes in: a folder of the controller. What goes out: its files, folders and links on the host, below `dest`; what is there besides stays.
// Guaranteed: one script asks which files differ, a second brings only those (as a tar), whatever their number.
import { createHash } from 'node:crypto';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { quote } from '../base/quote.js';
import { type Answer, parseAnswer } from './answer.js';
import type { copyParameters } from './copy-parameters.js';
import { type LocalSource, readSource } from './local-source.js';
import type { ModuleContext, ModulePlan } from './module.js';
import { OWN, ownershipWords, pathInfo } from './ownership.js';
import type { ParamsOf } from './params.js';
import { MAKE_FOLDERS } from './place.js';
import { PUT, requireValidate, validation } from './put.js';
import { assign, moduleScript } from './script.js';
import { tarOf } from './tar.js';

interface LocalFile {
  readonly rel: string;
  readonly bytes: Buffer;
  readonly sum: string;
  readonly mode: string;
}

interface LocalTree {
  readonly files: LocalFile[];
  readonly folders: string[];
  readonly links: { readonly rel: string; readonly target: string }[];
}

/** As plugins/action/copy.py walks: links to files and folders are followed unless local_follow is false; a loop stays a link. */
async function readTree(root: string, prefix: string, follows: boolean, tree: LocalTree, above: readonly string[], read: (path: string, mode: number) => Promise<LocalSource>): Promise<void> {
  const here = [...above, await realpath(root)];
  const below: (() => Promise<void>)[] = [];
  for (const name of (await readdir(root)).sort()) {
    const path = join(root, name);
    const rel = prefix === '' ? name : `${prefix}/${name}`;
    const own = await lstat(path);
    const found = own.isSymbolicLink() ? await stat(path).catch(() => undefined) : own;
    if (own.isSymbolicLink() && (!follows || found === undefined || (found.isDirectory() && here.includes(await realpath(path))))) {
      tree.links.push({ rel, target: await readlink(path) });
    } else if (found?.isDirectory() === true) {
      tree.folders.push(rel);
      below.push(() => readTree(path, rel, follows, tree, here, read));
    } else if (found !== undefined) {
      const { bytes, mode } = await read(path, found.mode);
      tree.files.push({ rel, bytes, sum: createHash('sha256').update(bytes).digest('hex'), mode });
    }
  }
  for (const walk of below) await walk();
}

const LOOK = `
look() { # NUMBER NAME SUM MODE
  target=$dest$2; [ "$4" = - ] || mode=$4
  if [ -e "$target" ] || [ -L "$target" ]; then
    if [ -d "$target" ] && [ ! -L "$target" ]; then give_up "$target is a directory"; fi
    if [ -z "$force" ]; then return; fi
    if [ -L "$target" ] || [ "$(sha256sum < "$target" | cut -c1-64)" != "$3" ]; then changed=true; need="$need $1"; else own "$target"; fi
  else changed=true; need="$need $1"; fi
}
folder() { # NAME
  target=$dest$1; kept=$mode; mode=$dirmode
  if [ -d "$target" ]; then own "$target"; elif [ -e "$target" ] || [ -L "$target" ]; then give_up "$target already exists as a file"; else
    changed=true
    if [ -z "$check" ]; then mkdirs "$target"; fi
  fi
  mode=$kept
}
link() { # NAME LEADS-TO
  target=$dest$1
  [ -L "$target" ] && [ "$(readlink -- "$target")" = "$2" ] && return
  changed=true
  [ -n "$check" ] || { rm -f -- "$target"; ln -s -- "$2" "$target" || give_up "Error while linking: $target"; }
}
bring() { # NUMBER NAME SUM MODE
  target=$dest$2; sum=$3; [ "$4" = - ] || mode=$4
  [ -d "\${target%/*}" ] || mkdirs "\${target%/*}"
  put "$target" < "$box/f$1"
  rm -f "$box/f$1"
  changed=true
}
need=
expand dest
dest=\${dest%/}/
`;

export async function planCopyTree(params: ParamsOf<typeof copyParameters>, source: string, context: ModuleContext): Promise<ModulePlan> {
  requireValidate(params.validate);
  const { dest } = params;
  const tree: LocalTree = { files: [], folders: [], links: [] };
  const root = source.replace(/\/+$/, '');
  const prefix = source.endsWith('/') ? '' : basename(root);
  await readTree(root, prefix, params.local_follow ?? true, tree, [], (path, mode) => readSource(path, mode, params.decrypt, context));
  const line = (word: string, index: number) => {
    const { rel, sum, mode } = tree.files[index] as LocalFile;
    return `${word} ${index} ${quote(rel)} ${sum} ${params.mode === 'preserve' ? mode : '-'}`;
  };
  const { force, backup } = params;
  const words = { dest, force, backup, dirmode: params.directory_mode, sum: '', ...ownershipWords(params), check: context.check };
  const script = (body: string) =>
    moduleScript('copy', { dest, src: source, files: tree.files.length }, context, `${assign(words)}\n${OWN}\n${MAKE_FOLDERS}\n${validation(params.validate, 'copy')}\n${PUT}\n${LOOK}\n${body}`);
  const steps = [...tree.folders.map((rel) => `folder ${quote(rel)}`), ...tree.links.map(({ rel, target }) => `link ${quote(rel)} ${quote(target)}`)];
  // Of a folder with one file Ansible tells what became of the last thing alone: a link, else a folder, else the file; also whether that is a change.
  const [only, another] = tree.files;
  const lone = only !== undefined && another === undefined ? only : undefined;
  if (lone !== undefined && steps.length > 0) steps.splice(-1, 0, 'changed=false');
  const told = lone === undefined ? '' : `\n${steps.length > 0 ? '' : `target=\${dest}${quote(lone.rel)}\n`}tell target "$target"\ninfo "$target"`;
  const finish = `${steps.join('\n')}\nanswer\nsay changed "$changed"\nsay need "$need"${told}`;
  const last = tree.links.at(-1)?.target;
  const result = (changed: boolean, answer?: Answer) => ({
    changed,
    values: lone !== undefined && answer !== undefined && answer.text('target') !== '' ? aloneValues(answer, last ?? (tree.folders.length > 0 ? undefined : lone), context.check) : { dest: dest.endsWith('/') ? dest : `${dest}/`, src: source },
  });
  const look = `${tree.files.map((_, index) => line('look', index)).join('\n')}\n[ -z "$need" ] || [ -n "$check" ] || { answer; say changed "$changed"; say need "$need"; finish; }\n${finish}`;
  return {
    kind: 'script',
    script: script(look),
    parse: (looked) => {
      const answer = parseAnswer('copy', looked);
      if (answer.values.get('failed') === 'true') return { ...result(answer.changed), failed: true, msg: answer.text('msg') };
      const needed = (answer.values.get('need') ?? '').split(' ').filter((word) => word !== '').map(Number);
      if (context.check || needed.length === 0) return result(answer.changed, answer);
      const files = needed.map((index) => ({ name: `f${index}`, bytes: (tree.files[index] as LocalFile).bytes }));
      const box = 'box=$(mktemp -d) && tar -x -f - -C "$box" || give_up "the files did not arrive"\n';
      return {
        kind: 'script',
        script: script(`${box}${needed.map((index) => line('bring', index)).join('\n')}\nrm -rf "$box"\n${finish}\nsay brought 1`),
        input: tarOf(files),
        parse: (brought) => {
          const done = parseAnswer('copy', brought);
          return done.values.get('failed') === 'true' ? { ...result(true), failed: true, msg: done.text('msg') } : result(lone === undefined || done.changed, done);
        },
      };
    },
  };
}

/** @param last what a link leads to, the file, or undefined for a folder */
function aloneValues(answer: Answer, last: string | LocalFile | undefined, check: boolean): Readonly<Record<string, unknown>> {
  const target = answer.text('target');
  const { state, ...info } = pathInfo(answer);
  const is = state === 'absent' ? {} : { ...info, state };
  if (typeof last === 'string') return { dest: target, src: last, ...is };
  if (last === undefined) return { path: target, dest: target, ...is };
  const digest = (name: string) => createHash(name).update(last.bytes).digest('hex');
  if (answer.values.get('brought') !== '1' && answer.values.get('need') === '') return { path: target, dest: target, checksum: digest('sha1'), ...is };
  return { dest: target, checksum: digest('sha1'), ...is, ...(check ? {} : { md5sum: digest('md5') }) };
}
