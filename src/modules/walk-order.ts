// What comes in: paths below one folder as `find` lists them, a folder's entries in the order of the file system, each folder followed by what is in it.
// What goes out: the same in the order of Python's os.walk: of each folder first its files, then its folders, then what is in these. Pure.

interface Walked {
  readonly path: string;
  readonly isFolder: boolean;
}

/** @param root without a slash at the end. What is in a folder that the list leaves out comes last */
export function walkOrder<T extends Walked>(root: string, listed: readonly T[]): T[] {
  const within = new Map<string, { readonly files: T[]; readonly folders: T[] }>();
  const of = (folder: string) => {
    const known = within.get(folder) ?? { files: [], folders: [] };
    within.set(folder, known);
    return known;
  };
  for (const entry of listed) {
    const { files, folders } = of(entry.path.slice(0, entry.path.lastIndexOf('/')));
    (entry.isFolder ? folders : files).push(entry);
  }
  const ordered: T[] = [];
  const walk = (folder: string) => {
    const { files, folders } = of(folder);
    within.delete(folder);
    ordered.push(...files, ...folders);
    for (const { path } of folders) walk(path);
  };
  walk(root);
  for (const folder of [...within.keys()]) if (within.has(folder)) walk(folder);
  return ordered;
}
