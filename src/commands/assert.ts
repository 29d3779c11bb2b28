// fleet-tap assert: a capture against rules; for CI: a connection that nobody expected fails the build.
// Exit status: 0 every rule holds, 1 wrong rules or log, 2 a rule is broken or cannot be told.
import { writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { formatTime } from '../base/clock.js';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { printable } from '../base/host-text.js';
import { junitXml } from '../base/junit.js';
import { readText } from '../base/read-text.js';
import type { PacketRecord } from '../base/record.js';
import { parseYaml } from '../base/yaml.js';
import { Checker, type Verdict } from '../expect/check.js';
import { readRules } from '../expect/rules.js';
import { AddressOwners } from '../logs/address-owners.js';
import type { CommandContext, ExitStatus } from './context.js';
import { checkWritable } from './open-sinks.js';
import { readRecords } from './read-records.js';

export interface AssertOptions {
  readonly files: readonly string[];
  /** The rules file. */
  readonly expect: string;
  readonly junit?: string | undefined;
  readonly allowGaps: boolean;
}

export async function assert(options: AssertOptions, context: CommandContext): Promise<ExitStatus> {
  if (options.junit !== undefined) await checkWritable(options.junit, [...options.files, options.expect]);
  const rules = readRules(parseYaml(await readText(options.expect, 'rules file'), options.expect));
  // Once to learn whose address is whose, once to check: a rule may name a host that speaks at the very end.
  const quiet: CommandContext = { ...context, stderr: new Writable({ write: (_chunk, _encoding, done) => done() }) };
  const owners = new AddressOwners();
  const hosts = new Map<string, number>();
  const indexOf = (name: string) => {
    const index = hosts.get(name) ?? hosts.size;
    hosts.set(name, index);
    return index;
  };
  const first = await readRecords(options.files, quiet, (record) => {
    const host = indexOf(record.host);
    if (record.type === 'packet') owners.received(host, record.destination);
  });
  if (first.status === 130) return 130;
  // A recording knows hosts that have received nothing, too.
  for (const { name, addresses } of first.hosts) {
    const host = indexOf(name);
    for (const address of addresses) owners.received(host, address);
  }
  const names = [...hosts.keys()];
  const checker = new Checker(rules, { hosts: names, owners: new Map(Object.entries(owners.names()).map(([address, host]) => [address, names[host] ?? ''])) });
  const { status, originSec } = await readRecords(options.files, quiet, (record) => checker.add(record));
  if (status === 130) return 130;
  const verdicts = checker.verdicts(options.allowGaps);
  for (const verdict of verdicts) context.stdout.write(`${textOf(verdict, originSec)}\n`);
  const wrong = verdicts.filter(({ kind }) => kind !== 'holds').length;
  context.stdout.write(`${verdicts.length - wrong} of ${verdicts.length} rules hold\n`);
  if (options.junit !== undefined) await writeJUnit(options.junit, options, verdicts, originSec);
  return wrong === 0 ? 0 : 2;
}

const WORDS: Readonly<Record<Verdict['kind'], string>> = { holds: 'ok     ', broken: 'BROKEN ', unknown: 'UNKNOWN' };

function textOf(verdict: Verdict, originSec: number): string {
  const { rule, kind, why, packets } = verdict;
  return [`${WORDS[kind]} ${printable(rule.name)}: ${printable(why)}`, ...packets.map((packet) => `          ${lineOf(packet, originSec)}`)].join('\n');
}

function lineOf(packet: PacketRecord, originSec: number): string {
  const flags = packet.protocol === 'udp' ? 'UDP' : [...packet.flags].join(' ');
  return `${formatTime(packet.tNs, originSec)} ${printable(packet.host)} ${packet.source} ${packet.destination} ${packet.sourcePort} ${packet.destinationPort} ${flags}`;
}

async function writeJUnit(file: string, options: AssertOptions, verdicts: readonly Verdict[], originSec: number): Promise<void> {
  const cases = verdicts.map((verdict) => ({
    className: options.expect,
    name: verdict.rule.name,
    seconds: 0,
    failure: verdict.kind === 'holds' ? undefined : { message: verdict.why, text: `${options.expect}:${verdict.rule.line}\n${textOf(verdict, originSec)}` },
  }));
  await writeFile(file, junitXml(`fleet-tap assert ${options.files.join(' ')}`, cases)).catch((cause: unknown) => {
    throw new FleetTapError('input', 'output-failed', `${file} cannot be written: ${fileReason(cause, 'its folder is gone')}`, { cause });
  });
}
