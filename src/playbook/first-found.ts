// with_first_found: the first of some files that is there. Source: plugins/lookup/first_found.py of ansible-core 2.19.
// What comes in: names, or mappings with files, paths and skip. What goes out: the file, or nothing where `skip` allows it.
// Guaranteed: a name that is made of something undefined is left out, as there; of several mappings the last one's `skip` counts, and its paths hold for the
// names behind it.
import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { isMapping } from './expression/kinds.js';
import type { Names } from './expression/evaluate.js';
import { searched } from './expression/first-found-names.js';
import type { LocalFiles } from './local-files.js';
import { render, Template, type TemplateValue } from './template.js';

/** @throws FleetTapError kind `host` where none is there and nobody has said `skip` */
export async function firstFound(written: TemplateValue, names: Names, files: LocalFiles, action: string, wrong: (message: string, hint: string) => FleetTapError): Promise<readonly unknown[]> {
  const terms = withoutUndefined(written, names);
  const { names: wanted, skips } = searched(Array.isArray(terms) ? terms : [terms], {});
  const kind = action.includes('template') ? 'templates' : action.includes('var') ? 'vars' : 'files';
  const candidates = wanted.flatMap((name) => (isAbsolute(name) ? [resolve(name)] : files.foldersFor(kind).map((folder) => resolve(folder, name))));
  for (const candidate of candidates) if (await access(candidate).then(() => true, () => false)) return [candidate];
  if (skips) return [];
  throw wrong(`no file was found; looked for ${[...new Set(candidates)].join(', ')}`, 'skip: true lets the task be skipped');
}

function withoutUndefined(value: TemplateValue, names: Names): unknown {
  if (Array.isArray(value)) return value.flatMap((one: TemplateValue) => kept(() => withoutUndefined(one, names)));
  if (isMapping(value) && !(value instanceof Template)) return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => kept(() => withoutUndefined(one, names)).map((rendered) => [key, rendered])));
  return render(value, names);
}

/** None where it is made of something undefined. */
function kept(make: () => unknown): unknown[] {
  try {
    return [make()];
  } catch (error) {
    if (error instanceof FleetTapError && error.code === 'expression-undefined') return [];
    throw error;
  }
}
