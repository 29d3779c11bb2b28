// The log that setup keeps for each host: a line a task, what failed with what it said, nothing secret, nothing that moves a cursor.
import { expect, it } from 'vitest';
import type { TaskResultEvent } from '../../src/base/playbook-events.js';
import { HostLog } from '../../src/commands/host-log.js';

const EVENT: TaskResultEvent = { host: 'web01', task: 'Debug symbols', taskId: 1, status: 'ok', part: 'task', message: '', result: {}, shows: 'verbose', action: 'apt', isIgnored: false, warnings: [] };

function logged(...events: readonly Partial<TaskResultEvent>[]): string {
  const written: string[] = [];
  const log = new HostLog({ write: (host, _stream, bytes) => void written.push(`${host}|${bytes.toString()}`) }, () => new Date(0));
  for (const event of events) log.taskResult({ ...EVENT, ...event });
  return written.join('');
}

it('has a line for each task and item, and for the end of a loop none', () => {
  expect(logged({}, { status: 'changed', part: 'item', item: 'a.list' }, { part: 'loop' })).toBe('web01|1970-01-01T00:00:00.000Z ok          Debug symbols\nweb01|1970-01-01T00:00:00.000Z changed     Debug symbols (a.list)\n');
});

it('has what a task said that failed, indented; of one that is well, nothing', () => {
  const result = { stdout: 'Reading lists\n', stderr: 'E: a\nE: b\n', msg: 'x' };
  expect(logged({ status: 'failed', message: 'could not install', hint: 'free some space', result })).toBe('web01|1970-01-01T00:00:00.000Z failed      Debug symbols: could not install\n    hint: free some space\n    Reading lists\n    E: a\n    E: b\n');
  expect(logged({ result })).not.toContain('Reading');
});

it("keeps no password of a mirror's address, and no terminal control", () => {
  const said = logged({ status: 'failed', message: 'http://bob:ge@heim@mirror/ddebs and https://token@launchpad.net/x, bob@example.org', result: { stderr: '\x1b[31mftp://a:b@c\r.' } });
  expect(said).toContain('http://(not kept)@mirror/ddebs and https://(not kept)@launchpad.net/x, bob@example.org\n');
  expect(said).toContain('    \\x1b[31mftp://(not kept)@c\\x0d.\n');
});
