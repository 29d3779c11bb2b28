import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { facts } from '../../src/facts/index.js';

type Cases = Record<string, { given: string; facts: Record<string, unknown> }>;
const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(import.meta.dirname, '../cases/facts', name), 'utf8'));
const tables = { 'os-release': await read('os-release.json'), ...(await read('other.json') as object) } as Record<string, Cases>;

describe.each(facts.map((fact) => [fact.name, fact] as const))('%s', (name, fact) => {
  test('has cases', () => expect(Object.keys(tables[name] ?? {})).not.toEqual([]));
  test.each(Object.entries(tables[name] ?? {}))('%s', (_case, { given, facts: expected }) => expect(fact.parse(given)).toMatchObject(expected));
  test('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (output) => void fact.parse(output)));
  });
});
