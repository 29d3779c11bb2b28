import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { deferred } from '../../src/base/deferred.js';
import type { TaskResultEvent, TaskStatus } from '../../src/base/playbook-events.js';
import { TaskView } from '../../src/ui/task-view.js';

class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns = 100;
  readonly rows = 40;
  text = '';
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

const result = (host: string, status: TaskStatus, more: Partial<TaskResultEvent> = {}): TaskResultEvent => ({ host, task: 'Packages', taskId: 1, status, part: 'task', message: '', result: {}, shows: 'verbose', action: 'apt', isIgnored: false, warnings: [], ...more });
const RAW = 'red \u001b[31m\u0007\r';
const SHOWN = 'red \\x1b[31m\\x07\\x0d';

async function lines(play: (view: TaskView) => void): Promise<string[]> {
  const screen = new Screen(false);
  const view = new TaskView(screen, (hosts) => hosts.join('+'));
  play(view);
  await view.settled();
  return screen.text.split('\n').slice(0, -1);
}

describe('the view without a terminal', () => {
  it('prints one line a task', async () => {
    const printed = await lines((view) => {
      view.playStarted({ name: 'Setup', hosts: ['a', 'b', 'c'], isFree: false });
      view.taskStarted({ id: 1, name: 'Packages', hosts: ['a', 'b', 'c'], kind: 'task', path: '', action: 'apt' });
      for (const [host, status] of [['a', 'ok'], ['b', 'changed'], ['c', 'ok']] as const) view.taskResult(result(host, status));
      view.taskFinished();
      view.playStarted({ name: 'More', hosts: ['a'], isFree: false });
      view.taskStarted({ id: 1, name: 'Nothing', hosts: [], kind: 'task', path: '', action: 'apt' });
      view.taskFinished();
    });
    expect(printed).toEqual(['Setup (3 hosts)', '  Packages: 2 ok, 1 changed', 'More (1 host)', '  Nothing: nothing to do']);
  });

  it('names who failed and why, and counts loop items once', async () => {
    const printed = await lines((view) => {
      view.taskStarted({ id: 1, name: 'Packages', hosts: ['a', 'b', 'c'], kind: 'task', path: '', action: 'apt' });
      view.taskResult(result('a', 'failed', { item: 'gcc', message: 'no such package', hint: 'apt update' }));
      view.taskResult(result('a', 'failed', { message: 'one item failed' }));
      view.taskResult(result('b', 'ok', { item: 'gcc' }));
      view.taskResult(result('b', 'unreachable', { message: 'gone' }));
      view.taskFinished();
      view.warning('careful');
    });
    expect(printed).toEqual([
      '  Packages: 1 failed, 1 unreachable, 1 to go',
      '  failed: a (gcc): no such package',
      '    hint: apt update',
      '  failed: a: one item failed',
      '  unreachable: b: gone',
      'warning: careful',
    ]);
  });

  it('says once what is the same on many hosts, and what debug says; a loop counts once', async () => {
    const printed = await lines((view) => {
      view.taskStarted({ id: 1, name: 'Packages', hosts: ['a', 'b', 'c'], kind: 'task', path: '', action: 'apt' });
      for (const host of ['a', 'b', 'c']) {
        for (const item of ['gcc', 'make']) view.taskResult(result(host, host === 'b' ? 'ok' : 'failed', { part: 'item', item, message: `no ${item}` }));
        view.taskResult(result(host, host === 'b' ? 'ok' : 'failed', { part: 'loop', message: 'one item failed' }));
      }
      view.taskFinished();
      view.taskStarted({ id: 2, name: 'Said', hosts: ['a', 'b'], kind: 'task', path: '', action: 'debug' });
      for (const host of ['a', 'b']) view.taskResult(result(host, 'ok', { action: 'debug', shows: 'always', message: 'one\ntwo' }));
      view.note('Pausing\r');
      view.taskFinished();
    });
    expect(printed).toEqual(['  Packages: 2 failed, 1 ok', '  failed: a+c (gcc): no gcc', '  failed: a+c (make): no make', '  Pausing', '  Said: 2 ok', '  a+b:', '    one', '    two']);
  });

  it('shows differences', async () => {
    const play = (view: TaskView) => {
      view.taskStarted({ id: 1, name: 'Packages', hosts: ['a'], kind: 'task', path: '', action: 'apt' });
      view.taskResult(result('a', 'changed', { diff: '-old\n+new' }));
      view.taskFinished();
    };
    expect(await lines(play)).toEqual(['-old', '+new', '  Packages: 1 changed']);
  });

  it('lets no control character through', async () => {
    const printed = await lines((view) => {
      view.playStarted({ name: RAW, hosts: ['a'], isFree: false });
      view.taskStarted({ id: 1, name: RAW, hosts: ['a'], kind: 'task', path: '', action: 'apt' });
      view.taskResult(result('a', 'failed', { item: RAW, message: RAW, hint: RAW, diff: RAW }));
      view.taskFinished();
      view.warning(RAW);
    });
    expect(printed).toEqual([`${SHOWN} (1 host)`, SHOWN, `  ${SHOWN}: 1 to go`, `  failed: a (${SHOWN}): ${SHOWN}`, `    hint: ${SHOWN}`, `warning: ${SHOWN}`]);
  });

  it('closes a task that nobody finished', async () => {
    expect(await lines((view) => view.taskStarted({ id: 1, name: 'Packages', hosts: ['a', 'b'], kind: 'task', path: '', action: 'apt' }))).toEqual(['  Packages: 2 to go']);
  });
});

