// Inside the namespace (namespace.ts): libvirt, the packages' archive, and then what a person types: box add, up, the recipes of docs/ci.md, destroy.
// What goes out: exit status 0 when the log has exactly what the machines sent each other, and nothing is left after destroy; one line says so.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx/core';
import { ArchiveServer } from '../../hosts/archive/archive.js';
import { readDeb } from '../../hosts/archive/debs.js';
import { SigningKeys } from '../../hosts/archive/keys.js';
import { CACHE_HOME, skippedIn } from '../fleet-tap.js';
import { PROJECT_DIR, suiteDir } from '../places.js';
import { knownLoginKey, makeBox } from './box.js';
import { VAGRANT_MACHINES } from './machines.js';
import { breakRules, type RecipeRun, runShellRecipe, runWorkflow } from './recipes.js';
import { compareTalk, linesOf } from './talk.js';

const [folder = '', ...flags] = process.argv.slice(2);
/** This machine's address in the network that vagrant-libvirt makes for the first card, and a port. */
const ARCHIVE = { address: '192.168.121.1', port: 8000 };
const startedMs = performance.now();
const say = (line: string) => console.log(`[${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s] ${line}`);

Object.assign(process.env, {
  VAGRANT_HOME: join(folder, 'home'),
  VAGRANT_DOTFILE_PATH: join(folder, 'dotfile'),
  VAGRANT_DEFAULT_PROVIDER: 'libvirt',
  VAGRANT_CHECKPOINT_DISABLE: '1',
  VAGRANT_NO_COLOR: '1',
  // What setup compiles, capture takes: under emulation it takes a quarter of an hour.
  XDG_CACHE_HOME: CACHE_HOME,
  LIBVIRT_DEFAULT_URI: 'qemu:///system',
  FLEET_TAP_DRIVER: 'qemu',
  FLEET_TAP_SYMBOLS: 'none',
  FLEET_TAP_MACHINES: VAGRANT_MACHINES.map(({ name }) => name).join(','),
});
for (const { name, suite } of VAGRANT_MACHINES) process.env[`FLEET_TAP_BOX_${name.toUpperCase().replaceAll(/[-.]/g, '_')}`] = `fleet-tap/${suite}`;

/** Types a command and shows what it says, without Vagrant's lines of progress. @throws when it fails */
async function type(program: string, ...words: string[]): Promise<void> {
  say(`$ ${[program, ...words].join(' ')}`);
  const child = spawn(program, words, { cwd: PROJECT_DIR, stdio: ['ignore', 'pipe', 'inherit'] });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split(/[\r\n]+/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (!/Progress: /.test(line)) console.log(line);
  });
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (status !== 0) throw new Error(`${program} ${words[0]} ended with ${String(status)}`);
}

async function startLibvirt(): Promise<void> {
  const log = openSync(join(folder, 'libvirtd.log'), 'w');
  const libvirtd = spawn('libvirtd', ['--config', '/etc/libvirt/libvirtd.conf'], { stdio: ['ignore', log, log] });
  for (let tries = 0; (await $`virsh list`.quiet().nothrow()).exitCode !== 0; tries += 1) {
    if (tries === 100 || libvirtd.exitCode !== null) throw new Error(`libvirtd does not answer: ${await readFile(join(folder, 'libvirtd.log'), 'utf8')}`);
    await sleep(200);
  }
}

/** The boxes, and the archive that their packages come from. */
async function makeBoxes(): Promise<void> {
  const keys = await SigningKeys.start();
  const key = await keys.make('lab');
  const server = await ArchiveServer.start('0.0.0.0', ARCHIVE.port);
  const loginKey = await knownLoginKey(join(folder, 'home'));
  for (const { suite } of VAGRANT_MACHINES) {
    const debs = join(suiteDir(suite), 'debs');
    const files = (await readdir(debs)).map((name) => join(debs, name));
    await server.publish(suite, [{ name: suite, debs: await Promise.all(files.map(readDeb)), key }], (await $`dpkg --print-architecture`.quiet()).stdout.trim());
    const archive = `http://${ARCHIVE.address}:${ARCHIVE.port}/${suite} ${suite} main`;
    const box = await makeBox(suite, { archive, archiveKey: key.publicKey, loginKey }, say);
    await type('vagrant', 'box', 'add', '--no-tty', '--name', `fleet-tap/${suite}`, box);
    await rm(box);
  }
  await keys.end();
}

/** What is left of libvirt's: machines, networks, cards of this namespace. */
async function leftovers(): Promise<string[]> {
  const words = async (command: Promise<{ stdout: string }>) => (await command).stdout.split(/\s+/).filter((word) => word !== '');
  const cards = (await readdir('/sys/class/net')).filter((name) => name !== 'lo');
  return [...(await words($`virsh list --all --name`.quiet())), ...(await words($`virsh net-list --all --name`.quiet())), ...cards];
}

/** @throws when the log has not what the machines sent each other, or the rules were not found to hold */
function check(recipe: string, { status, said, log, junit, speakers }: RecipeRun): void {
  // Under emulation stap lets a probe go now and then, says so, and the exit status is 2 then: nobody knows whether a rule holds.
  const skipped = skippedIn(said);
  if (status !== (skipped === 0 ? 0 : 2)) throw new Error(`${recipe}: ended with ${status}`);
  if (skipped === 0 && !/<testsuites? [^>]*failures="0"/.test(junit)) throw new Error(`${recipe}: ${junit}`);
  const addresses = speakers.map(({ address }) => address);
  const between = log.split('\n').filter((line) => addresses.every((address) => line.includes(` ${address} `)));
  console.log(between.slice(0, 20).join('\n'));
  const { missing, wrong } = compareTalk(log, speakers);
  if (wrong.length > 0 && (missing === undefined || missing > skipped)) throw new Error(wrong.join('\n'));
  say(`${recipe}: the log has ${linesOf(log).length} packets, ${between.length} between the two: ${missing === 0 ? 'all that they sent each other' : `${missing} packets are missing, ${skipped} probes were skipped, as capture has said`}`);
}

async function main(): Promise<void> {
  await startLibvirt();
  await makeBoxes();
  if (flags.includes('--shell')) return void (await $({ stdio: 'inherit', cwd: PROJECT_DIR })`bash -i`.nothrow());
  await type('vagrant', 'up', '--no-tty');
  const [shell, workflow] = [join(folder, 'shell-recipe'), join(folder, 'workflow')];
  say('docs/ci.md: the plain shell');
  check('the plain shell', await runShellRecipe(shell));
  await breakRules(shell);
  say('docs/ci.md: the steps of the workflow');
  check('the workflow', await runWorkflow(workflow));
  await type('vagrant', 'destroy', '--no-tty', '-f');
  const left = await leftovers();
  if (left.length > 0) throw new Error(`destroy has left ${left.join(', ')}`);
}

try {
  await main();
  await writeFile(join(folder, 'passed'), '');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// libvirtd and the archive go with the namespace.
process.exit();
