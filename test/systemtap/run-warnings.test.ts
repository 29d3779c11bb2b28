import { describe, expect, it } from 'vitest';
import { type RunWarning, runWarnings } from '../../src/systemtap/run-warnings.js';

const only = (text: string): readonly (readonly [string, number])[] => runWarnings(text).map(({ kind, count }) => [kind, count] as const);

describe('runWarnings', () => {
  it.each<[string, RunWarning['kind'], number]>([
    ['WARNING: There were 17 transport failures. Try stap -s to increase the buffer size from 16.', 'lost', 17],
    ['WARNING: There were 3 lost messages, 120 lost bytes, and 1 unexpected sequences.', 'lost', 3],
    ['WARNING: There were 0 lost messages, 120 lost bytes, and 0 unexpected sequences.', 'lost', 0],
    ['WARNING: There were 0 lost messages and 120 lost bytes.', 'lost', 0],
    ['WARNING: Number of errors: 0, skipped probes: 1', 'skipped', 1],
    ['WARNING: Number of errors: 4, skipped probes: 12', 'skipped', 12],
    ['WARNING: Number of errors: 4, skipped probes: 0', 'error', 4],
    ['ERROR: Skipped too many probes, check MAXSKIPPED or try again with stap -t for more details.', 'error', 0],
    ['WARNING: probe kernel.function("udp_recvmsg@net/ipv4/udp.c:1") (address 0x1) registration error [man warning::pass5] (rc -524)', 'lost', 0],
    ['ERROR: the last lines found no way out', 'lost', 0],
    ['WARNING: 3 packets could not be read', 'unread', 3],
    ['WARNING: Kernel function symbol table missing [man warning::symbols]', 'other', 0],
  ])('%s', (text, kind, count) => expect(runWarnings(`${text}\n`)).toEqual([{ kind, count, text }]));

  it.each([
    'WARNING: Number of errors: 0, skipped probes: 0',
    'WARNING: There were 0 transport failures. Try stap -s to increase the buffer size from 16.',
    'WARNING: There were 0 lost messages, 0 lost bytes, and 0 unexpected sequences.',
    'WARNING: There were 0 lost messages, 0 lost bytes, and 73 unexpected sequences.',
    'WARNING: 0 packets could not be read',
    'fleet-tap: ended by the limit of 5 s',
    'an ERROR: in the middle',
    '',
  ])('no warning: %s', (text) => expect(runWarnings(text)).toEqual([]));

  it('gives one entry for each line, in order', () => {
    expect(only('banner\nERROR: a\nWARNING: b\nWARNING: There were 2 transport failures.\nERROR: c')).toEqual([['error', 0], ['other', 0], ['lost', 2], ['error', 0]]);
  });

  it('lets no control character through', () => {
    expect(runWarnings('ERROR: \u001b[2J\rgone\u0000')).toEqual([{ kind: 'error', count: 0, text: 'ERROR: \\x1b[2J\\x0dgone\\x00' }]);
  });
});
