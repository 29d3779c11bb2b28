// README and docs/: links lead somewhere, every page can be reached from README, and the commands that are shown exist with their options.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

const project = resolve(import.meta.dirname, '..', '..');
const pages = new Map<string, string>();
beforeAll(async () => {
  const names = ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...(await readdir(join(project, 'docs'), { recursive: true })).filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
  for (const name of names) pages.set(name, await readFile(join(project, name), 'utf8'));
});

/** Text without code: what looks like a link there is none. */
const prose = (text: string) => text.replaceAll(/^ {4}.*$/gm, '').replaceAll(/`[^`\n]*`/g, '``');

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string) => heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');

const linksOf = (page: string) => [...prose(pages.get(page) ?? '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));

it('links lead to files and headings that are there', () => {
  const broken: string[] = [];
  for (const [page, text] of pages) {
    for (const target of linksOf(page)) {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(project, resolve(project, dirname(page), path));
      if (!existsSync(join(project, file))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !(path === '' ? text : (pages.get(file) ?? '')).split('\n').some((line) => /^#+ /.test(line) && anchorOf(line.replace(/^#+ /, '')) === anchor)) broken.push(`${page}: ${target}: no such heading`);
    }
  }
  expect(broken).toEqual([]);
});

it('every page can be reached from README', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) for (const target of linksOf(page)) reached.add(relative(project, resolve(project, dirname(page), target.split('#')[0] ?? '')));
  expect([...pages.keys()].filter((page) => !reached.has(page))).toEqual([]);
});

it('commands that are shown have the options that are shown', async () => {
  const shown = [...pages].flatMap(([page, text]) => [...text.matchAll(/(?:^ {4,}|`|\| |> |run: )(?:npx )?fleet-tap ([a-z]+)((?:[^`\n|#>]|\\\|)*)/gm)].map(([, command = '', rest = '']) => ({ page, command, options: rest.split(' -- ')[0]?.match(/(?<=\s)--?[a-zA-Z][a-z-]*/g) ?? [] })));
  const commands = [...new Set(shown.map(({ command }) => command))];
  expect(commands.length).toBeGreaterThan(10);
  const cli = (...words: string[]) =>
    new Promise<string>((done) => {
      execFile(process.execPath, ['--import', 'tsx', join(project, 'src', 'cli.ts'), ...words], { cwd: project }, (_error, stdout) => done(stdout));
    });
  const help = new Map<string, string>();
  for (const command of commands) help.set(command, await cli(command, '--help'));
  const wrong = shown.flatMap(({ page, command, options }) => options.filter((option) => !new RegExp(`(?:^|[\\s,])${option}(?![\\w-])`, 'm').test(help.get(command) ?? '')).map((option) => `${page}: fleet-tap ${command} ${option}`));
  expect(wrong).toEqual([]);
}, 120_000);
