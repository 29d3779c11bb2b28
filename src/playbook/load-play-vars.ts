// What comes in: vars_files and vars_prompt of a play. What goes out: the files, read where their names are known, and the questions.
import { dirname, resolve } from 'node:path';
import { isMap, isSeq, type Node } from 'yaml';
import { resolveAlias, type YamlFile, yamlError, yamlPlace } from '../base/yaml.js';
import { holdsTemplate } from './load-arguments.js';
import type { LoadContext } from './load-context.js';
import type { VarsFile, VarsPrompt } from './playbook.js';
import { firstFile, readVarsFile } from './read-file.js';
import { booleanOf, type Entries, entriesOf, INVALID, itemsOf, textOf } from './read-keys.js';
import { compileNode } from './template.js';

/** Each entry is a file, or a list of which the first that is there counts. */
export async function loadVarsFiles({ yaml, play }: LoadContext, entries: Entries): Promise<VarsFile[]> {
  const value = resolveAlias(yaml, entries.get('vars_files')?.value ?? null);
  const items = value === null ? [] : isSeq(value) ? (value.items as Node[]) : [value];
  const files: VarsFile[] = [];
  for (const node of items) {
    const item = compileNode(yaml, node);
    const candidates = Array.isArray(item) ? item : [item];
    if (candidates.some((one) => one === null)) throw yamlError(yaml, node, 'vars_files takes names of files, not nothing', { code: INVALID });
    const place = yamlPlace(yaml, node);
    if (candidates.some(holdsTemplate)) {
      files.push({ candidates, vars: undefined, place });
      continue;
    }
    const folder = dirname(resolve(yaml.file));
    const paths = candidates.flatMap((one) => [resolve(folder, 'vars', String(one)), resolve(folder, String(one))]);
    const found = await firstFile(paths);
    if (found === undefined) throw yamlError(yaml, node, `there is no file ${candidates.join(', ')}`, { code: 'file-missing', hint: `looked for ${paths.join(', ')}` });
    files.push({ candidates, vars: await readVarsFile(found, play.vault), place });
  }
  return files;
}

const PROMPT = ['name', 'prompt', 'default', 'private', 'confirm', 'unsafe', 'encrypt', 'salt', 'salt_size'];

export function loadVarsPrompt(yaml: YamlFile, entries: Entries): VarsPrompt[] {
  return itemsOf(yaml, entries.get('vars_prompt')?.value ?? null, 'vars_prompt').map((node) => {
    if (!isMap(resolveAlias(yaml, node))) throw yamlError(yaml, node, 'a question is a mapping', { code: INVALID, hint: '- name: the_variable' });
    const own = entriesOf(yaml, node, 'a question');
    const unknown = [...own.values()].find(({ key }) => !PROMPT.includes(String(key)));
    if (unknown !== undefined) throw yamlError(yaml, unknown.keyNode, `a question has no key "${unknown.key}"`, { code: INVALID, hint: PROMPT.join(', ') });
    const name = textOf(yaml, own, 'name');
    if (name === undefined) throw yamlError(yaml, node, 'a question names its variable', { code: INVALID, hint: 'name: the_variable' });
    const value = (key: string) => (own.has(key) ? compileNode(yaml, own.get(key)?.value ?? null) : undefined);
    return { name, prompt: value('prompt') ?? name, default: value('default'), isPrivate: booleanOf(yaml, own, 'private') ?? true, confirm: booleanOf(yaml, own, 'confirm') ?? false, isUnsafe: booleanOf(yaml, own, 'unsafe') ?? false, encrypt: value('encrypt'), salt: value('salt'), saltSize: value('salt_size') };
  });
}
