// The live view on a terminal of a few lines, with time in the test's hands.
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type HostStatus, LiveView } from '../../src/ui/live-view.js';
import { rowsOf } from '../base/rows.js';
import { packet } from '../sinks/packets.js';

class Terminal extends Writable {
  readonly isTTY = true;
  readonly rows = 12;
  readonly columns = 60;
  written: string[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString());
    done();
  }
  /** What stands on the screen, for those three sequences that the view uses. */
  screen(): string[] {
    const lines: string[] = [''];
    for (const [, up, newline, rest] of this.written.join('').matchAll(/\u001b\[(\d+)A\r\u001b\[J|(\n)|([^\n\u001b]+)/g)) {
      if (up !== undefined) lines.splice(lines.length - 1 - Number(up), lines.length, '');
      else if (newline !== undefined) lines.push('');
      else lines[lines.length - 1] += rest ?? '';
    }
    return lines.slice(0, -1);
  }
}

const status = (count: number): HostStatus[] => Array.from({ length: count }, (_, index) => ({ name: index === 0 ? 'web01' : `h${index}\u001b[2J`, lagNs: 0.35e9, lost: index, isOver: false }));
let terminal: Terminal;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  terminal = new Terminal();
});
afterEach(() => void vi.useRealTimers());

it('draws rate, lag and lost by host, top talkers and resets; four times a second at most', () => {
  const view = new LiveView(terminal, true, () => status(2));
  view.add(rowsOf([packet({ flags: '000100' }), packet({ source: '10.9.9.9' }), packet()]));
  vi.advanceTimersByTime(250);
  expect(terminal.screen()).toEqual([
    '2 hosts, 3 lines, 1 lost, 1 resets',
    expect.stringMatching(/^host +lines\/s +lines +lag +lost$/),
    expect.stringMatching(/^web01 +12 +3 +0\.4 s +0$|^web01 +12 +3 +0\.3 s +0$/),
    expect.stringMatching(/^h1\\x1b\[2J +0 +0 /),
    'top talkers',
    '  198.51.100.7 > 10.0.0.1',
    '  10.9.9.9 > 10.0.0.1',
  ]);
  const before = terminal.written.length;
  for (let round = 0; round < 1000; round += 1) view.add(rowsOf([packet()]));
  vi.advanceTimersByTime(1000);
  expect(terminal.written.length - before).toBe(4);
});

it('what is said stands above the table, and at the end only that is left', () => {
  const view = new LiveView(terminal, true, () => status(1));
  vi.advanceTimersByTime(500);
  view.say('+ web01');
  vi.advanceTimersByTime(250);
  expect(terminal.screen()).toEqual(['+ web01', '1 hosts, 0 lines, 0 lost, 0 resets', expect.stringMatching(/^host /), expect.stringMatching(/^web01 /)]);
  view.stop();
  vi.advanceTimersByTime(1000);
  expect(terminal.screen()).toEqual(['+ web01']);
});

it('is never higher or wider than the terminal', () => {
  const view = new LiveView(terminal, true, () => status(300));
  view.add(rowsOf([packet({ source: '2001:db8:1:1:2:3:4:5', destination: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff' })]));
  vi.advanceTimersByTime(5000);
  const screen = terminal.screen();
  expect(screen.length).toBeLessThan(terminal.rows);
  expect(Math.max(...screen.map((line) => line.length))).toBeLessThan(terminal.columns);
  expect(screen.join('\n')).toMatch(/… and \d+ hosts more/);
});

it('elsewhere: one line of counters every 10 s', () => {
  const view = new LiveView(terminal, false, () => status(3));
  view.add(rowsOf([packet()]));
  vi.advanceTimersByTime(20_000);
  view.stop();
  expect(terminal.written).toEqual(Array(2).fill('  3 hosts, 1 lines, 3 lost, 0 resets\n'));
});
