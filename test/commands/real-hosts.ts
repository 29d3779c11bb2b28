// Hosts that are real: sshd on loopback, dash, our supervisor. Only staprun is played, by a script that the test gives.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import type { FleetTapError } from '../../src/base/errors.js';
import { CapturedHost } from '../../src/commands/captured-host.js';
import { FleetLog, type FleetLogOptions } from '../../src/commands/fleet-log.js';
import { merge } from '../../src/commands/merge.js';
import { Recorder } from '../../src/commands/recorder.js';
import { LogFile } from '../../src/sinks/log-file.js';
import { JsonlFormat } from '../../src/sinks/jsonl.js';
import type { Sink } from '../../src/sinks/sink.js';
import { dial } from '../../src/ssh/dial.js';
import type { Session } from '../../src/ssh/session.js';
import { skipSshd, startSshd, type Sshd } from '../hosts/sshd.js';
import { newPerson } from './person.js';

const isRoot = process.getuid?.() === 0;
export const skipReal = skipSshd || (!isRoot && process.env.FLEET_TAP_NO_SKIP !== '1');
export const realSkipped = skipReal ? ' (skipped: no sshd, or not root: a host has a /run/fleet-tap of its own in a mount namespace)' : '';

/**
 * What staprun does, in sh: one packet line every 50 ms, heartbeats, an end that counts. $HERE is the host's folder.
 * @param body what happens instead of or beside it; may use `line`, `beat`, `now`, $n (lines printed so far)
 */
export function staprun(body = 'while :; do line; line; beat; pause; done'): string {
  return `#!/bin/sh
[ "$1" = -d ] && exit 0
n=0
now() { /bin/date +%s%N; }
# Monotonic time goes along with real time; a test that sets the clock adds to $set.
set=0
mark() { t=$(( $(now) + set )); echo "$1 $t $((t - set - 1700000000000000000)) $n"; }
beat() { mark H; }
line() { n=$((n + 1)); echo "T $(( $(now) + set )) 10.0.0.1 10.0.0.2 40000 80 000010 $n 0 64240 0"; }
pause() { sleep 0.05; }
trap 'mark E; exit 0' TERM
t=$(now); echo "B 1 $t $((t - 1700000000000000000))" # one reading of the clock, as in the kernel: two would be a step
${body}
`;
}

/** The host's clock is what the file $HERE/set adds to this machine's, for whoever asks: there is no bash that would read it elsewhere. */
const SET_CLOCK: Readonly<Record<string, string>> = {
  bash: '#!/bin/sh\nexit 1\n',
  date: `#!/bin/sh
t=$(( $(/bin/date +%s%N) + $(cat $HERE/set 2>/dev/null || echo 0) ))
case $1 in +%s.%N) echo "\${t%?????????}.\${t#??????????}" ;; *) echo $t ;; esac
`,
};

export interface RealRow {
  readonly t: string;
  readonly host: string;
  readonly epoch: number;
  readonly seq: number;
  readonly late: boolean;
  readonly type?: string;
  readonly reason?: string;
  readonly lines?: number | null;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly text?: string;
}

export interface RealHost {
  readonly sshd: Sshd;
  readonly captured: CapturedHost;
  /** Its errors, the newest last. */
  readonly failures: FleetTapError[];
  /** How often it came back. */
  back: number;
  isOver: boolean;
}

type Format = ConstructorParameters<typeof JsonlFormat>[0];

/**
 * @param programs each host's staprun, by its name
 * @param more sinks beside the file that `end` gives
 */
export async function startReal(programs: Readonly<Record<string, string>>, options: Partial<FleetLogOptions> = {}, more: (format: Format) => Promise<readonly Sink[]> = async () => []) {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-real-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clock = systemClock();
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const format = { originSec: clock.originSec, hostWidth: 5, hosts: [], outgoing: false };
  const file = join(folder, 'fleet.jsonl');
  const sink = await LogFile.open(file, new JsonlFormat(format), { compression: undefined, fsync: 'never', rotation: { sizeBytes: undefined, timeSec: undefined }, originSec: clock.originSec });
  const record = join(folder, 'recording');
  const recorder = await Recorder.open(record, { originSec: clock.originSec, hostWidth: 5, order: options.order ?? 'live' }, say);
  const log = new FleetLog({ order: 'live', sync: 'ssh', ...options }, clock, [sink, ...(await more(format))], say, recorder);
  const kernelModule = { name: 'fleet_tap_0123456789abcdef', release: '6.1.0-1-amd64', content: Buffer.from('no kernel module at all: fleet_tap_0123456789abcdef') };
  const hosts = new Map<string, RealHost>();
  for (const [name, program] of Object.entries(programs)) {
    const prepare = async (home: string) => {
      await mkdir(join(home, 'bin'));
      for (const [file, text] of Object.entries({ staprun: program, ...SET_CLOCK })) await writeFile(join(home, 'bin', file), text.replaceAll('$HERE', home), { mode: 0o755 });
    };
    const sshd = await startSshd({ privateRun: true, prepare, config: [`SetEnv PATH=%f/bin:${process.env.PATH ?? ''}`] });
    const sessions: Session[] = [];
    onTestFinished(async () => void (await Promise.all(sessions.map((session) => session.close()))));
    const open = async () => {
      const session = await dial({ ...sshd.connection, host: name });
      sessions.push(session);
      return session;
    };
    const index = log.addHost(name);
    const captured = new CapturedHost(name, index, { first: open, again: open }, { kernelModule, machineFace: true, limitSec: 600, who: 'the test' }, { clock, log, recorder }, {
      heard: () => {},
      failed: (error) => void host.failures.push(error),
      back: () => {
        host.back += 1;
      },
      over: () => {
        host.isOver = true;
      },
    });
    const host: RealHost = { sshd, captured, failures: [], back: 0, isOver: false };
    hosts.set(name, host);
  }
  await Promise.all([...hosts.values()].map((host) => host.captured.start()));
  log.allAdded();
  const pump = setInterval(() => void log.release(() => {}), 20);
  onTestFinished(() => clearInterval(pump));
  const end = async () => {
    await Promise.all([...hosts.values()].map((host) => host.captured.stop()));
    clearInterval(pump);
    const isWhole = await log.finish();
    await recorder.finish(clock.nowNs());
    const text = await readFile(file, 'utf8');
    const player = await newPerson();
    const again = join(player.folder, 'again.jsonl');
    await merge({ files: [record], output: [again], order: 'recorded' }, player.context);
    return { isWhole, said: said.join('\n'), text, again: await readFile(again, 'utf8'), rows: text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as RealRow) };
  };
  const host = (name: string): RealHost => {
    const found = hosts.get(name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  };
  return { host, end, log, said };
}
