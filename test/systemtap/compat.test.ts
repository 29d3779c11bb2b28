// The remedy lines under dash, against a runtime and a Module.symvers that say what a stap and a kernel say.
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PAIRS, REMEDIES, remedyLines } from '../../src/systemtap/compat.js';
import { LocalHost, whyNoDash } from './local-host.js';

const SYMBOL = (name: string) => `0x1a2b3c4d\t${name}\tvmlinux\tEXPORT_SYMBOL_GPL\t\n`;
const OLD_KERNEL = SYMBOL('uprobe_register') + SYMBOL('uprobe_unregister');
const NEW_KERNEL = SYMBOL('uprobe_register') + SYMBOL('uprobe_unregister_nosync');
const OLD_RUNTIME = 'kallsyms_uprobe_unregister = (void*) kallsyms_lookup_name ("uprobe_unregister");\n';
const NEW_RUNTIME = `${OLD_RUNTIME}kallsyms_uprobe_unregister_nosync = (void*) kallsyms_lookup_name ("uprobe_unregister_nosync");\n`;

describe.skipIf(whyNoDash !== undefined)(`remedies ${whyNoDash ?? ''}`, () => {
  let host: LocalHost;
  beforeEach(async () => {
    host = await LocalHost.open();
    for (const folder of ['a kernel/include/linux', 'runtime/linux', 'runtime/transport']) await mkdir(host.file(folder), { recursive: true });
  });
  afterEach(() => host.close());

  const run = () => host.run(`k="$HERE/a kernel"\nr=$HERE/runtime\nset -- -v 'two words'\n${remedyLines()}\nprintf '[%s]' "$@"\n`);

  const correct = () => host.run(`SYSTEMTAP_DIR=$HERE/st\nk="$HERE/a kernel"\nr=$HERE/runtime\nset --\n${remedyLines()}\nprintf '[%s]' "$@"\n`);

  it.each([
    ['the runtime does not know the renamed symbol', NEW_KERNEL, OLD_RUNTIME, true],
    ['the runtime knows it', NEW_KERNEL, NEW_RUNTIME, false],
    ['the kernel has the old symbol', OLD_KERNEL, OLD_RUNTIME, false],
  ])('uprobe-unregister-renamed: %s', async (_name, symvers, runtime, helps) => {
    await writeFile(host.file('a kernel/Module.symvers'), symvers);
    await writeFile(host.file('runtime/transport/transport.c'), runtime);
    expect(await run()).toEqual({
      status: 0,
      stdout: `[-v][two words]${helps ? '[-DSTAPCONF_UPROBE_UNREGISTER_EXPORTED]' : ''}`,
      stderr: helps ? 'fleet-tap: remedy uprobe-unregister-renamed\n' : '',
    });
  });

  it.each([
    ['the kernel has the new name, the runtime the old one', 'bool task_work_cancel_func();', 'typeof(&task_work_cancel)', true],
    ['the kernel has the old name', 'bool task_work_cancel();', 'typeof(&task_work_cancel)', false],
    ['the runtime knows the new name', 'bool task_work_cancel_func();', 'typeof(&task_work_cancel_func)', false],
  ])('task-work-cancel-renamed: %s', async (_name, header, declaration, helps) => {
    await writeFile(host.file('a kernel/include/linux/task_work.h'), header);
    const runtime = `static ${declaration} kallsyms_task_work_cancel;\nlookup("task_work_cancel");\n`;
    await writeFile(host.file('runtime/stp_task_work.c'), runtime);
    const result = await correct();
    if (!helps) return expect(result).toEqual({ status: 0, stdout: '[]', stderr: '' });
    expect(result).toMatchObject({ status: 0, stderr: 'fleet-tap: remedy task-work-cancel-renamed\n' });
    const copy = /^\[-R\]\[(.*)\]$/.exec(result.stdout)?.[1] ?? '';
    expect(await readFile(`${copy}/stp_task_work.c`, 'utf8')).toBe('static typeof(&task_work_cancel_func) kallsyms_task_work_cancel;\nlookup("task_work_cancel_func");\n');
    expect(await readFile(host.file('runtime/stp_task_work.c'), 'utf8')).toBe(runtime);
  });

  it.each([
    ['the kernel has it no more', 'ssize_t strscpy();', 'strlcpy(a, b, 3);', '', true],
    ['the kernel has it', 'size_t strlcpy(); ssize_t strscpy();', 'strlcpy(a, b, 3);', '', false],
    ['the runtime brings its own', 'ssize_t strscpy();', 'strlcpy(a, b, 3);', '#define strlcpy(dest, src, count)', false],
    ['the runtime does without', 'ssize_t strscpy();', 'strscpy(a, b, 3);', '', false],
    ['no header is there', undefined, 'strlcpy(a, b, 3);', '', false],
  ])('linux-6.8: %s', async (_name, header, use, definition, helps) => {
    if (header !== undefined) await writeFile(host.file('a kernel/include/linux/string.h'), header);
    await writeFile(host.file('runtime/transport/procfs.c'), use);
    await writeFile(host.file('runtime/linux/runtime.h'), definition);
    expect((await run()).stdout).toBe(`[-v][two words]${helps ? '[-Dstrlcpy=strscpy][-B][CFLAGS=-Wno-missing-prototypes -Wno-missing-declarations][-B][CFLAGS_MODULE=-Wno-error]' : ''}`);
  });

  it.each([
    ['the kernel has macros, the runtime looks for functions', '#define vmalloc_node(...)', '#ifndef STAPCONF_VMALLOC_NODE', true],
    ['the kernel has functions', 'void *vmalloc_node();', '#ifndef STAPCONF_VMALLOC_NODE', false],
    ['the runtime does not look', '#define vmalloc_node(...)', 'vmalloc_node(1)', false],
  ])('vmalloc-macros: %s', async (_name, header, use, helps) => {
    await writeFile(host.file('a kernel/include/linux/vmalloc.h'), header);
    await writeFile(host.file('runtime/linux/alloc.c'), use);
    expect((await run()).stdout).toBe(`[-v][two words]${helps ? '[-DSTAPCONF_VZALLOC][-DSTAPCONF_VMALLOC_NODE][-DSTAPCONF_VZALLOC_NODE]' : ''}`);
  });

  describe('a corrected runtime', () => {
    beforeEach(async () => {
      await writeFile(host.file('a kernel/include/linux/task_work.h'), 'bool task_work_cancel_func();');
      await writeFile(host.file('runtime/stp_task_work.c'), 'typeof(&task_work_cancel)');
    });

    // stap's own cache goes by the runtime's path and time: where they change, everything is compiled anew.
    it('stays where it is, as it is; that of another stap is another', async () => {
      const first = await correct();
      const [folder = ''] = await readdir(host.file('st'));
      const made = await stat(host.file(`st/${folder}`));
      expect((await correct()).stdout).toBe(first.stdout);
      expect(await stat(host.file(`st/${folder}`))).toMatchObject({ ino: made.ino, mtimeMs: made.mtimeMs });
      await writeFile(host.file('runtime/other.c'), 'a later version');
      expect((await correct()).stdout).not.toBe(first.stdout);
      expect(await readdir(host.file('st'))).toHaveLength(2);
    });

    it('is whole, and one, when several compile at once', async () => {
      const results = await Promise.all(Array.from({ length: 4 }, correct));
      const [folder = '', ...others] = await readdir(host.file('st'));
      expect(others).toEqual([]);
      for (const { status, stdout } of results) expect({ status, stdout }).toEqual({ status: 0, stdout: `[-R][${host.file(`st/${folder}`)}]` });
      expect(await readFile(host.file(`st/${folder}/stp_task_work.c`), 'utf8')).toBe('typeof(&task_work_cancel_func)');
    });

    it('that cannot be kept ends the compilation, and says why', async () => {
      await writeFile(host.file('st'), 'a file');
      expect(await correct()).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('st') });
    });
  });

  it('adds nothing and says nothing where there is no Module.symvers', async () => {
    expect(await run()).toEqual({ status: 0, stdout: '[-v][two words]', stderr: '' });
  });

  it('every pair of stap and kernel comes to a remedy that is there, and says where it was seen, or where it comes from', () => {
    const known = ['none', 'newer-stap', ...REMEDIES.map(({ name }) => name)];
    for (const { remedy, shown, source, distribution } of PAIRS) {
      expect(known, distribution).toContain(remedy);
      expect(source === undefined, distribution).toBe(shown === 'lab');
    }
    for (const { name, provenOn } of REMEDIES) expect(PAIRS.some(({ remedy, shown }) => remedy === name && shown === 'lab'), name).toBe(provenOn !== 'unproven');
  });

  it('names each remedy once, with where it was seen to help', () => {
    expect(new Set(REMEDIES.map(({ name }) => name)).size).toBe(REMEDIES.length);
    for (const { provenOn, options } of REMEDIES) {
      expect(provenOn).not.toBe('');
      expect(options).not.toEqual([]);
    }
  });
});
