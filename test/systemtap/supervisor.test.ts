// The supervisor under dash, with a fake staprun, and a folder in place of /proc. The fake does what staprun does to its host: it lists
// the kernel module, changes two settings and prints `ready`.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { diagnose } from '../../src/systemtap/diagnose.js';
import { runFailure } from '../../src/systemtap/run.js';
import { type SupervisorRequest, supervisorScript } from '../../src/systemtap/supervisor.js';
import { LocalHost, whyNoDash } from './local-host.js';

const NAME = 'fleet_tap_0123456789abcdef';
const SECOND = 'fleet_tap_0123456789abcde2';
const LOADED = `${NAME} 16384 0 - Live 0x0000000000000000\n`;
const OTHER = `my_${NAME} 16384 0 - Live 0x0000000000000000\nnf_tables 1 2 - Live 0x0\n`;
const KPTR = 'kernel/kptr_restrict';
const OPTIMIZATION = 'debug/kprobes-optimization';

const UNLOAD = `unload() { grep -v "^$1 " $HERE/proc/modules > $HERE/modules.new; cat $HERE/modules.new > $HERE/proc/modules; }`;
const REMOVE = `if [ "$1" = -d ]; then echo "$*" >> $HERE/log; unload $2; exit 0; fi`;
const LOAD = `printf '[%s]' "$@" >> $HERE/log; echo >> $HERE/log
n=$(basename "$1" .ko); echo "$n 16384 0 - Live 0x0000000000000000" >> $HERE/proc/modules
echo 1 > $HERE/proc/sys/${KPTR}; [ ! -e $HERE/proc/sys/${OPTIMIZATION} ] || echo 0 > $HERE/proc/sys/${OPTIMIZATION}
echo ready`;
const OBEDIENT = `trap 'echo TERM >> $HERE/log; unload $n; exit 0' TERM`;
const FOREVER = 'while :; do sleep 0.1; done';

