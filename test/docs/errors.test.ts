// docs/errors.md has a section for each code that an error of ours can have, and none for one that is gone.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CodeUse, errorCodes } from './error-codes.js';

const page = join(resolve(import.meta.dirname, '..', '..'), 'docs', 'errors.md');
let uses: readonly CodeUse[] = [];
let sections: readonly (readonly [code: string, text: string])[] = [];
beforeAll(async () => {
  uses = errorCodes();
  const text = await readFile(page, 'utf8');
  sections = text.split(/^### /m).slice(1).map((section) => {
    const [code = '', ...rest] = section.split('\n');
    return [code, rest.join('\n').split(/^## /m)[0]?.trim() ?? ''] as const;
  });
});

describe('docs/errors.md', () => {
  it('has each code of the sources', () => {
    const known = new Set(sections.map(([code]) => code));
    const missing = uses.filter(({ code }) => !known.has(code)).map(({ code, at }) => `add to docs/errors.md, in the part that fits: "### ${code}" and two or three lines (what it means, the usual cause, what to do); made at ${at}`);
    expect([...new Set(missing)]).toEqual([]);
    expect(uses.length).toBeGreaterThan(200);
  });

  it('has no code that is gone', () => {
    const used = new Set(uses.map(({ code }) => code));
    expect(sections.filter(([code]) => !used.has(code)).map(([code]) => `remove from docs/errors.md: "### ${code}": no error has that code any more`)).toEqual([]);
  });

  it('says something of each, once', () => {
    const codes = sections.map(([code]) => code);
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    for (const [code, text] of sections) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(text.length, code).toBeGreaterThan(25);
    }
  });
});
