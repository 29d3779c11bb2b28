// What comes in: `ssh_config:FILE` and `vagrant:`, behind -i. What goes out: their hosts, in a builder.
// Guaranteed: each alias of the ssh_config that is no pattern is one host, Include followed; how it is reached is the file's own matter.
// Of vagrant, the machines that `vagrant ssh-config` describes, reached as it says; those that are not up are named in a warning, and skipped.
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetTapError } from '../base/errors.js';
import { globPaths } from '../base/path-glob.js';
import { quote } from '../base/quote.js';
import { readText } from '../base/read-text.js';
import { splitKeyword, splitWords } from '../base/ssh-config-words.js';
import { expandTilde } from '../base/tilde.js';
import type { InventoryBuilder } from './builder.js';
import { expandPath } from './written-path.js';

const LIMIT_INCLUDES = 16;
/** A machine that another vagrant holds is waited for. */
const LOCKED_LIMIT_MS = 60_000;
const LOCKED_PAUSE_MS = 500;
const DEFAULT_FILE = join(homedir(), '.ssh', 'config');

/** @returns false when the source is neither. @throws FleetTapError kind `input`: `file-…`, `inventory-vagrant` */
export async function readOtherSource(source: string, builder: InventoryBuilder): Promise<boolean> {
  const file = /^ssh_config:(.*)$/s.exec(source)?.[1];
  if (file !== undefined) {
    const path = file === '' ? DEFAULT_FILE : resolve(expandPath(file));
    for (const name of await aliases(path, 0)) {
      builder.addHost(name, 'ungrouped', undefined);
      if (path !== DEFAULT_FILE) builder.setHostVariable(name, 'ansible_ssh_extra_args', `-F ${quote(path)}`);
    }
    return true;
  }
  if (source !== 'vagrant:') return false;
  await readVagrant(builder);
  return true;
}

async function aliases(path: string, depth: number): Promise<string[]> {
  if (depth > LIMIT_INCLUDES) throw new FleetTapError('input', 'inventory-structure', `Include is nested more than ${LIMIT_INCLUDES} times`, { place: { file: path } });
  const found: string[] = [];
  for (const [index, line] of (await readText(path, 'ssh_config')).split('\n').entries()) {
    const { keyword, rest = '' } = splitKeyword(line) ?? {};
    if (keyword !== 'host' && keyword !== 'include') continue;
    const words = splitWords(rest);
    if (words === undefined) throw new FleetTapError('input', 'ssh-config', `${keyword} has a quote that is not closed`, { place: { file: path, line: index + 1 } });
    if (keyword === 'host') found.push(...words.filter((word) => !/[*?!]/.test(word)));
    else for (const word of words) for (const one of included(word)) found.push(...(await aliases(one, depth + 1)));
  }
  return found;
}

/** ssh_config(5), Include: relative names are below ~/.ssh; a name may be a glob, and one that matches nothing includes nothing. */
function included(word: string): string[] {
  return globPaths(resolve(dirname(DEFAULT_FILE), expandTilde(word, homedir()))).filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false);
}

/** What inventories have a name for; all else that vagrant writes for a host goes to ssh as it is. */
const VARIABLES: Readonly<Record<string, string>> = { hostname: 'ansible_host', user: 'ansible_user', port: 'ansible_port', identityfile: 'ansible_private_key_file' };

async function readVagrant(builder: InventoryBuilder): Promise<void> {
  const { stdout: status } = await vagrant(['status', '--machine-readable']);
  const states = [...status.matchAll(/^\d+,([^,\n]+),state,([^,\n]+)$/gm)].map(([, name = '', state = '']) => ({ name, state }));
  const down = states.filter(({ state }) => state !== 'running');
  if (down.length > 0) builder.warn(`vagrant machines that are not up, and are left out: ${down.map(({ name, state }) => `${name} (${state.replaceAll('_', ' ')})`).join(', ')}`);
  const up = states.filter(({ state }) => state === 'running').map(({ name }) => name);
  if (up.length === 0) throw new FleetTapError('input', 'inventory-vagrant', 'no vagrant machine of this folder is up', { hint: 'vagrant up' });
  const { stdout: config } = await vagrant(['ssh-config', ...up]);
  let host: string | undefined;
  const options = new Map<string, string[]>();
  const given = new Set<string>();
  for (const line of config.split('\n')) {
    const { keyword = '', rest = '' } = splitKeyword(line) ?? {};
    const [value] = splitWords(rest) ?? [];
    if (value === undefined) continue;
    if (keyword === 'host') {
      host = value;
      builder.addHost(host, 'ungrouped', undefined);
      builder.setHostVariable(host, 'ansible_become', true);
      options.set(host, []);
      given.clear();
    }
    if (host === undefined || keyword === 'host') continue;
    const variable = VARIABLES[keyword];
    // As in ssh_config the first counts; a second key is one more.
    if (variable !== undefined && !given.has(keyword)) builder.setHostVariable(host, variable, variable === 'ansible_port' ? Number(value) : value);
    else options.get(host)?.push(`-o ${quote(line.trim())}`);
    given.add(keyword);
  }
  for (const [name, words] of options) builder.setHostVariable(name, 'ansible_ssh_common_args', words.join(' '));
}

/** What vagrant says when it fails: in a line of its own with --machine-readable, on standard error without. */
interface VagrantFailure {
  readonly message: string;
  readonly isLocked: boolean;
  readonly isMissing: boolean;
}

/**
 * Two processes of vagrant keep each other out of a machine, if only for the moment in which one looks at its state, and vagrant itself does not
 * wait: it fails. `vagrant up` of several machines runs us from a trigger while others are still on their way.
 */
async function vagrant(words: readonly string[]): Promise<{ stdout: string }> {
  const untilMs = performance.now() + LOCKED_LIMIT_MS;
  for (;;) {
    const { stdout, failure } = await vagrantOnce(words);
    if (failure === undefined) return { stdout };
    if (failure.isLocked && performance.now() < untilMs) {
      await sleep(LOCKED_PAUSE_MS);
      continue;
    }
    const hint = failure.isMissing ? 'install it, or name the machines in an inventory file' : failure.isLocked ? 'wait for the end of the other vagrant' : 'run it in the folder with the Vagrantfile';
    throw new FleetTapError('input', 'inventory-vagrant', failure.message, { hint });
  }
}

function vagrantOnce(words: readonly string[]): Promise<{ stdout: string; failure: VagrantFailure | undefined }> {
  return new Promise((done) => {
    execFile('vagrant', words, { maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) return done({ stdout, failure: undefined });
      const isMissing = error.code === 'ENOENT';
      const [, kind = '', told] = /^\d+,[^,\n]*,error-exit,([^,\n]+),([^\n]*)$/m.exec(stdout) ?? [];
      const said = told?.replaceAll('\\n', ' ').replaceAll('%!(VAGRANT_COMMA)', ',') ?? stderr.trim().split('\n').at(-1) ?? '';
      const message = isMissing ? 'vagrant is not installed' : `vagrant ${words[0]} failed: ${said === '' ? error.message : said}`;
      done({ stdout, failure: { message, isLocked: kind === 'Vagrant::Errors::MachineLocked' || stderr.includes('because it is locked!'), isMissing } });
    });
  });
}
