import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newCounters } from '../../src/base/counters.js';
import { ObservedLines, parseSshConnection } from '../../src/capture/observed-lines.js';
import { ObjectLines } from './wire-line.js';
import cases from '../cases/capture/own-connection.json' with { type: 'json' };

function start(connection = '192.0.2.9 51000 10.0.0.1 22\n') {
  const counters = newCounters();
  return { counters, lines: new ObjectLines(new ObservedLines({ host: 0, hostName: 'web01', epoch: 2 }, parseSshConnection(connection), counters)) };
}

test('a line is stamped with the time at which it was received, and says so', () => {
  const { lines, counters } = start();
  expect(lines.push(['one', ''], 5)).toMatchObject({
    records: [
      { type: 'observed', host: 'web01', epoch: 2, sequence: 1, tNs: 5, text: 'one', late: false },
      { type: 'observed', host: 'web01', epoch: 2, sequence: 2, tNs: 5, text: '', late: false },
    ],
    watermarkNs: 5,
    beganNs: 5,
    notes: [],
  });
  expect(lines.push(['three'], 7).records).toMatchObject([{ sequence: 3, tNs: 7 }]);
  expect(counters).toMatchObject({ received: 3, records: 3, announced: null });
});

describe('our own connection', () => {
  test.each(cases as [string, string, boolean][])('%s | %s → %s', (connection, line, isOwn) => {
    const { lines, counters } = start(connection);
    expect(lines.push([line], 1).records).toHaveLength(isOwn ? 0 : 1);
    expect(counters).toMatchObject({ received: 1, ownEcho: isOwn ? 1 : 0, records: isOwn ? 0 : 1 });
  });

  test('a line left out leaves no hole in the sequence', () => {
    const { lines } = start();
    expect(lines.push(['a', '192.0.2.9 10.0.0.1 51000 22', 'b'], 1).records.map((record) => record.sequence)).toEqual([1, 2]);
  });
});

test('whatever a script prints is counted once and throws nothing', () => {
  const word = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('51000', '::', ':', '::1%eth0', '192.0.2.9', '10.0.0.1', '22', '1:2:3', '::ffff:999.1.1.1', '\0', '\u001b[2J'));
  fc.assert(
    fc.property(fc.array(fc.array(word).map((words) => words.join(' '))), (texts) => {
      const { lines, counters } = start();
      const { records } = lines.push(texts.map((text) => `${text.replaceAll('\n', ' ')} 51000`), 1);
      expect(records.length + counters.ownEcho).toBe(texts.length);
      expect(counters).toMatchObject({ received: texts.length, records: records.length });
    }),
  );
});