describe('the view on a terminal', () => {
  /** What is on the screen, without cursor movements and colours. */
  const plain = (text: string) => text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '');

  it('shows a row for each task on its own stream, lines between the rows, and nothing on standard output', async () => {
    const stdout = vi.spyOn(process.stdout, 'write');
    const screen = new Screen(true);
    const view = new TaskView(screen, (hosts) => hosts.join('+'));
    view.playStarted({ name: 'Setup', hosts: ['a', 'b'], isFree: false });
    view.taskStarted({ id: 1, name: 'Packages', hosts: ['a', 'b'], kind: 'task', path: '', action: 'apt' });
    // The row is there while the task runs.
    await vi.waitFor(() => expect(plain(screen.text)).toContain('Packages: 2 to go'), { timeout: 20_000 });
    view.taskResult(result('a', 'ok'));
    view.taskResult(result('b', 'failed', { message: RAW }));
    view.taskFinished();
    view.taskStarted({ id: 1, name: 'Files', hosts: ['a'], kind: 'task', path: '', action: 'apt' });
    view.taskResult(result('a', 'changed'));
    view.taskFinished();
    await view.settled();
    const toStdout = stdout.mock.calls.length;
    stdout.mockRestore();
    expect(toStdout).toBe(0);
    const text = plain(screen.text);
    const at = ['Setup (2 hosts)\n', 'Packages: 1 ok, 1 failed\n', `  failed: b: ${SHOWN}\n`, 'Files: 1 changed\n'].map((line) => text.lastIndexOf(line));
    expect(at).not.toContain(-1);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(screen.text).not.toContain('\u0007');
    expect(screen.text.lastIndexOf('\u001b[?25h'), 'the cursor is shown again').toBeGreaterThan(screen.text.lastIndexOf('\u001b[?25l'));
  });

  it('takes the row away while somebody is asked, and brings it back', async () => {
    const screen = new Screen(true);
    const view = new TaskView(screen, (hosts) => hosts.join('+'));
    view.taskStarted({ id: 1, name: 'Packages', hosts: ['a', 'b'], kind: 'task', path: '', action: 'apt' });
    await vi.waitFor(() => expect(plain(screen.text)).toContain('Packages: 2 to go'), { timeout: 20_000 });
    const answered = deferred<string>();
    let isAsked = false;
    const answer = view.whileAsked(() => {
      screen.write('Sure? ');
      isAsked = true;
      return answered.promise;
    });
    await vi.waitFor(() => expect(isAsked).toBe(true), { timeout: 20_000 });
    const shown = screen.text;
    expect(shown.endsWith('Sure? '), 'the question stands there, and nothing behind it').toBe(true);
    view.taskResult(result('a', 'ok'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(screen.text, 'nothing is drawn over it').toBe(shown);
    answered.resolve('yes');
    expect(await answer).toBe('yes');
    await vi.waitFor(() => expect(plain(screen.text.slice(shown.length))).toContain('Packages: 1 ok, 1 to go'), { timeout: 20_000 });
    view.taskResult(result('b', 'ok'));
    view.taskFinished();
    await view.settled();
    expect(plain(screen.text.slice(shown.length))).toContain('Packages: 2 ok\n');
    // Also where the task was over before the answer came.
    view.taskStarted({ id: 2, name: 'Files', hosts: ['a'], kind: 'task', path: '', action: 'copy' });
    const late = view.whileAsked(async () => 'no');
    view.taskResult(result('a', 'changed'));
    view.taskFinished();
    expect(await late).toBe('no');
    await view.settled();
    expect(plain(screen.text).match(/Files: 1 changed\n$/g)).toHaveLength(1);
  });

  it('does not hang on a task that nobody finished', async () => {
    const screen = new Screen(true);
    const view = new TaskView(screen, (hosts) => hosts.join('+'));
    view.taskStarted({ id: 1, name: 'Packages', hosts: ['a'], kind: 'task', path: '', action: 'apt' });
    await view.settled();
    expect(plain(screen.text)).toContain('Packages: 1 to go');
  });

  it('shows tasks that were over before their row began', async () => {
    const screen = new Screen(true);
    const view = new TaskView(screen, (hosts) => hosts.join('+'));
    for (let task = 0; task < 20; task++) {
      view.taskStarted({ id: 1, name: `Task ${task}`, hosts: ['a'], kind: 'task', path: '', action: 'apt' });
      view.taskResult(result('a', 'ok'));
      view.taskFinished();
    }
    await view.settled();
    const text = plain(screen.text);
    for (let task = 0; task < 20; task++) expect(text).toContain(`Task ${task}: 1 ok\n`);
  });
});
