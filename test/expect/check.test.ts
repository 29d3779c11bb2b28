// Rules against packets: what holds, what is broken and by which packets, what cannot be told.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../src/base/yaml.js';
import type { LogRecord, PacketRecord } from '../../src/base/record.js';
import { Checker, type Verdict } from '../../src/expect/check.js';
import { readRules } from '../../src/expect/rules.js';
import { packet } from '../sinks/packets.js';

const KNOWN = { hosts: ['web01', 'app01', 'db01'], owners: new Map([['10.0.0.1', 'web01'], ['10.0.0.2', 'app01'], ['10.0.0.3', 'db01'], ['fd77::3', 'db01']]) };

function check(yaml: string, records: readonly LogRecord[], allowsGaps = false): Verdict[] {
  const checker = new Checker(readRules(parseYaml(yaml, 'rules.yml')), KNOWN);
  for (const record of records) checker.add(record);
  return checker.verdicts(allowsGaps);
}

const kinds = (yaml: string, records: readonly LogRecord[]) => check(yaml, records).map(({ kind }) => kind);
const rule = (text: string) => `rules:\n  - {name: r, ${text}}\n`;
const syn = packet({ host: 'db01', source: '10.0.0.2', destination: '10.0.0.3', sourcePort: 40_000, destinationPort: 5432, flags: '000010', tNs: 0 });
const rst = packet({ host: 'app01', source: '10.0.0.3', destination: '10.0.0.2', sourcePort: 5432, destinationPort: 40_000, flags: '010100', tNs: 1 });
const dns = packet({ host: 'app01', source: '192.0.2.53', destination: '10.0.0.2', sourcePort: 53, destinationPort: 40_001, protocol: 'udp', flags: '', tNs: 2 });
const v6 = packet({ host: 'db01', source: 'fd77::1', destination: 'fd77::3', flags: '010000', tNs: 3 });
const gap = { type: 'gap', host: 'app01', epoch: 1, sequence: 9, tNs: 5, reason: 'kernel-drop', lines: 12, fromNs: 1, toNs: 5, detail: '', late: false } as const;

it.each([
  ['never: {flags: rst}', [rst]],
  ['never: {between: [app01, db01], flags: "rst"}', [rst]],
  ['never: {between: [db01, app01]}', [syn, rst]],
  ['never: {from: db01}', [rst]],
  ['never: {to: db01}', [syn, v6]],
  ['never: {to: 10.0.0.0/30, protocol: tcp}', [syn, rst]],
  ['never: {to: "fd77::/16"}', [v6]],
  ['never: {receiver: app01}', [rst, dns]],
  ['never: {protocol: udp}', [dns]],
  ['never: {port: 5432}', [syn, rst]],
  ['never: {to_port: 5000-6000}', [syn]],
  ['never: {from_port: [53, 5432]}', [rst, dns]],
  ['never: {new: true}', [syn]],
  ['never: {new: false, protocol: tcp}', [rst, v6]],
  ['never: {from: outside}', [dns, v6]],
  ['never: {flags: [syn, fin]}', [syn]],
  ['never: {protocol: udp}, except: {port: 53}', []],
  ['never: {}, except: [{protocol: udp}, {port: 5432}]', [v6]],
])('%s', (text, broken) => {
  const [verdict] = check(rule(text), [syn, rst, dns, v6]);
  expect(verdict?.packets).toEqual(broken);
  expect(verdict?.kind).toBe(broken.length === 0 ? 'holds' : 'broken');
});

it('groups, of groups too', () => {
  expect(kinds('groups: {app: app01, db: [db01], all: [app, db]}\nrules: [{name: r, never: {between: [app, db]}}, {name: s, never: {from: all, flags: psh}}]', [syn])).toEqual(['broken', 'holds']);
});

describe('counts', () => {
  it.each([
    ['at_most: 2, packets: {port: 5432}', 'holds'],
    ['at_most: 1, packets: {port: 5432}', 'broken'],
    ['at_least: 2, packets: {port: 5432}', 'holds'],
    ['at_least: 3, packets: {port: 5432}', 'broken'],
    ['at_least: 0, packets: {port: 1}', 'holds'],
    ['at_most: 0, per: hour, packets: {port: 53}', 'broken'],
  ])('%s', (text, kind) => expect(kinds(rule(text), [syn, rst, dns, v6])).toEqual([kind]));

  it('at_most per time: broken if and only if one more lies within a stretch of that length, as trying all of them shows', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 12 }), fc.integer({ min: 0, max: 4 }), (gapsSec, most) => {
        let at = 0;
        const times = gapsSec.map((sec) => (at += sec * 1e9));
        const packets = times.map((tNs): PacketRecord => packet({ tNs }));
        const isBroken = times.some((start) => times.filter((time) => time >= start && time < start + 60e9).length > most);
        expect(kinds(rule(`at_most: ${most}, per: minute, packets: {}`), packets)).toEqual([isBroken ? 'broken' : 'holds']);
      }),
    ));
});

