// Values of fact files as Python's json and configparser read them: the expected ones come from the installed Python, asked in the same way as
// module_utils/facts/system/local.py asks it.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { factOf, localFacts, localFactsCommand } from '../../src/facts/local-facts.js';

const TEXTS = [
  '{"a": [1, "x", null, true]}', '[1, 2]', '"text"', '7', '', '[one]\nA = x\nb: y z\n', '[one]\na = x\n  more\n\n  lines\nb=\n', '# c\n; d\n[one]\na = x # no comment\n', '[DEFAULT]\nd = 1\n[one]\na = %(d)s2\n[two]\nd = %%\n',
  'a = 1\n', '[one]\na = 1\na = 2\n', '[one]\n[one]\n', '[one]\nword\n', '[one]\na = %(nope)s\n', '[one]\na = 5%\n', '{"a": 1', '[one]\nx y = z = w\nurl = http://h:1/\n', '[a b]\nc=d\n', '[one]\n', '[one]\na=1\n[two]\nA=2\n',
  '[one]\na=v\n\n  more\n\n#c\n\n  x\nz=1\n', '[DEFAULT]\na=1\n[DEFAULT]\nb=2\n[one]\n', '[one]\n=x\n', '[one] x\n k=v\n j=w\n', '[a]b]\nk=v\n', '[]\nk=v\n', '[one]\nk=%(k)s\n', '[one]\nk=%(j\n', '[one]\nk=%(J)s\nj=%%\n',
  '\n  [one]\nk=v\n', '[one]\n  a=1\n b=2\n   c=3\n', '[one]\nk=v\r\n x\r\n', '[one]\nk = \n  x\n', '[one]\nk=v\n  # c\n  w\n', '[one]\nk==v\nj:=w\n', '[DEFAULT]\na=1\nk=9\n[one]\nk=2\nb=3\n', '[DEFAULT]\na=1\na=2\n',
];

const READ = `
import configparser, io, json, sys
def read(out):
    try: return json.loads(out)
    except ValueError: pass
    cp = configparser.ConfigParser()
    try:
        cp.read_file(io.StringIO(out))
        return {s: {o: cp.get(s, o) for o in cp.options(s)} for s in cp.sections()}
    except configparser.InterpolationError as e: return 'value: ' + str(e)
    except configparser.Error: return 'wrong'
print(json.dumps([read(t) for t in json.load(sys.stdin)]))`;

const { stdout } = spawnSync('python3', ['-c', READ], { input: JSON.stringify(TEXTS), encoding: 'utf8' });
const expected = JSON.parse(stdout) as unknown[];

describe('a fact file is read as by Python', () => {
  test.each(TEXTS.map((text, index) => [JSON.stringify(text), text, expected[index]] as const))('%s', (_shown, text, value) => {
    expect(factOf(text, '/x')).toEqual(value === 'wrong' ? 'error loading facts as JSON or ini - please check content: /x' : typeof value === 'string' && value.startsWith('value: ') ? `error loading facts as ini - please check content: /x (${value.slice(7)})` : value);
  });
});

test('programs are run, files are read, and what fails says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-facts-'));
  try {
    await mkdir(join(folder, 'facts.d'));
    const put = async (name: string, text: string, mode: number) => {
      await writeFile(join(folder, 'facts.d', name), text);
      await chmod(join(folder, 'facts.d', name), mode);
    };
    await put('plain.fact', '[s]\nk = v\n', 0o644);
    await put('run.fact', '#!/bin/sh\necho \'{"a": "b"}\'; echo noise >&2\n', 0o755);
    await put('bad.fact', '#!/bin/sh\necho x; echo why >&2; exit 3\n', 0o755);
    await put('bytes.fact', '', 0o644);
    await writeFile(join(folder, 'facts.d/bytes.fact'), Buffer.from([0x63, 0xe9]));
    await put('other.txt', 'x', 0o644);
    await symlink('/nowhere/at/all', join(folder, 'facts.d/dead.fact'));
    const script = localFactsCommand(join(folder, 'facts.d'));
    const { stdout: said } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(localFacts.ansible?.(said, undefined as never, {})).toEqual({
      local: { bytes: {}, bad: `Failure executing fact script (${join(folder, 'facts.d/bad.fact')}), rc: 3, err: why\n`, dead: `Could not stat fact (${join(folder, 'facts.d/dead.fact')}): [Errno 2] No such file or directory: '${join(folder, 'facts.d/dead.fact')}'`, plain: { s: { k: 'v' } }, run: { a: 'b' } },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
