// The checks of the code itself: types, lint, import directions and cycles, dead exports, sizes. Each shows its tool's own words.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = resolve(import.meta.dirname, '..');
const LIMIT_LINES = 350;

/** @returns '' when the tool is content, else what it says */
function complaints(tool: string, words: readonly string[]): Promise<string> {
  return new Promise((done) => {
    execFile(join(project, 'node_modules', '.bin', tool), words, { cwd: project, maxBuffer: 16 * 2 ** 20, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } }, (error, stdout, stderr) => {
      done(error === null ? '' : `${stdout}${stderr}` || String(error));
    });
  });
}

describe('the code', () => {
  it('has no type errors', async () => expect(await complaints('tsc', ['--noEmit'])).toBe(''));
  it('has no type errors in the page of the report', async () => expect(await complaints('tsc', ['-p', 'tsconfig.page.json'])).toBe(''));
  it('is free of lint', async () => expect(await complaints('biome', ['lint', '--error-on-warnings'])).toBe(''));
  it('imports along the way of the data, without cycles', async () => expect(await complaints('depcruise', ['--config', '.dependency-cruiser.cjs', 'src'])).toBe(''));
  it('has no dead exports, files or dependencies', async () => expect(await complaints('knip', [])).toBe(''));

  it('reads the command line and sets the exit status in cli.ts only', async () => {
    const files = (await readdir(join(project, 'src'), { recursive: true })).filter((file) => file.endsWith('.ts') && file !== 'cli.ts');
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      const text = await readFile(join(project, 'src', file), 'utf8');
      expect(text, file).not.toMatch(/process\.(argv|exitCode|exit\()/);
      expect(text.split('\n').length, `lines of ${file}`).toBeLessThanOrEqual(LIMIT_LINES);
    }
  });
});

describe('the guarantees', () => {
  it('name tests that are there', async () => {
    const table = (await readFile(join(project, 'docs', 'architecture.md'), 'utf8')).split('\n').filter((line) => /^\| G\d+ /.test(line));
    expect(table).toHaveLength(12);
    for (const line of table) {
      const named = [...line.matchAll(/`(test\/[^`]+\.ts)`/g)].map(([, file]) => file ?? '');
      expect(named.length, line).toBeGreaterThan(0);
      for (const file of named) expect(await readFile(join(project, file), 'utf8'), file).toMatch(/\b(it|test)\b|export/);
    }
  });
});