describe('gaps', () => {
  it('never and at_most are not said to hold where lines are missing', () => {
    expect(check(rule('never: {port: 1}'), [syn, gap])).toMatchObject([{ kind: 'unknown', why: '0 packets in what was captured, but 12 lines of app01 are missing (kernel-drop)' }]);
    expect(check(rule('never: {port: 1}'), [{ ...gap, lines: null, reason: 'connection-lost' }])[0]?.why).toContain('nobody knows how many lines of app01');
    expect(kinds(rule('at_most: 5, packets: {}'), [syn, gap])).toEqual(['unknown']);
    expect(kinds(rule('at_least: 2, packets: {}'), [syn, gap])).toEqual(['unknown']);
    expect(kinds(rule('at_least: 1, packets: {}'), [syn, gap])).toEqual(['holds']);
    expect(kinds(rule('never: {flags: syn}'), [syn, gap])).toEqual(['broken']);
    expect(check(rule('never: {port: 1}'), [gap], true)).toMatchObject([{ kind: 'holds' }]);
  });
});

describe('wrong rules', () => {
  it.each([
    ['', 1, 'a rules file is a mapping'],
    ['rules: []', 1, 'rules is a list of at least one rule'],
    ['rule: []', 1, 'no key "rule"'],
    ['rules:\n  - {never: {}}', 2, 'a rule has a name'],
    ['rules:\n  - {name: x}', 2, 'one of never, at_most and at_least, not none'],
    ['rules:\n  - {name: x, never: {}, at_most: 3}', 2, 'not never and at_most'],
    ['rules:\n  - name: x\n    never: {form: a}', 3, 'no key "form"'],
    ['rules:\n  - {name: x, at_most: 3}', 2, 'needs packets'],
    ['rules:\n  - {name: x, at_most: many, packets: {}}', 2, 'whole number'],
    ['rules:\n  - {name: x, at_most: 1, per: day, packets: {}}', 2, 'per takes second, minute, hour'],
    ['rules:\n  - {name: x, at_least: 1, per: hour, packets: {}}', 2, 'per goes with at_most'],
    ['rules:\n  - {name: x, never: {flags: sin}}', 2, 'no TCP flag sin'],
    ['rules:\n  - {name: x, never: {port: 70000}}', 2, '0 to 65535'],
    ['rules:\n  - {name: x, never: {protocol: icmp}}', 2, 'tcp or udp'],
    ['rules:\n  - {name: x, never: {between: [a]}}', 2, 'list of two'],
    ['rules:\n  - {name: x, never: {from: dbo1}}', 2, 'no group, no host of the log'],
    ['rules:\n  - {name: x, never: {from: 10.0.0.0/33}}', 2, 'no network'],
    ['rules:\n  - {name: x, never: {receiver: 10.0.0.1}}', 2, 'receiver is whose kernel received the packet'],
    ['rules:\n  - {name: x, never: {receiver: dbo1}}', 2, 'no host of the log'],
    ['rules:\n  - {name: x, never: {flags: rst, protocol: udp}}', 2, 'flags is of TCP segments'],
    ['rules:\n  - {name: x, never: {protocol: udp, new: true}}', 2, 'new is of TCP segments'],
    ['rules:\n  - {name: x, never: {port: 1}, except: {}}', 2, 'nothing would be left'],
    ['rules:\n  - {name: x, never: {from: []}}', 2, 'not an empty list'],
    ['groups: {outside: [app01]}\nrules:\n  - {name: x, never: {from: outside}}', 1, 'cannot be the name of a group'],
    ['groups: {a: [b], b: [a]}\nrules:\n  - {name: x, never: {from: a}}', 1, 'contains itself'],
  ])('%j', (yaml, line, sentence) => {
    expect(() => check(yaml, [])).toThrow(expect.objectContaining({ kind: 'input', code: 'rules-invalid', message: expect.stringContaining(sentence), place: expect.objectContaining({ file: 'rules.yml', line }) }));
  });

  it('a near name is offered', () => expect(() => check(rule('never: {from: dbo1}'), [])).toThrow(expect.objectContaining({ hint: 'did you mean db01?' })));
});
