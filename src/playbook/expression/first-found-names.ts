// What comes in: the terms of first_found, names or mappings with files, paths and skip. What goes out: the names to look for, in their order. Pure.
// Source: plugins/lookup/first_found.py of ansible-core 2.19 (_process_terms).
import { isAbsolute, join } from 'node:path';
import { isMapping } from './kinds.js';
import { isTrue, toText } from './values.js';

interface FirstFound {
  readonly names: readonly string[];
  readonly skips: boolean;
}

/** @param options of the lookup itself; a mapping among the terms takes their place, for what stands behind it too */
export function searched(terms: readonly unknown[], options: Readonly<Record<string, unknown>>): FirstFound {
  let current = options;
  const names: string[] = [];
  const add = (term: unknown): void => {
    if (Array.isArray(term)) for (const one of term) add(one);
    else {
      if (isMapping(term)) current = term;
      const found = isMapping(term) ? split(term.files, /[,;]/) : split(term, /[,;]/);
      const paths = split(current.paths, /[,:;]/);
      names.push(...(paths.length === 0 ? found : paths.flatMap((path) => found.map((name) => (isAbsolute(name) ? name : join(path, name))))));
    }
  };
  add(terms.length === 0 ? (options.files ?? []) : terms);
  return { names, skips: current.skip !== undefined && isTrue(current.skip) };
}

function split(value: unknown, at: RegExp): string[] {
  if (value === undefined || value === null) return [];
  return [value].flat().flatMap((one) => toText(one).split(at));
}
