// The simulated host over real SSH on loopback, asked by the very code that asks real hosts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { ClockOffset } from '../../src/capture/clock-offset.js';
import { startClockProbe } from '../../src/capture/clock-probe.js';
import { parseWireLine } from '../capture/wire-line.js';
import { newKeyPair } from '../../src/demo/keys.js';
import { SimulatedHost } from '../../src/demo/simulated-host.js';
import { SimulatedTraffic } from '../../src/demo/traffic.js';
import { gatherFacts } from '../../src/facts/gather.js';
import type { Connection } from '../../src/inventory/connection.js';
import { parseAnswer } from '../../src/modules/answer.js';
import { moduleScript } from '../../src/modules/script.js';
import { dial } from '../../src/ssh/dial.js';
import type { Session } from '../../src/ssh/session.js';
import { build, kernelModuleName } from '../../src/systemtap/build.js';
import { startScript } from '../../src/systemtap/run.js';

const SKEW_NS = 3.7e9;
const RELEASE = '6.12.0-demo-amd64';
const FLEET = { web: { name: 'web01', address: '10.20.0.10' }, app: { name: 'app01', address: '10.20.0.20' }, db: { name: 'db01', address: '10.20.0.30' } };

describe('a simulated host', () => {
  let folder: string;
  let clock: Clock;
  let host: SimulatedHost;
  let connection: Connection;
  let session: Session;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-simulated-'));
    clock = systemClock();
    const [hostKey, userKey, strangersKey] = [newKeyPair(), newKeyPair(), newKeyPair()];
    host = new SimulatedHost({ ...FLEET.web, skewNs: SKEW_NS, clock, hostKey: hostKey.privateKey, userKey: userKey.publicBytes, traffic: new SimulatedTraffic(FLEET, clock.nowNs()) });
    const port = await host.listen();
    const file = (name: string) => join(folder, name);
    await writeFile(file('key'), userKey.privateKey, { mode: 0o600 });
    await writeFile(file('stranger'), strangersKey.privateKey, { mode: 0o600 });
    await writeFile(file('known_hosts'), `[127.0.0.1]:${port} ${hostKey.publicLine}\n`);
    await writeFile(file('other_hosts'), `[127.0.0.1]:${port} ${strangersKey.publicLine}\n`);
    connection = {
      host: 'web01',
      address: '127.0.0.1',
      port,
      user: 'root',
      identityFiles: [file('key')],
      knownHostsFiles: [file('known_hosts')],
      hostKeyChecking: 'yes',
      connectTimeoutMs: 20_000,
      become: { always: false, method: 'sudo', user: 'root' },
    };
    session = await dial(connection);
  });
  afterAll(async () => {
    await session.close();
    await host.close();
    await rm(folder, { recursive: true });
  });

  it('lets nobody in but the one key, and has the one host key', async () => {
    await expect(dial({ ...connection, identityFiles: [join(folder, 'stranger')] })).rejects.toMatchObject({ kind: 'unreachable', code: 'login-refused' });
    await expect(dial({ ...connection, knownHostsFiles: [join(folder, 'other_hosts')] })).rejects.toMatchObject({ kind: 'unreachable', code: 'host-key-changed' });
  });

  it('tells its facts, and what setup has installed', async () => {
    expect(await gatherFacts(session)).toMatchObject({
      distribution: 'Debian',
      distributionVersion: '13',
      codename: 'trixie',
      kernelRelease: RELEASE,
      architecture: 'x86_64',
      debArchitecture: 'amd64',
      nodename: 'web01',
      stapVersion: null,
      staprunVersion: null,
      headersFor: [],
      symbolsFor: [],
      isContainer: false,
      moduleLoadingRefused: null,
      uid: 0,
      addresses: [{ interfaceName: 'eth0', address: '10.20.0.10' }],
      processors: 2,
    });
    const install = moduleScript('apt', { name: ['systemtap', `linux-headers-${RELEASE}`, `linux-image-${RELEASE}-dbg`] }, { checkMode: false, noLog: false } as never, 'exit 99');
    const changed = async () => parseAnswer('apt', await session.run(install)).changed;
    expect([await changed(), await changed()]).toEqual([true, false]);
    expect(await gatherFacts(session)).toMatchObject({ stapVersion: '5.1', staprunVersion: '5.1', headersFor: [RELEASE], symbolsFor: [RELEASE], hasHeaders: true });
  });

  it.each([
    ['a command of somebody else', 'uname -r\n'],
    ['one that only looks like ours', 'echo a facts b\n'],
    ['a verb it does not know', ': fleet-tap teardown x\n'],
    ['a module label that is no JSON', ": fleet-tap module apt '{'\n"],
  ])('refuses %s, and lives on', async (_name, script) => {
    const result = await session.run(script);
    expect(result).toMatchObject({ status: 127, stdout: '', stderr: expect.stringMatching(/simulated/) });
    expect((await gatherFacts(session)).nodename).toBe('web01');
  });

  it('has a clock that is wrong by what it was told', async () => {
    const offset = new ClockOffset();
    const probe = await startClockProbe(session, clock, offset);
    await probe.ready;
    probe.stop();
    const estimate = offset.estimate(clock.nowNs());
    expect(Math.abs((estimate?.offsetNs ?? Number.NaN) - SKEW_NS)).toBeLessThanOrEqual(estimate?.errorNs ?? 0);
  });

  it('compiles and runs until its input ends, and its books balance', async () => {
    const request = { release: RELEASE, script: Buffer.from('probe begin {}'), scriptArguments: [] };
    const kernelModule = await build(session, request);
    expect(kernelModule.content.toString()).toBe(`simulated kernel module ${kernelModuleName(request)}`);
    const run = await startScript(session, { kernelModule, machineFace: true, limitSec: 60, who: 'ann' });
    let text = '';
    await new Promise<void>((resolve) => {
      run.onOutput((chunk) => {
        text += chunk.toString('latin1');
        if (/\nT [\s\S]*\nH [\s\S]*\nH /.test(text)) resolve();
      });
    });
    run.stop();
    expect(await run.ended).toEqual({ status: 0, stderr: '' });
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    const parsed = lines.map((line) => parseWireLine(line));
    expect(parsed).not.toContain(undefined);
    expect(parsed[0]).toMatchObject({ kind: 'begin', count: 0 });
    let packets = 0;
    for (const line of parsed) {
      if (line !== undefined && 'type' in line) packets += 1;
      else expect(line?.count).toBe(packets);
    }
    expect(parsed.at(-1)).toMatchObject({ kind: 'end', count: packets });
    const times = parsed.map((line) => (line === undefined ? Number.NaN : 'type' in line ? line.rawNs : line.realNs));
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });
});
