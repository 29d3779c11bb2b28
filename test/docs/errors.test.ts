// docs/errors/ has a page for each code that an error of ours can have, and none for one that is gone. That docs/errors.md leads to each: pages.test.ts.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CodeUse, errorCodes } from './error-codes.js';

const folder = join(resolve(import.meta.dirname, '..', '..'), 'docs', 'errors');
let uses: readonly CodeUse[] = [];
const pages = new Map<string, string>();
beforeAll(async () => {
  uses = errorCodes();
  for (const name of await readdir(folder)) pages.set(name.replace(/\.md$/, ''), await readFile(join(folder, name), 'utf8'));
});

describe('docs/errors', () => {
  it('has each code of the sources', () => {
    const missing = uses.filter(({ code }) => !pages.has(code)).map(({ code, at }) => `add docs/errors/${code}.md (what it means, the usual cause, what to do), and a link in docs/errors.md, in the part that fits; made at ${at}`);
    expect([...new Set(missing)]).toEqual([]);
    expect(uses.length).toBeGreaterThan(200);
  });

  it('has no code that is gone', () => {
    const used = new Set(uses.map(({ code }) => code));
    expect([...pages.keys()].filter((code) => !used.has(code)).map((code) => `remove docs/errors/${code}.md: no error has that code any more`)).toEqual([]);
  });

  it('says of each what it means, the usual cause and what to do, and leads back', () => {
    for (const [code, page] of pages) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(page, code).toMatch(new RegExp(`^# ${code}\\n\\n[^]{20,}\\n\\n\\*\\*Usual cause\\.\\*\\* [^]{12,}\\n\\n\\*\\*What to do\\.\\*\\* [^]{15,}\\n\\n\\[All errors\\]\\(\\.\\./errors\\.md\\)\\n$`));
    }
  });
});
