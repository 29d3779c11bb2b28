// startScript with a session that writes down what it is asked, and a stream that the test ends.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import type { Session } from '../../src/ssh/session.js';
import type { RemoteStream } from '../../src/ssh/transport.js';
import { runFailure, startScript } from '../../src/systemtap/run.js';
import { RENEW_MS } from '../../src/systemtap/supervisor.js';

const kernelModule = { name: 'fleet_tap_0a', release: '6.12.1-amd64', content: Buffer.from([0, 1, 2, 255]) };
const request = { kernelModule, machineFace: true, limitSec: 77, who: 'ann@desk (pid 7), since 2026-11-25T16:00:00Z' };

class FakeStream implements RemoteStream {
  readonly #listeners = { stdout: [] as ((chunk: Buffer) => void)[], stderr: [] as ((chunk: Buffer) => void)[], end: [] as ((status: number | null) => void)[] };
  readonly written: string[] = [];
  inputEnds = 0;
  onStdout(listener: (chunk: Buffer) => void): void {
    this.#listeners.stdout.push(listener);
  }
  onStderr(listener: (chunk: Buffer) => void): void {
    this.#listeners.stderr.push(listener);
  }
  onEnd(listener: (status: number | null) => void): void {
    this.#listeners.end.push(listener);
  }
  async write(bytes: string | Buffer): Promise<void> {
    this.written.push(String(bytes));
  }
  endInput(): void {
    this.inputEnds += 1;
  }
  close(): void {}
  print(where: 'stdout' | 'stderr', bytes: Buffer): void {
    for (const listener of this.#listeners[where]) listener(bytes);
  }
  end(status: number | null): void {
    for (const listener of this.#listeners.end) listener(status);
  }
}

function fakeSession(broken: { prepare?: boolean; writeFile?: boolean; stream?: boolean } = {}): { session: Session; stream: FakeStream; asked: string[] } {
  const stream = new FakeStream();
  const asked: string[] = [];
  const fail = (what: string) => new FleetTapError('host', what, `${what} failed`, { place: { host: 'web1' } });
  const session: Session = {
    host: 'web1',
    run: async (script, options) => {
      asked.push(`${options?.become === true ? 'root ' : ''}run ${script}`);
      return { status: broken.prepare === true ? 1 : 0, stdout: '', stderr: broken.prepare === true ? 'noise\nmkdir: \u001b[2JRead-only file system\n' : '' };
    },
    writeFile: async (path, content, options) => {
      asked.push(`${options.become === true ? 'root ' : ''}write ${path} ${content.toString('hex')} ${options.mode.toString(8)}`);
      if (broken.writeFile === true) throw fail('write-file');
    },
    stream: async (script, options) => {
      asked.push(`${options?.become === true ? 'root ' : ''}stream ${script}`);
      if (broken.stream === true) throw fail('channel-refused');
      return stream;
    },
    readFile: () => Promise.reject(new Error('not for these tests')),
    close: async () => {},
  };
  return { session, stream, asked };
}

const directoryOf = (asked: readonly string[]) => /(\/run\/fleet-tap\/[0-9a-f]{12})/.exec(asked[0] ?? '')?.[1];

describe('startScript', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('uploads as root into a private directory of its own, then starts the supervisor there', async () => {
    const { session, asked } = fakeSession();
    await startScript(session, request);
    const directory = directoryOf(asked);
    expect(asked).toHaveLength(3);
    expect(asked[0]?.split('\n', 1)).toEqual([`root run : fleet-tap prepare ${directory}`]);
    expect(asked[1]).toBe(`root write ${directory}/fleet_tap_0a.ko 000102ff 600`);
    expect(asked[2]?.split('\n', 1)).toEqual([`root stream : fleet-tap supervise fleet_tap_0a ${directory} machine 77`]);
    expect(asked[2]).toContain(`echo 'ann@desk (pid 7), since 2026-11-25T16:00:00Z, run ${directory?.split('/').at(-1)}' > "$d/who"`);
    const again = fakeSession();
    await startScript(again.session, request);
    expect(directoryOf(again.asked)).not.toBe(directory);
  });

  it('names the directory that could not be made', async () => {
    const { session, asked } = fakeSession({ prepare: true });
    await expect(startScript(session, request)).rejects.toMatchObject({ kind: 'host', code: 'prepare', message: expect.stringContaining('\\x1b[2JRead-only file system'), place: { host: 'web1' } });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['write-file', { writeFile: true }],
    ['channel-refused', { stream: true }],
  ])('removes its directory when it could not start: %s', async (code, broken) => {
    const { session, asked } = fakeSession(broken);
    await expect(startScript(session, request)).rejects.toMatchObject({ code });
    expect(asked.at(-1)).toBe(`root run : fleet-tap clean ${directoryOf(asked)}\nrm -rf ${directoryOf(asked)}\n`);
  });

  it('renews the lease until it is stopped, and ends the input once', async () => {
    const { session, stream } = fakeSession();
    const run = await startScript(session, request);
    vi.advanceTimersByTime(RENEW_MS * 10);
    expect(stream.written).toEqual(Array(10).fill('lease\n'));
    run.stop();
    run.stop();
    vi.advanceTimersByTime(RENEW_MS * 10);
    expect(stream.written).toHaveLength(10);
    expect(stream.inputEnds).toBe(1);
  });

  it('renews no lease of a script that has ended', async () => {
    const { session, stream } = fakeSession();
    const run = await startScript(session, request);
    stream.end(0);
    expect(await run.ended).toEqual({ status: 0, stderr: '' });
    vi.advanceTimersByTime(RENEW_MS * 10);
    expect(stream.written).toEqual([]);
  });

  it('passes output on as it comes', async () => {
    const { session, stream } = fakeSession();
    const chunks: string[] = [];
    (await startScript(session, request)).onOutput((chunk) => chunks.push(chunk.toString('hex')));
    stream.print('stdout', Buffer.from('00ff', 'hex'));
    stream.print('stdout', Buffer.from('0a', 'hex'));
    expect(chunks).toEqual(['00ff', '0a']);
  });

  it('keeps the end of stderr, with characters whole that came in two chunks', async () => {
    const { session, stream } = fakeSession();
    const run = await startScript(session, request);
    stream.print('stderr', Buffer.from('early\n'));
    for (let piece = 0; piece < 100; piece++) stream.print('stderr', Buffer.alloc(1000, 'x'));
    const last = Buffer.from('ERROR: naïve\n');
    stream.print('stderr', last.subarray(0, 10));
    stream.print('stderr', last.subarray(10));
    stream.end(null);
    const end = await run.ended;
    expect(end.status).toBeNull();
    expect(end.stderr).toMatch(/x{1000}ERROR: naïve\n$/);
    expect(end.stderr.length).toBe(64 * 1024);
  });
});

describe('runFailure', () => {
  it.each([
    ['the connection went away', null, 'WARNING: x', 'unreachable', 'connection-lost', /within 15 s/],
    ['the limit', 0, 'WARNING: x\nfleet-tap: ended by the limit of 86400 s\n', 'host', 'limit-reached', /the limit of 86400 s/],
    ['the limit, and staprun had to be killed', 137, 'fleet-tap: ended by the limit of 5 s\n', 'host', 'limit-reached', /the limit of 5 s/],
    ['no lease', 0, 'fleet-tap: ended because the lease was not renewed\n', 'host', 'lease-over', /heard nothing/],
    ['somebody was first', 75, 'fleet-tap: busy: bob@laptop (pid 9), run 2\neve@desk\u001b[2J\n', 'host', 'host-busy', /bob@laptop \(pid 9\), run 2; eve@desk\\x1b\[2J$/],
    ['a killed supervisor', 0, 'fleet-tap: ended because its supervisor was killed\n', 'host', 'script-killed', /its supervisor was killed/],
    ['no flock', 127, 'flock: not found\n', 'host', 'flock-missing', /no flock/],
    ['exit() in the script', 0, '', 'host', 'script-ended', /ended by itself/],
    ['a kernel module that does not fit', 1, "ERROR: Couldn't insert module '/run/x.ko': Invalid module format\n", 'host', 'kernel-module-mismatch', /kernel 6\.12\.1-amd64 here: Invalid module format/],
    ['killed without a word', 137, '', 'host', 'script-killed', /staprun was killed here \(signal 9\)/],
  ] as const)('%s', (_name, status, stderr, kind, code, sentence) => {
    expect(runFailure('web1', { status, stderr }, '6.12.1-amd64')).toMatchObject({ kind, code, message: expect.stringMatching(sentence), place: { host: 'web1' } });
  });
});
