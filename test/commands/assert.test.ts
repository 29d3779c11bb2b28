// A capture against rules, as CI does it: verdicts, exit status, and JUnit that a parser of XML reads.
import { spawnSync } from 'node:child_process';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { junitXml } from '../../src/base/junit.js';
import { assert } from '../../src/commands/assert.js';
import { capture } from '../../src/commands/capture.js';
import { RECORDING_FILE } from '../../src/commands/recorder.js';
import { ALL_READY, newPerson, startFleet } from './person.js';

/** Every case as [name, failure's message or null], as Python reads it. */
function casesOf(xml: string): [string, string | null][] {
  const program = 'import sys,json,xml.etree.ElementTree as E;r=E.fromstring(sys.stdin.buffer.read());print(json.dumps([[c.get("name"),(c.find("failure").get("message") if c.find("failure") is not None else None)] for c in r.iter("testcase")]))';
  const result = spawnSync('python3', ['-c', program], { input: xml, encoding: 'utf8' });
  expect(result.stderr).toBe('');
  return JSON.parse(result.stdout) as [string, string | null][];
}

it('of a recording and of its text log: the same verdicts, status 2 while a rule is broken', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY);
  const recording = join(person.folder, 'recording');
  expect(await capture({ inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', forSec: 3, output: [], probes: 'by-inventory', order: 'live', limitSec: 60, record: recording }, person.context), person.stderr()).toBe(0);
  const log = join(person.folder, 'fleet.log');
  await writeFile(log, person.stdout());
  const resets = person.stdout().split('\n').filter((line) => / app01 .* 5432 +\d+ 0 \d \d 1 /.test(line)).length;
  expect(resets).toBeGreaterThan(0);
  const rules = join(person.folder, 'rules.yml');
  await writeFile(rules, `groups: {app: app01, db: db01}
rules:
  - {name: web reaches app, at_least: 1, packets: {from: web01, to: app, new: true}}
  - {name: only DNS is UDP, never: {protocol: udp}, except: {port: 53}}
  - {name: "no reset <between> app & db", never: {between: [app, db], flags: rst}}
`);
  for (const file of [recording, log]) {
    const tester = await newPerson();
    const junit = join(tester.folder, 'junit.xml');
    expect(await assert({ files: [file], expect: rules, junit, allowGaps: false }, tester.context), tester.stderr()).toBe(2);
    const lines = tester.stdout().split('\n');
    expect(lines.filter((line) => line.startsWith('ok '))).toHaveLength(2);
    expect(lines.find((line) => line.startsWith('BROKEN'))).toBe(`BROKEN  no reset <between> app & db: ${resets} packet${resets === 1 ? '' : 's'}, none expected`);
    expect(lines.at(-2)).toBe('2 of 3 rules hold');
    expect(casesOf(await readFile(junit, 'utf8'))).toEqual([['web reaches app', null], ['only DNS is UDP', null], ['no reset <between> app & db', expect.stringContaining('none expected')]]);
  }
  // Of a recording that is cut off nobody knows what came afterwards.
  const file = join(recording, RECORDING_FILE);
  await truncate(file, Math.floor((await stat(file)).size * 0.7));
  await writeFile(rules, 'rules: [{name: nothing to port 1, never: {port: 1}}]');
  const tester = await newPerson();
  expect(await assert({ files: [recording], expect: rules, allowGaps: false }, tester.context)).toBe(2);
  expect(tester.stdout()).toMatch(/^UNKNOWN nothing to port 1: /);
});

it('of a recording in which nobody received anything: its hosts are known, never holds, at_least is broken', async () => {
  const person = await newPerson();
  const fleet = await startFleet(person, ALL_READY, { takeUntil: () => [] });
  const recording = join(person.folder, 'recording');
  expect(await capture({ inventory: [fleet.inventoryFile], forks: 10, pattern: 'all', forSec: 1, output: [], probes: 'by-inventory', order: 'live', limitSec: 60, record: recording }, person.context), person.stderr()).toBe(0);
  expect(person.stdout()).toBe('');
  const rules = join(person.folder, 'rules.yml');
  await writeFile(rules, `rules:
  - {name: nobody resets db01, never: {to: db01, flags: rst}}
  - {name: app01 hears something, at_least: 1, packets: {receiver: app01}}
`);
  const tester = await newPerson();
  expect(await assert({ files: [recording], expect: rules, allowGaps: false }, tester.context), tester.stderr()).toBe(2);
  expect(tester.stdout().split('\n').slice(0, 3).map((line) => line.split(':')[0])).toEqual(['ok      nobody resets db01', 'BROKEN  app01 hears something', '1 of 2 rules hold']);
});

it('JUnit is XML whatever the texts hold', () => {
  const texts = ['a\u0000b', '\ud800', ']]>&<"', 'ü\n\t\r', '\uffff', '😀'];
  const xml = junitXml('suite', texts.map((text) => ({ className: text, name: text, seconds: 0.5, failure: { message: text, text } })));
  expect(casesOf(xml)).toEqual([['a\ufffdb'], ['\ufffd'], [']]>&<"'], ['ü\n\t\r'], ['\ufffd'], ['😀']].map(([text]) => [text, text]));
});
