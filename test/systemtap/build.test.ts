// build() on this machine under dash, with a fake stap that writes down what it got.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuildRequest, build, kernelModuleName } from '../../src/systemtap/build.js';
import { LocalHost, whyNoDash } from './local-host.js';

const RELEASE = '0.0.0-fleet-tap-test+amd64';
const SCRIPT = Buffer.from('#! /usr/bin/env stap\nprobe begin { printf("%s é \\n", @1) }\n# no final newline');
const request: BuildRequest = { release: RELEASE, script: SCRIPT, scriptArguments: [] };

const STAP = `printf '%s\\0' "$@" > "$HERE/arguments"
cp script.stp "$HERE/script"
printf '%s %s %s' "$LC_ALL" "$SYSTEMTAP_COLORS" "$(umask)" > "$HERE/environment"
while [ "$1" != -m ]; do shift; done
cp "$HERE/module" "$2.ko"
echo "$2.ko"; echo 'WARNING: harmless' >&2`;

describe('kernelModuleName', () => {
  it('fits MODULE_NAME_LEN and is a name that C and the kernel take', () => {
    expect(kernelModuleName(request)).toMatch(/^[a-z][a-z0-9_]{0,54}$/);
    expect(kernelModuleName({ ...request, script: Buffer.from(SCRIPT), timeoutMs: 1 })).toBe(kernelModuleName(request));
  });
  it('differs with script, arguments and kernel', () => {
    const requests: BuildRequest[] = [
      request,
      { ...request, release: '6.1' },
      { ...request, scriptArguments: ['a', 'b'] },
      { ...request, scriptArguments: ['a b'] },
      { ...request, scriptArguments: ['b', 'a'] },
      { ...request, script: Buffer.concat([SCRIPT, Buffer.from('\n')]) },
    ];
    expect(new Set(requests.map(kernelModuleName)).size).toBe(requests.length);
  });
});

describe.skipIf(whyNoDash !== undefined)(`build ${whyNoDash ?? ''}`, () => {
  let host: LocalHost;
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  beforeEach(async () => {
    host = await LocalHost.open();
    await writeFile(host.file('module'), bytes);
    await host.program('stap', STAP);
  });
  afterEach(async () => {
    expect(await host.temporaryFiles()).toEqual([]);
    await host.close();
  });
  const stapArguments = async () => (await host.text('arguments')).split('\0').slice(0, -1);

  it('brings the kernel module back byte for byte', async () => {
    const built = await build(host, request);
    expect({ name: built.name, release: built.release }).toEqual({ name: kernelModuleName(request), release: RELEASE });
    expect(built.content.equals(bytes)).toBe(true);
  });

  it('keeps all that stap said of a failure, and names the file', async () => {
    await host.program('stap', "i=0; while [ $i -lt 500 ]; do echo \"a.c:$i:1: error: x\" >&2; i=$((i + 1)); done; echo 'Pass 4: compilation failed.' >&2; exit 1");
    let kept = '';
    const keepOutput = async (output: string) => {
      kept = output;
      return '/kept/here.txt';
    };
    await expect(build(host, { ...request, keepOutput })).rejects.toMatchObject({ code: 'compile-failed', hint: expect.stringMatching(/; all that stap said is in \/kept\/here\.txt$/) });
    expect(kept.split('\n').length).toBe(502);
  });

  it('gives stap the script as it is, the kernel and the name', async () => {
    await build(host, request);
    expect((await readFile(host.file('script'))).equals(SCRIPT)).toBe(true);
    expect(await stapArguments()).toEqual(['-p4', '-r', RELEASE, '-m', kernelModuleName(request), 'script.stp']);
    expect(await host.text('environment')).toBe('C never 0077');
  });

  it('gives stap the script\'s arguments as they are', async () => {
    const scriptArguments = ['netfilter', '', 'two words', "it's", '$(touch "$HERE/tmp/owned")', '`id`', '\\', 'line\nline', 'é*'];
    await build(host, { ...request, scriptArguments });
    expect((await stapArguments()).slice(5)).toEqual(['script.stp', ...scriptArguments]);
  });

  it('compiles with another stap, whose runtime lies beside it', async () => {
    await mkdir(host.file('own stap/bin'), { recursive: true });
    await mkdir(host.file('own stap/share/systemtap/runtime'), { recursive: true });
    const stap = host.file('own stap/bin/stap');
    await writeFile(stap, `#!/bin/sh\n${STAP}\n`, { mode: 0o755 });
    await host.program('stap', 'exit 1');
    expect((await build(host, { ...request, stap })).content.equals(bytes)).toBe(true);
    await expect(build(host, { ...request, stap: '/nowhere/bin/stap' })).rejects.toMatchObject({ code: 'stap-missing' });
  });

  it('takes a release that is no shell word', async () => {
    const release = '6.1; touch "$HERE/tmp/owned" #';
    await build(host, { ...request, release });
    expect((await stapArguments()).slice(1, 3)).toEqual(['-r', release]);
  });

  it('says what a failure means', async () => {
    await host.program('stap', `echo 'Checking "/lib/modules/${RELEASE}/build/.config" failed with error: No such file or directory' >&2; exit 1`);
    await expect(build(host, request)).rejects.toMatchObject({
      kind: 'host',
      code: 'headers-missing',
      message: `the headers of kernel ${RELEASE} are not installed`,
      place: { host: 'here' },
      hint: expect.stringContaining('setup'),
    });
  });

  it('finds the cause on standard output too: kbuild writes there', async () => {
    await host.program('stap', "echo 'sh: 1: gcc-12: not found'; echo 'Pass 4: compilation failed.  [man error::pass4]' >&2; exit 1");
    await expect(build(host, request)).rejects.toMatchObject({ code: 'compiler-missing' });
  });

  it('fails when stap succeeds and leaves no kernel module', async () => {
    await host.program('stap', 'exit 0');
    await expect(build(host, request)).rejects.toMatchObject({ kind: 'host', code: 'stap-failed', message: expect.stringContaining(`${kernelModuleName(request)}.ko`) });
  });

  it('says that stap is missing', async () => {
    const bare = await LocalHost.open({ onlyPrograms: ['head', 'mktemp', 'cat', 'rm', 'grep', 'base64'] });
    await expect(build(bare, request)).rejects.toMatchObject({ code: 'stap-missing', message: 'stap is not installed' });
    expect(await bare.temporaryFiles()).toEqual([]);
    await bare.close();
  });
});
