// `npm run lab:setups -- [--suite bookworm] [--symbols none]`: from a bare machine to captured packets, one command each, for every suite and every
// way of having symbols. What goes out: a table of times, downloads and disk, which docs/setup.md has. Results are kept in the lab's folder, so that
// the nine can be done one by one. Under emulation compiling on the machine itself takes long; `per-kernel` compiles on a build host.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { resetBuildHost, startBuildHost, stopBuildHost } from './build-host.js';
import { fleetTap, startFleetTap } from './fleet-tap.js';
import { kernelRelease } from './inventory-file.js';
import { whyNoLab } from './lab.js';
import { boot, makeImage, shutDown, startHub, stopHub, waitForBoot } from './machine.js';
import { BUILD_HOSTS, KEY_FILE, KNOWN_HOSTS_FILE, LAB_DIR, MACHINES, PROJECT_DIR, RUN_DIR, SUITES, type Suite } from './places.js';
import { remote } from './remote.js';
import { makeBuildTree, makeGuestTree, makeKeys } from './rootfs.js';

const WAYS = ['every-host', 'per-kernel', 'none'] as const;
type Way = (typeof WAYS)[number];
const RESULTS = join(LAB_DIR, 'setups.json');
const PORT = 7030;
const DATAGRAMS = 25;

/** What one host has got by setup. */
interface Got {
  /** Of the packages that were installed, by apt's own numbers. */
  readonly downloadBytes: number;
  readonly diskBytes: number;
  readonly packages: number;
}

interface Result {
  readonly suite: Suite;
  readonly symbols: Way;
  readonly setupSec: number;
  /** From typing capture to the host's first word: compiling, loading. */
  readonly firstWordSec: number;
  readonly host: Got;
  /** With per-kernel only. */
  readonly builder?: Got;
}

type Place = Parameters<typeof remote>[0];
const run = (place: Place, command: string) => remote(place, command, { limitMs: 600_000 });

interface Before {
  readonly packages: ReadonlySet<string>;
  readonly diskBytes: number;
}

/** @param disk a command that prints KiB */
async function look(place: Place, disk: string): Promise<Before> {
  const packages = (await run(place, `dpkg-query -W -f '\${db:Status-Status} \${Package}:\${Architecture}=\${Version}\\n' | sed -n 's/^installed //p'`)).split('\n').filter((line) => line !== '');
  return { packages: new Set(packages), diskBytes: Number((await run(place, disk)).trim()) * 1024 };
}

async function gotSince(place: Place, disk: string, before: Before): Promise<Got> {
  const now = await look(place, disk);
  const added = [...now.packages].filter((one) => !before.packages.has(one));
  const sizes = added.length === 0 ? '' : await run(place, `apt-cache show ${added.map((one) => `'${one.replace(':all=', '=')}'`).join(' ')} | sed -n 's/^Size: //p'`);
  return { downloadBytes: sizes.split('\n').reduce((sum, size) => sum + Number(size), 0), diskBytes: now.diskBytes - before.diskBytes, packages: added.length };
}

const DF = "df -k --output=used / | tail -n 1";
const DU = 'du -skx --exclude=/proc --exclude=/sys --exclude=/dev --exclude=/run / | cut -f 1';

