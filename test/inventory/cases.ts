// The inventories in test/cases/inventory/conformance/: `### name`, then perhaps `-i SOURCE …` and `play FOLDER`, then files: `=== path`, with
// `+x` behind the path for an executable one, `crlf` for one with Windows line ends and `latin1` for one in that encoding. Without `-i`, the first file is the source.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Task } from './many.js';

export interface Case {
  readonly name: string;
  readonly sources: readonly string[];
  readonly play: string;
  readonly files: readonly { readonly path: string; readonly text: string; readonly mode: number; readonly encoding?: BufferEncoding }[];
}

const FOLDER = join(import.meta.dirname, '../cases/inventory/conformance');

export async function readCases(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const file of (await readdir(FOLDER)).sort()) {
    const [, ...parts] = `\n${await readFile(join(FOLDER, file), 'utf8')}`.split('\n### ');
    for (const part of parts) cases.push(readCase(part, file));
  }
  return cases;
}

function readCase(part: string, file: string): Case {
  const [head = '', ...files] = part.split(/\n=== /);
  const [name = '', ...settings] = head.split('\n');
  const written = files.map((text) => {
    const end = text.indexOf('\n');
    const [path = '', ...flags] = (end === -1 ? text : text.slice(0, end)).split(' ');
    const body = end === -1 ? '' : `${text.slice(end + 1).replace(/\n$/, '')}\n`;
    return { path, text: flags.includes('crlf') ? body.replaceAll('\n', '\r\n') : body === '\n' ? '' : body, mode: flags.includes('+x') ? 0o755 : 0o644, ...(flags.includes('latin1') && { encoding: 'latin1' as const }) };
  });
  const setting = (key: string) => settings.find((line) => line.startsWith(key))?.slice(key.length);
  const sources = setting('-i ')?.split(' -i ') ?? [written[0]?.path ?? ''];
  return { name: `${file.replace('.txt', '')}: ${name}`, sources, play: setting('play ') ?? '.no-play', files: written };
}

/** Writes the files of a case into a folder of its own. */
export async function layOut(one: Pick<Case, 'sources' | 'play' | 'files'>, folder: string, patterns: readonly string[] = ['all', '*']): Promise<Task> {
  for (const { path, text, mode, encoding } of one.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode, encoding: encoding ?? 'utf8' });
  }
  const isList = (source: string) => source.includes(',') && !one.files.some(({ path }) => path === source);
  return { sources: one.sources.map((source) => (isList(source) ? source : join(folder, source))), play: join(folder, one.play), patterns };
}
