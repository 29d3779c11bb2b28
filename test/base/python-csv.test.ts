// Rows as Python's csv module has them: the expected ones come from the installed Python.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { csvRows } from '../../src/base/python-csv.js';

const TEXTS = ['a,b,c\n1,2,3\n', 'a,"b""c"d,e\n"un\nx,y\n', 'a,b\n\n,\n""\na""b,"c",d"e"\n "q" , "r"\n', 'last,line', ',', '"a","b', 'x,,y\n,,\n', '"two\nlines",z\n"" ""\n'];
const READ = 'import csv, io, json, sys\nprint(json.dumps([list(csv.reader(io.StringIO(t), dialect=csv.excel)) for t in json.load(sys.stdin)]))';
const { stdout } = spawnSync('python3', ['-c', READ], { input: JSON.stringify(TEXTS), encoding: 'utf8' });
const expected = JSON.parse(stdout) as unknown[];

describe('rows are those of Python', () => {
  test.each(TEXTS.map((text, index) => [JSON.stringify(text), text, expected[index]] as const))('%s', (_shown, text, rows) => {
    expect([...csvRows(text, ',')]).toEqual(rows);
  });
});