/** Whether a process has a handler for TERM (proc(5), SigCgt). */
async function catchesTerm(pid: number): Promise<boolean> {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${mask}`) & (1n << 14n)) !== 0n;
}

describe.skipIf(whyNoDash !== undefined)(`the supervisor ${whyNoDash ?? ''}`, () => {
  let host: LocalHost;
  const module = () => host.file('run', `${NAME}.ko`);
  const setting = (name: string) => readFile(host.file('proc/sys', name), 'utf8');

  async function prepare(environment: Record<string, string> = {}, onlyPrograms?: readonly string[]): Promise<void> {
    host = await LocalHost.open({ environment, ...(onlyPrograms === undefined ? {} : { onlyPrograms }) });
    for (const folder of ['run', 'proc/sys/kernel', 'proc/sys/debug']) await mkdir(host.file(folder), { recursive: true });
    await writeFile(module(), 'kernel module');
    await writeFile(host.file('proc/modules'), OTHER);
    await writeFile(host.file('proc/sys', KPTR), '2\n');
    await writeFile(host.file('proc/sys', OPTIMIZATION), '1\n');
    await writeFile(host.file('log'), '');
  }
  const staprun = (...body: readonly string[]) => host.program('staprun', [UNLOAD, ...body].join('\n'));
  const start = (request: Partial<SupervisorRequest> = {}) =>
    host.stream(supervisorScript({ directory: host.file('run'), name: NAME, machineFace: false, limitSec: 3600, who: 'ann@desk, run 1', proc: host.file('proc'), run: host.file('systemd-run'), ...request }));
  async function expectClean(): Promise<void> {
    expect(existsSync(host.file('run'))).toBe(false);
    expect(await host.text('proc/modules')).toBe(OTHER);
    expect(await setting(KPTR)).toBe('2\n');
    expect(await setting(OPTIMIZATION)).toBe('1\n');
  }

  beforeEach(() => prepare());
  afterEach(() => host.close());

  it('ends staprun with TERM when its input ends, and cleans up', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const run = await start();
    await run.printed(/ready/);
    expect(await setting(KPTR)).toBe('1\n');
    run.endInput();
    expect(await run.ended).toEqual({ status: 0, stdout: 'ready\n', stderr: '' });
    expect(await host.text('log')).toBe(`[${module()}]\nTERM\n`);
    await expectClean();
  });

  it('passes output and exit status on', async () => {
    await staprun(REMOVE, LOAD, `unload $n; printf 'no newline \\377\\000'; echo "ERROR: of staprun" >&2; exit 7`);
    const run = await start();
    expect(await run.ended).toEqual({ status: 7, stdout: 'ready\nno newline \xff\0', stderr: 'ERROR: of staprun\n' });
    await expectClean();
  });

  it('gives staprun an input that is over, never the lease lines', async () => {
    await staprun(REMOVE, LOAD, 'unload $n; cat; echo over');
    const run = await start();
    run.write('lease\n');
    expect((await run.ended).stdout).toBe('ready\nover\n');
  });

  it('ends when the lease is not renewed, though the input stays open', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const run = await start({ tickSec: 0.1 });
    expect(await run.ended).toEqual({ status: 0, stdout: 'ready\n', stderr: 'fleet-tap: ended because the lease was not renewed\n' });
    expect(await host.text('log')).toContain('TERM');
    await expectClean();
  });

  it('goes by the clock, not by its ticks, which take longer on a starved host', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    await host.program('sleep', 'if [ "$1" = 0.2 ]; then echo tick >> $HERE/ticks; exec /bin/sleep 1; fi; exec /bin/sleep "$1"');
    const run = await start({ tickSec: 0.2 });
    expect((await run.ended).stderr).toBe('fleet-tap: ended because the lease was not renewed\n');
    // 0.8 s are over at the first; what came meanwhile has until the second to be noticed.
    expect(await host.text('ticks')).toBe('tick\ntick\n');
    await expectClean();
  });

  it('runs on for as long as the lease is renewed', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, 'while :; do sleep 0.2; echo line; done');
    const run = await start({ tickSec: 0.5 });
    run.onStdout(() => run.write('lease\n'));
    // 4 s at least: a lease that nobody renews is over after 2 s.
    await run.printed(/(line\n){20}/);
    expect(run.stderr()).toBe('');
    run.endInput();
    expect((await run.ended).status).toBe(0);
    await expectClean();
  });

  it('ends at the limit, whoever renews the lease', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, 'while :; do sleep 0.1; echo line; done');
    const run = await start({ tickSec: 0.5, limitSec: 1 });
    run.onStdout(() => run.write('lease\n'));
    expect(await run.ended).toMatchObject({ status: 0, stderr: 'fleet-tap: ended by the limit of 1 s\n' });
    await expectClean();
  });

  it('kills a staprun that is deaf to TERM, and removes its kernel module', async () => {
    await staprun(REMOVE, "trap '' TERM", LOAD, FOREVER);
    const run = await start();
    await run.printed(/ready/);
    run.endInput();
    expect((await run.ended).status).toBe(137);
    expect(await host.text('log')).toBe(`[${module()}]\n-d ${NAME}\n`);
    await expectClean();
  });

  it('cleans up when it is told to end itself, with the status of staprun', async () => {
    await staprun(REMOVE, `trap 'echo TERM >> $HERE/log; unload $n; exit 5' TERM`, LOAD, FOREVER);
    const run = await start();
    await run.printed(/ready/);
    await vi.waitFor(async () => expect(await catchesTerm(run.pid)).toBe(true), { timeout: 30_000 });
    process.kill(run.pid, 'SIGTERM');
    expect((await run.ended).status).toBe(5);
    await expectClean();
  });

  it('removes the unused kernel module of a dead run first', async () => {
    await writeFile(host.file('proc/modules'), LOADED + OTHER);
    await staprun(REMOVE, LOAD, 'unload $n');
    expect(await (await start()).ended).toMatchObject({ status: 0 });
    expect(await host.text('log')).toBe(`-d ${NAME}\n[${module()}]\n`);
    await expectClean();
  });

  it('leaves the kernel module of a running capture alone', async () => {
    await writeFile(host.file('proc/modules'), LOADED.replace(' 0 ', ' 2 ') + OTHER);
    await staprun('echo "$1" >> $HERE/log');
    const end = await (await start()).ended;
    expect(end).toEqual({ status: 75, stdout: '', stderr: `fleet-tap: busy: somebody whose books cannot be read here (kernel module ${NAME})\n` });
    expect(runFailure('web1', end, '6.1')).toMatchObject({ code: 'host-busy' });
    expect(await host.text('proc/modules')).toBe(LOADED.replace(' 0 ', ' 2 ') + OTHER);
    expect(await host.text('log')).toBe('');
    expect(existsSync(host.file('run'))).toBe(false);
  });

  it('says so when the kernel module cannot be removed', async () => {
    await staprun('[ "$1" != -d ] || exit 1', LOAD);
    expect(await (await start()).ended).toMatchObject({ status: 0, stderr: `ERROR: the kernel module ${NAME} could not be unloaded\n` });
    expect(await setting(KPTR)).toBe('2\n');
  });

  it('lets go of its channel at once, however soon staprun ends', async () => {
    await staprun(REMOVE, 'exit 3');
    // Nobody renews the lease or ends the input: what is left behind would hold the channel beyond the test's time.
    for (let round = 0; round < 40; round++) {
      await host.run(`mkdir -p "$HERE/run"; : > "$HERE/run/${NAME}.ko"`);
      expect(await (await start({ tickSec: 600 })).ended).toEqual({ status: 3, stdout: '', stderr: '' });
    }
  });

  const second = async (request: Partial<SupervisorRequest> = {}) => {
    await mkdir(host.file('run2'));
    await writeFile(host.file('run2', `${SECOND}.ko`), 'kernel module');
    return start({ directory: host.file('run2'), name: SECOND, who: 'bob@laptop, run 2', ...request });
  };

  it('takes the place of an earlier run of the same capture that does not know yet that its connection is lost; settings go back to what that one found', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const first = await start({ captureId: 'c0ffee' });
    await first.printed(/ready/);
    expect((await (await second({ captureId: '0ff1ce' })).ended).status, 'another capture does not').toBe(75);
    const next = await second({ captureId: 'c0ffee' });
    await next.printed(/ready/);
    expect(await first.ended).toMatchObject({ status: 0 });
    expect(existsSync(host.file('run'))).toBe(false);
    expect(await setting(KPTR)).toBe('1\n');
    next.endInput();
    expect((await next.ended).status).toBe(0);
    expect(existsSync(host.file('run2'))).toBe(false);
    await expectClean();
  });

  it('takes away what an earlier run of the same capture had only prepared', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    await mkdir(host.file('run3'));
    await writeFile(host.file('run3', 'capture'), 'c0ffee\n');
    const run = await start({ captureId: 'c0ffee' });
    await run.printed(/ready/);
    expect(existsSync(host.file('run3'))).toBe(false);
    run.endInput();
    expect((await run.ended).status).toBe(0);
    await expectClean();
  });

  it('refuses a second capture, with the name of the first, and does nothing to it', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const first = await start();
    await first.printed(/ready/);
    const end = await (await second()).ended;
    expect(end).toEqual({ status: 75, stdout: '', stderr: 'fleet-tap: busy: ann@desk, run 1\n' });
    expect(runFailure('web1', end, '6.1')).toMatchObject({ kind: 'host', code: 'host-busy', message: 'somebody captures here already: ann@desk, run 1', hint: expect.stringContaining('--join') });
    expect(existsSync(host.file('run2'))).toBe(false);
    first.endInput();
    expect((await first.ended).status).toBe(0);
    await expectClean();
  });

  it.each([['first', 'run'], ['second', 'run2']])('puts settings back with the last of two captures, to what the first found: the %s ends first', async (_name, earlier) => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const runs = new Map([['run', await start()]]);
    await runs.get('run')?.printed(/ready/);
    runs.set('run2', await second({ join: true }));
    await runs.get('run2')?.printed(/ready/);
    for (const name of [earlier, earlier === 'run' ? 'run2' : 'run']) {
      expect(await setting(KPTR)).toBe('1\n');
      runs.get(name)?.endInput();
      expect((await runs.get(name)?.ended)?.status).toBe(0);
    }
    await expectClean();
    expect(existsSync(host.file('settings'))).toBe(false);
  });

  it('takes over after a run of which everything was killed: ends its staprun, unloads its kernel module, knows the settings from before', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const first = await start();
    await first.printed(/ready/);
    const pid = Number(await host.text('run/pid'));
    await host.killAll(first.pid, pid);
    expect(existsSync(host.file('run/alive'))).toBe(true);
    await host.run('echo 1 > "$HERE/proc/sys/kernel/kptr_restrict"');
    const next = await second();
    await next.printed(/ready/);
    expect(existsSync(host.file('run'))).toBe(false);
    expect(await host.text('log')).toContain('TERM');
    expect(await host.text('proc/modules')).not.toMatch(new RegExp(`^${NAME} `, 'm'));
    next.endInput();
    expect((await next.ended).status).toBe(0);
    await expectClean();
  });

  it('cleans up though the supervisor itself is killed', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    const run = await start({ tickSec: 0.2 });
    await run.printed(/ready/);
    process.kill(run.pid, 'SIGKILL');
    const beat = setInterval(() => run.write('lease\n'), 100);
    try {
      expect((await run.ended).stderr).toBe('fleet-tap: ended because its supervisor was killed\n');
    } finally {
      clearInterval(beat);
    }
    await expectClean();
  });

  it('cleans up after a staprun that is killed', async () => {
    await staprun(REMOVE, LOAD, FOREVER);
    const run = await start();
    await run.printed(/ready/);
    process.kill(Number(await host.text('run/pid')), 'SIGKILL');
    expect((await run.ended).status).toBe(137);
    await expectClean();
  });

  it('ends when what passes its lines on is killed: they would have no way out', async () => {
    await staprun(REMOVE, OBEDIENT, LOAD, FOREVER);
    await host.program('perl', 'echo $$ > $HERE/perl.pid; exec cat');
    const run = await start({ tickSec: 0.1 });
    await run.printed(/ready/);
    process.kill(Number(await host.text('perl.pid')), 'SIGKILL');
    expect((await run.ended).stderr).toBe('fleet-tap: ended because its output had no way out\n');
    await expectClean();
  });

  it('lets the kernel module go before its last lines have gone', async () => {
    // The trap first: once the kernel module is loaded, the end is asked for.
    await staprun(REMOVE, `trap 'unload $n; perl -e "print qq(line\\n) x 1000000"; exit 0' TERM`, LOAD, FOREVER);
    const script = supervisorScript({ directory: host.file('run'), name: NAME, machineFace: false, limitSec: 3600, who: 'ann@desk, run 1', proc: host.file('proc'), run: host.file('systemd-run') });
    const run = await host.stream(`: a reader that waits\n( ${script} ) | { until [ -e ${host.file('go')} ]; do sleep 0.1; done; cat; }`);
    await vi.waitFor(async () => expect(await host.text('log')).toContain('['), { timeout: 20_000 });
    run.endInput();
    await vi.waitFor(expectClean, { timeout: 10_000 });
    await writeFile(host.file('go'), '');
    const { stdout } = await run.ended;
    expect(stdout === `ready\n${'line\n'.repeat(1_000_000)}`).toBe(true);
  });

  it('makes few writes of many lines, in order and whole, and holds none back', async () => {
    await staprun(REMOVE, LOAD, 'perl -e \'$| = 1; for (1 .. 3000) { print "line $_\\n"; select undef, undef, undef, 0.0005 }\'; unload $n; printf "no newline"');
    const run = await start();
    let chunks = 0;
    run.onStdout(() => {
      chunks += 1;
    });
    const { stdout } = await run.ended;
    expect(stdout).toBe(`ready\n${Array.from({ length: 3000 }, (_, index) => `line ${index + 1}\n`).join('')}no newline`);
    expect(chunks).toBeLessThan(600);
  });

  it('does without perl', async () => {
    await host.close();
    await prepare({}, ['head', 'rm', 'cat', 'grep', 'flock', 'mv', 'nice', 'id', 'sleep', 'true', 'basename', 'env']);
    await staprun(REMOVE, LOAD, 'unload $n; echo over');
    expect(await (await start()).ended).toEqual({ status: 0, stdout: 'ready\nover\n', stderr: '' });
    await expectClean();
  });

  it('gives staprun the size of its buffer and a bound on its memory', async () => {
    await staprun(REMOVE, 'echo "$1 $2 $(ulimit -d) $(nice)"');
    const { stdout } = await (await start({ bufferMib: 64 })).ended;
    expect(stdout).toMatch(/^-b 64 \d+ \d+\n$/);
    expect(Number(stdout.split(' ')[3])).toBe(Math.min(19, getPriority() + 5));
    expect(Number(stdout.split(' ')[2])).toBeGreaterThan(256 * 1024);
  });

  it.runIf(process.getuid?.() === 0)('bounds staprun by a scope of systemd where that runs, and falls back where it refuses', async () => {
    await staprun(REMOVE, 'ulimit -d');
    await mkdir(host.file('systemd-run/systemd/system'), { recursive: true });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: sh, not a template
    await host.program('systemd-run', 'echo "$*" >> $HERE/log; while [ "${1#-}" != "$1" ]; do [ "$1" != -p ] || shift; shift; done; exec "$@"');
    expect((await (await start()).ended).stdout).toBe('unlimited\n');
    expect(await host.text('log')).toMatch(/--scope .*-p MemoryMax=256M .*nice -n 5 staprun/);
    await host.program('systemd-run', 'exit 1');
    await host.run(`mkdir -p "$HERE/run"; : > "$HERE/run/${NAME}.ko"`);
    expect((await (await start()).ended).stdout).toMatch(/^\d+\n$/);
  });

  it('makes no setting that the kernel does not have', async () => {
    await host.run('rm -r "$HERE/proc/sys/debug"');
    await staprun(REMOVE, LOAD, 'unload $n');
    expect(await (await start()).ended).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(host.file('proc/sys', OPTIMIZATION))).toBe(false);
    expect(await setting(KPTR)).toBe('2\n');
  });

  it('says that the kernel module is missing', async () => {
    await host.run(`rm "$HERE/run/${NAME}.ko"`);
    await staprun(REMOVE, LOAD);
    expect(await (await start()).ended).toEqual({ status: 1, stdout: '', stderr: `${module()} is missing\n` });
    expect(existsSync(host.file('run'))).toBe(false);
  });

  it('says that staprun is missing', async () => {
    await host.close();
    await prepare({}, ['head', 'rm', 'cat', 'grep', 'flock', 'mv']);
    const end = await (await start()).ended;
    expect(end.status).toBe(127);
    expect(diagnose(end.stderr, '6.1').code).toBe('stap-missing');
    expect(existsSync(host.file('run'))).toBe(false);
  });

  it.each([
    ['nothing', '', ''],
    ['IPv4', '198.51.100.7 50022 10.0.0.1 22', '[own_source=198.51.100.7][own_source_port=50022][own_port=22]'],
    ['IPv4 in IPv6', '::ffff:198.51.100.7 50022 ::ffff:10.0.0.1 2222', '[own_source=198.51.100.7][own_source_port=50022][own_port=2222]'],
    ['short IPv6', '2001:db8::7 1 2001:db8::1 22', '[own_source=2001:0db8:0000:0000:0000:0000:0000:0007][own_source_port=1][own_port=22]'],
    ['loopback', '::1 1 ::1 22', '[own_source=0000:0000:0000:0000:0000:0000:0000:0001][own_source_port=1][own_port=22]'],
    ['an end of zeros', '2001:DB8:: 1 ::1 22', '[own_source=2001:0db8:0000:0000:0000:0000:0000:0000][own_source_port=1][own_port=22]'],
    ['full IPv6', '2001:db8:1:22:333:4444:a:b 1 ::1 22', '[own_source=2001:0db8:0001:0022:0333:4444:000a:000b][own_source_port=1][own_port=22]'],
    ['link-local with a zone', 'fe80::5054:ff:fe12:3456%eth0 1 fe80::1%eth0 22', '[own_source=fe80:0000:0000:0000:5054:00ff:fe12:3456][own_source_port=1][own_port=22]'],
  ])('tells our own script which connection is ours: %s', async (_name, connection, expected) => {
    await host.close();
    await prepare({ SSH_CONNECTION: connection });
    await staprun(REMOVE, LOAD, 'unload $n');
    expect((await (await start({ machineFace: true })).ended).status).toBe(0);
    expect(await host.text('log')).toBe(`[${module()}][machine=1]${expected}\n`);
  });

  it('takes a directory with a space and a quote in its name', async () => {
    const directory = join(host.folder, "it's here");
    await mkdir(directory);
    await writeFile(join(directory, `${NAME}.ko`), '');
    await staprun(REMOVE, LOAD, 'unload $n');
    expect((await (await start({ directory })).ended).status).toBe(0);
    expect(await host.text('log')).toBe(`[${directory}/${NAME}.ko]\n`);
    expect(existsSync(directory)).toBe(false);
  });
});
