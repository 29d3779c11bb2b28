// lineinfile, blockinfile and replace against Ansible's own modules: the same files and parameters, then the same bytes, `changed` and message.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseYaml } from '../../src/base/yaml.js';
import { plainValue } from '../../src/base/yaml-value.js';
import { mayNotSkip, whyNoAnsible } from '../playbook/engines.js';
import { type Bench, bench, runModule } from './run-module.js';

interface Case {
  readonly name: string;
  readonly module: string;
  /** The file before; null: there is none. */
  readonly text: string | null;
  readonly params: Readonly<Record<string, unknown>>;
}

const path = join(import.meta.dirname, '../cases/modules/edit.yml');
const file = parseYaml(await readFile(path, 'utf8'), path);
const cases = plainValue(file, file.root) as readonly Case[];

interface Outcome {
  readonly changed: boolean;
  readonly failed: boolean;
  readonly msg: string;
  readonly text: string | null;
}

/** All cases in one Python: each module is run as Ansible runs it, with its parameters as JSON. */
const PROGRAM = `
import contextlib, importlib, io, json, os, sys
sys.argv = ['x']
from ansible.module_utils import basic
out = []
for case in json.load(sys.stdin):
    results = []
    for check in (True, False, False):
        module = importlib.import_module('ansible.modules.' + case['module'])
        args = dict(case['params'], _ansible_check_mode=check, _ansible_remote_tmp=os.environ['WORK'], _ansible_tmpdir=os.environ['WORK'], _ansible_keep_remote_files=False)
        basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': args}).encode()
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try: module.main()
            except SystemExit: pass
        answer = json.loads(said.getvalue())
        file = case['params']['path']
        text = open(file, newline='').read() if os.path.isfile(file) else None
        results.append(dict(changed=answer.get('changed', False), failed=answer.get('failed', False), msg=answer.get('msg', ''), text=text))
    out.append(results)
print(json.dumps(out))
`;

/** Debian's, whose packages ansible-core is one of: another may stand first in PATH. */
const PYTHON = '/usr/bin/python3';

const why = whyNoAnsible();
describe.skipIf(why !== undefined && !mayNotSkip)(`edits as Ansible makes them${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  let here: Bench;
  let theirs: string;
  let expected: Outcome[][];
  beforeAll(async () => {
    here = await bench();
    theirs = await mkdtemp(join(tmpdir(), 'fleet-tap-edit-'));
    const asked = await Promise.all(
      cases.map(async ({ text, params, module }, index) => {
        const target = join(theirs, `file${index}`);
        if (text !== null) await writeFile(target, text);
        return { module, params: { ...params, path: target } };
      }),
    );
    expected = JSON.parse(execFileSync(PYTHON, ['-c', PROGRAM], { input: JSON.stringify(asked), encoding: 'utf8', env: { ...process.env, WORK: theirs } })) as Outcome[][];
  });
  afterAll(() => Promise.all([rm(here.root, { recursive: true }), rm(theirs, { recursive: true })]));

  test.each(cases.map(({ module, name }, index) => [`${module}: ${name}`, index] as const))('%s', async (_name, index) => {
    const { module, text, params } = cases[index] as Case;
    const target = join(here.work, `file${index}`);
    if (text !== null) await writeFile(target, text);
    const outcomes: Outcome[] = [];
    for (const check of [true, false, false]) {
      const { changed, failed = false, msg = '' } = await runModule(here, module, { ...params, path: target }, { check });
      outcomes.push({ changed, failed, msg: msg.replaceAll(here.work, theirs), text: await readFile(target, 'utf8').catch(() => null) });
    }
    expect(outcomes).toEqual(expected[index]);
  });
});

const canBecome = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv');
test.skipIf(!canBecome)(`a file that may not be read is not edited, and not replaced${canBecome ? '' : ' (skipped: only root may become another)'}`, async () => {
  const here = await bench();
  try {
    await chmod(here.root, 0o755);
    await chmod(here.work, 0o777);
    await writeFile(join(here.work, 'secret'), 'kept\n', { mode: 0o600 });
    await rm(join(here.bin, 'sh'));
    await writeFile(join(here.bin, 'sh'), '#!/bin/sh\nexec /usr/bin/setpriv --reuid=65534 --clear-groups /bin/sh "$@"\n', { mode: 0o755 });
    const path = join(here.work, 'secret');
    for (const check of [true, false]) {
      expect(await runModule(here, 'lineinfile', { path, line: 'x' }, { check })).toMatchObject({ changed: false, failed: true, msg: `[Errno 13] Permission denied: b'${path}'` });
      expect(await runModule(here, 'replace', { path, regexp: 'kept', replace: 'x' }, { check })).toMatchObject({ changed: false, failed: true, msg: `Unable to read the contents of '${path}': [Errno 13] Permission denied: '${path}'` });
      expect(await runModule(here, 'blockinfile', { path, block: 'x' }, { check })).toMatchObject({ changed: false, failed: true });
    }
    expect(await readFile(path, 'utf8')).toBe('kept\n');
    await chmod(here.work, 0o755);
    expect(await runModule(here, 'file', { path: join(here.work, 'new'), state: 'touch' })).toMatchObject({ changed: false, failed: true, msg: 'Error, could not touch target.' });
  } finally {
    await rm(here.root, { recursive: true });
  }
});
