import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HostFiles, renderFiles } from '../../src/facts/host-files.js';
import { facts } from '../../src/facts/index.js';

interface Case {
  /** What the fact's own command printed. */
  readonly given?: string;
  readonly files?: Record<string, string>;
  /** Lines of `ls -ld`. */
  readonly links?: readonly string[];
  /** Ansible's facts that the ones before it gave. */
  readonly known?: Record<string, unknown>;
  readonly facts?: Record<string, unknown>;
  readonly ansible?: Record<string, unknown>;
}
type Cases = Record<string, Case>;

const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(import.meta.dirname, '../cases/facts', name), 'utf8'));
const tables = { 'os-release': await read('os-release.json'), ...(await read('other.json') as object) } as Record<string, Cases>;

describe.each(facts.map((fact) => [fact.name, fact] as const))('%s', (name, fact) => {
  test('has cases', () => expect(Object.keys(tables[name] ?? {})).not.toEqual([]));
  test.each(Object.entries(tables[name] ?? {}))('%s', (_case, { given = '', files, links, known, facts: expected, ansible }) => {
    const there = new HostFiles(renderFiles(files ?? {}) + (links ?? []).map((line) => `${line}\n`).join(''));
    if (expected !== undefined) expect(fact.parse?.(given, there)).toMatchObject(expected);
    if (ansible !== undefined) expect(fact.ansible?.(given, there, known ?? {})).toMatchObject(ansible);
  });
  test('never throws', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 3 }), (output, lines) => {
        const there = new HostFiles((fact.files ?? []).flatMap((path) => lines.map((line) => `${path}:${line}\n`)).join(''));
        fact.parse?.(output, there);
        fact.ansible?.(output, there, {});
      }),
    );
  });
});

test('a file cannot pass for another file', () => {
  const files = new HostFiles('/etc/a:/etc/b:forged\n/etc/a:x:y\n');
  expect(files.text('/etc/b')).toBeUndefined();
  expect(files.lines('/etc/a')).toEqual(['/etc/b:forged', 'x:y']);
});