async function one(suite: Suite, symbols: Way, say: (line: string) => void): Promise<Result> {
  const machine = MACHINES.find((candidate) => candidate.suite === suite);
  const builder = BUILD_HOSTS.find((candidate) => candidate.suite === suite);
  if (machine === undefined || builder === undefined) throw new RangeError(suite);
  await shutDown(machine);
  await makeImage(suite, await makeGuestTree(suite, say), say);
  await startHub();
  await boot(machine);
  await waitForBoot(machine);
  if (symbols === 'per-kernel') {
    await resetBuildHost(builder);
    await makeBuildTree(suite, say);
    await startBuildHost(builder);
  }
  const inventory = join(RUN_DIR, 'setups.yml');
  const address = (place: { address: string; port: number }) => ({ ansible_host: place.address, ansible_port: place.port });
  const vars = { ansible_user: 'root', ansible_ssh_private_key_file: KEY_FILE, ansible_ssh_common_args: `-o UserKnownHostsFile=${KNOWN_HOSTS_FILE}`, fleet_tap_symbols: symbols };
  const helper = symbols === 'per-kernel' ? { [builder.name]: { ...address(builder), fleet_tap_build_for: [await kernelRelease(suite)] } } : {};
  await writeFile(inventory, stringify({ all: { vars, hosts: { [machine.name]: address(machine), ...helper } } }));
  const before = await look(machine, DF);
  const builderBefore = symbols === 'per-kernel' ? await look(builder, DU) : undefined;

  const startedMs = performance.now();
  const setup = await fleetTap(['setup', '-i', inventory]);
  if (setup.status !== 0 || !setup.stdout.includes(`ready: ${machine.name}`)) throw new Error(setup.stdout + setup.stderr);
  const setupSec = (performance.now() - startedMs) / 1000;
  say(`${suite} ${symbols}: ready after ${setupSec.toFixed(0)} s`);

  const log = join(RUN_DIR, 'setups.log');
  const captureMs = performance.now();
  const capture = startFleetTap(['capture', '-i', inventory, '-l', machine.name, '--udp', '--port', String(PORT), '-o', log]);
  await capture.saysAll([new RegExp(`^\\+ ${machine.name}$`, 'm')]);
  const firstWordSec = (performance.now() - captureMs) / 1000;
  await run(machine, `python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); [s.sendto(b"x", ("127.0.0.1", ${PORT})) for _ in range(${DATAGRAMS})]'`);
  capture.process.kill('SIGINT');
  const finished = await capture.finished;
  const packets = (await readFile(log, 'utf8')).split('\n').filter((line) => line.includes(` ${PORT} `)).length;
  if (finished.status !== 0 || packets !== DATAGRAMS) throw new Error(`${packets} of ${DATAGRAMS} datagrams were captured:\n${finished.stderr}`);
  const host = await gotSince(machine, DF, before);
  const helperGot = builderBefore === undefined ? {} : { builder: await gotSince(builder, DU, builderBefore) };
  await shutDown(machine);
  await stopBuildHost(builder);
  return { suite, symbols, setupSec, firstWordSec, host, ...helperGot };
}

/** The table, as docs/setup.md has it. */
function table(results: readonly Result[]): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const both = (of: (got: Got) => string, { host, builder }: Result) => (builder === undefined ? of(host) : `${of(host)} + ${of(builder)}`);
  const rows = results.map((result) => `| ${[result.suite, `\`${result.symbols}\``, `${result.setupSec.toFixed(0)} s`, both((got) => String(got.packages), result), both((got) => mb(got.downloadBytes), result), both((got) => mb(got.diskBytes), result), `${result.firstWordSec.toFixed(0)} s`].join(' | ')} |`);
  return ['| Debian | symbols | setup | packages | downloaded | disk | then: capture to first line |', '|---|---|---|---|---|---|---|', ...rows].join('\n');
}

async function known(): Promise<Result[]> {
  return JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as Result[];
}

const program = new Command('lab:setups')
  .description('from bare machines to captured packets: all suites, all ways of having symbols; prints a table')
  .addOption(new Option('--suite <suite>', 'only this one').choices([...SUITES]))
  .addOption(new Option('--symbols <way>', 'only this way').choices([...WAYS]))
  .action(async (options: { suite?: Suite; symbols?: Way }) => {
    const reason = whyNoLab();
    if (reason !== undefined) throw new Error(reason);
    execFileSync('npm', ['run', 'build'], { cwd: PROJECT_DIR, stdio: 'inherit' });
    await mkdir(RUN_DIR, { recursive: true });
    await makeKeys();
    for (const suite of SUITES.filter((candidate) => options.suite === undefined || candidate === options.suite)) {
      for (const symbols of WAYS.filter((candidate) => options.symbols === undefined || candidate === options.symbols)) {
        await rm(join(RUN_DIR, 'cache'), { recursive: true, force: true });
        const result = await one(suite, symbols, (line) => console.error(line));
        const results = [...(await known()).filter((other) => other.suite !== suite || other.symbols !== symbols), result];
        const place = (of: Result) => SUITES.indexOf(of.suite) * WAYS.length + WAYS.indexOf(of.symbols);
        await writeFile(RESULTS, JSON.stringify(results.sort((left, right) => place(left) - place(right)), null, 2));
      }
    }
    await stopHub();
    console.log(table(await known()));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
