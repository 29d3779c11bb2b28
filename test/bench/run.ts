// npm run bench [-- NAME… [--size N] [--seconds N] [--rounds N] [--json]]: runs fleet-tap and its peers on the same work in one run and prints ratios.
// Exit status: 0 all goals met, 2 a goal missed, 1 it could not be run. Ring 4 of the tests; not part of `npm test`.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.js';
import { facts } from './facts.js';
import { fanout } from './fanout.js';
import { inventory } from './inventory.js';
import { type Cost, measure, medianOf } from './measure.js';
import { merge } from './merge.js';
import { playbook, playbookFar } from './playbook.js';
import { playbookSetup } from './playbook-setup.js';
import { report } from './report.js';
import { ladder, scale } from './scale.js';
import { start } from './start.js';
import { startCapture } from './start-capture.js';
import { stream } from './stream.js';

const benches: Readonly<Record<string, Bench>> = { start, inventory, fanout, facts, playbook, 'playbook-far': playbookFar, 'playbook-setup': playbookSetup, merge, stream, scale, ladder, 'start-capture': startCapture, report };

const project = resolve(import.meta.dirname, '..', '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: 'string' }, seconds: { type: 'string' }, rounds: { type: 'string' }, json: { type: 'boolean', default: false } },
});

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(text)) fail(`--${option} ${text}: write a whole number above 0`);
  return Number(text);
}

const size = numberOf('size', values.size);
const seconds = numberOf('seconds', values.seconds);
const rounds = numberOf('rounds', values.rounds);
// The last ones take minutes each: only by name.
const names = positionals.length === 0 ? Object.keys(benches).filter((name) => !['scale', 'ladder'].includes(name)) : positionals;
for (const name of names) if (benches[name] === undefined) fail(`there is no bench ${name}; there are: ${Object.keys(benches).join(', ')}`);

/** Progress, over itself; for a person only. */
function say(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function runBench(name: string, bench: Bench): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const missing = ['/usr/bin/time', ...bench.needs].filter((program) => !folders.some((folder) => existsSync(resolve(folder, program))));
  if (missing.length > 0) throw new Error(`${name} needs: ${missing.join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-bench-'));
  try {
    const work = await bench.prepare({ size, seconds, folder, cli: join(project, 'dist', 'cli.js') });
    try {
      const all = new Map<string, Cost[]>();
      for (let round = 0; round < (rounds ?? work.rounds); round++) {
        for (const { name: who, command, env, check, checkFile } of work.contestants) {
          say(`${name}: round ${round + 1}, ${who}`);
          const measured = await measure(command, env ?? {}, folder);
          const wrong = measured.status === 0 ? ((await checkFile?.(measured.stdoutFile)) ?? check?.(await readFile(measured.stdoutFile, 'utf8'))) : `exit status ${measured.status}`;
          if (wrong !== undefined) throw new Error(`${name}: ${who}: ${wrong}\n${measured.stderr.slice(-2000)}`);
          all.set(who, [...(all.get(who) ?? []), { wallMs: measured.wallMs, cpuMs: measured.cpuMs, maxRssMb: measured.maxRssMb }]);
        }
      }
      const costs = new Map([...all].map(([who, each]) => [who, medianOf(each)]));
      const goals = work.goals.map((goal) => ({ goal: goal.text, figure: goal.figure(costs), isMet: goal.isMet(costs) }));
      say('');
      if (values.json) console.log(JSON.stringify({ bench: name, rounds: rounds ?? work.rounds, costs: Object.fromEntries(costs), goals }));
      else print(name, bench, costs, goals, work.lines);
      return goals.every(({ isMet }) => isMet);
    } finally {
      await work.close?.();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function print(name: string, bench: Bench, costs: ReadonlyMap<string, Cost>, goals: readonly { goal: string; figure: string; isMet: boolean }[], lines: ReadonlyMap<string, number> = new Map()): void {
  console.log(`${name}: ${bench.about}`);
  const own = costs.get('fleet-tap');
  console.log('                          wall        CPU     memory   wall to fleet-tap');
  for (const [who, { wallMs, cpuMs, maxRssMb }] of costs) {
    const ratio = own === undefined ? '' : `${(wallMs / own.wallMs).toFixed(1)} ×`;
    console.log(`  ${who.padEnd(18)} ${(wallMs / 1000).toFixed(2).padStart(7)} s ${(cpuMs / 1000).toFixed(2).padStart(8)} s ${maxRssMb.toFixed(0).padStart(7)} MB ${ratio.padStart(10)}`);
  }
  for (const [who, count] of lines) {
    const cost = costs.get(who);
    if (cost !== undefined) console.log(`  ${who.padEnd(18)} ${Math.round((1000 * count) / cost.wallMs).toLocaleString('en').padStart(9)} lines/s from nothing to the end, ${((1000 * cost.cpuMs) / count).toFixed(2)} µs CPU a line`);
  }
  for (const { goal, figure, isMet } of goals) console.log(`  ${isMet ? 'met   ' : 'MISSED'} ${goal}: ${figure}`);
  console.log('');
}

execFileSync(process.execPath, [join(project, 'build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] });
if (!values.json) console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Linux ${release()}, Node ${process.version}\n`);
let status = 0;
for (const name of names) {
  try {
    const bench = benches[name];
    if (bench !== undefined && !(await runBench(name, bench)) && status === 0) status = 2;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    status = 1;
  }
}
process.exitCode = status;
