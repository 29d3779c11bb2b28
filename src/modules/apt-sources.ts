// What comes in: apt's .list files and a source line that is to be in them, or not. What goes out: the files as they should be. Pure.
// The rules are those of modules/apt_repository.py: a line that stands in any file counts, a disabled one is enabled, a file is named after the URL.

interface SourceLine {
  readonly isValid: boolean;
  isEnabled: boolean;
  readonly source: string;
  readonly comment: string;
}

export type SourceFiles = ReadonlyMap<string, string>;

const TYPES = ['deb', 'deb-src'];

/** The name of the file for a line that is in none yet. */
export function sourcesFileName(line: string, filename: string | undefined): string {
  if (filename !== undefined) return `${filename}.list`;
  const [first = ''] = line.replace(/\[[^\]]+\]/g, '').replace(/\w+:\/\//g, '').split(/\s+/).filter((part) => part !== '' && !TYPES.includes(part));
  const bare = first.includes('@') ? first.slice(first.indexOf('@') + 1) : first;
  return `${bare.replace(/[^a-zA-Z0-9]/g, ' ').split(/\s+/).filter((part) => part !== '').join('_')}.list`;
}

/** @throws Error with Ansible's sentence for a line that is no source */
export function parseSource(line: string): string {
  const parsed = parse(line);
  if (!parsed.isValid || !parsed.isEnabled) throw new Error(`Invalid repository string: ${line}`);
  return parsed.source;
}

function parse(written: string): SourceLine {
  let line = written.trim();
  const isEnabled = !line.startsWith('#');
  if (!isEnabled) line = line.slice(1);
  const mark = line.indexOf('#');
  const comment = mark > 0 ? line.slice(mark + 1).trim() : '';
  if (mark > 0) line = line.slice(0, mark);
  const chunks = line.trim().split(/\s+/);
  const isValid = TYPES.includes(chunks[0] ?? '');
  return { isValid, isEnabled, source: isValid ? chunks.join(' ') : line.trim(), comment };
}

function dump(lines: readonly SourceLine[]): string {
  return lines.map(({ isEnabled, source, comment }) => `${isEnabled ? '' : '# '}${source}${comment === '' ? '' : ` # ${comment}`}\n`).join('');
}

export interface SourcesChange {
  readonly changed: boolean;
  /** As they are to be written; '' : the file goes away. */
  readonly after: SourceFiles;
  /** As they were, written in the same way. */
  readonly before: SourceFiles;
  readonly added: readonly string[];
}

/** @param files path → content, in the order in which apt reads them */
export function changeSources(files: SourceFiles, line: string, state: 'present' | 'absent', newFile: string): SourcesChange {
  const source = parseSource(line);
  const groups = new Map([...files].map(([path, text]) => [path, (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(parse)]));
  const dumped = () => new Map([...groups].filter(([, lines]) => lines.length > 0).map(([path, lines]) => [path, dump(lines)]));
  const before = dumped();
  let isFound = false;
  for (const [path, lines] of groups) {
    if (state === 'present') {
      for (const one of lines) {
        if (!one.isValid || one.source !== source) continue;
        one.isEnabled = true;
        isFound = true;
      }
    } else groups.set(path, lines.filter((one) => !(one.isValid && one.isEnabled && one.source === source)));
  }
  const added: string[] = [];
  if (state === 'present' && !isFound) {
    groups.set(newFile, [...(groups.get(newFile) ?? []), { isValid: true, isEnabled: true, source, comment: '' }]);
    added.push(newFile);
  }
  const kept = dumped();
  const changed = JSON.stringify([...before].sort()) !== JSON.stringify([...kept].sort());
  const after = new Map([...groups].map(([path, lines]) => [path, dump(lines)]));
  return { changed, before, after, added };
}
