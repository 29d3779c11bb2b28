import { expect, it } from 'vitest';
import { jsonText } from '../../src/base/json-text.js';
import { FleetTapError } from '../../src/base/errors.js';
import { formatOutputs, formatSummary, type HostOutcome, jsonDocument, jsonOf } from '../../src/commands/exec-report.js';

function outcome(host: string, changes: { stdout?: string; stderr?: string; status?: number; error?: FleetTapError } = {}): HostOutcome {
  return { host, stdout: Buffer.from(changes.stdout ?? ''), stderr: Buffer.from(changes.stderr ?? ''), status: changes.error === undefined ? (changes.status ?? 0) : undefined, error: changes.error, seconds: 0.5 };
}

it('puts the largest group first, groups of one size and their hosts in the order of the inventory', () => {
  const outcomes = [outcome('db1', { stdout: 'b\n' }), outcome('web3', { stdout: 'a\n' }), outcome('web1', { stdout: 'a\n' }), outcome('quiet1'), outcome('app1', { stdout: 'c' })];
  const line = '---------------\n';
  expect([...formatOutputs(outcomes, 'stdout')].join('')).toBe(`${line}web[1,3] (2)\n${line}a\n${line}db1 (1)\n${line}b\n${line}app1 (1)\n${line}c\n`);
  expect([...formatOutputs(outcomes, 'stderr')]).toEqual([]);
});

it('folds hosts that failed for one reason, and counts', () => {
  const refused = () => new FleetTapError('unreachable', 'connect-refused', 'nothing listens at 10.0.0.1:22', { hint: 'is sshd running there?' });
  const outcomes = [outcome('web1', { status: 1, stderr: 'a\nb\nc\nd\n' }), outcome('web2', { status: 1, stderr: 'x\nb\nc\nd\n' }), outcome('web3', { status: 2 }), outcome('db1', { error: refused() }), outcome('db2', { error: refused() }), outcome('ok1')];
  expect(formatSummary(outcomes, 2.04)).toBe(
    'web[1-2]: exit status 1\n  b\n  c\n  d\ndb[1-2]: nothing listens at 10.0.0.1:22 [connect-refused]\n  hint: is sshd running there?\nweb3: exit status 2\n6 hosts: 1 ok, 3 failed, 2 unreachable in 2.0 s\n',
  );
});

it('shows an output of any length whole, and with no control characters', () => {
  const text = `${'x'.repeat(2 ** 16 - 1)}😀${'é\u0007\n'.repeat(50_000)}end`;
  expect([...formatOutputs([outcome('web1', { stdout: text })], 'stdout')].join('').split('---------------\n')[2]).toBe(`${text.replaceAll('\u0007', '\\x07')}\n`);
});

it('gives JSON in pieces, of any number of hosts', () => {
  for (const outcomes of [[], [outcome('web1', { stdout: 'a\nb' })], [{ ...outcome('web1'), stdout: Buffer.concat([Buffer.from([0xff]), Buffer.alloc(100_000, 'é'), Buffer.from([0xf0])]) }, outcome('web2', { status: 3, stderr: '\u009b' }), outcome('web3', { stdout: `${'x'.repeat(2 ** 16 - 1)}😀${'é\u0007\n'.repeat(50_000)}`, error: new FleetTapError('host', 'x', 'y', { hint: 'z' }) })]]) {
    expect([...jsonDocument(outcomes)].join('')).toBe(`${jsonText({ hosts: outcomes.map(jsonOf) }, 2)}\n`);
  }
});

it('tells a program that bytes were no UTF-8', () => {
  const bytes = Buffer.from([0x61, 0xff]);
  expect(jsonOf({ ...outcome('web1'), stdout: bytes })).toEqual({ host: 'web1', state: 'ok', status: 0, stdout: 'a\ufffd', stdout_base64: 'Yf8=', stderr: '', seconds: 0.5 });
});
