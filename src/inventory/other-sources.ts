// What comes in: `ssh_config:FILE` and `vagrant:`, behind -i. What goes out: their hosts, in a builder.
// Guaranteed: each alias of the ssh_config that is no pattern is one host, Include followed; how it is reached is the file's own matter.
// Of vagrant, the machines that `vagrant ssh-config` describes; those that were made and are not up are named in a warning, and skipped.
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetTapError } from '../base/errors.js';
import { readText } from '../base/read-text.js';
import { expandTilde } from '../base/tilde.js';
import type { InventoryBuilder } from './builder.js';
import { globToRegExp } from './glob.js';
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
      if (path !== DEFAULT_FILE) builder.setHostVariable(name, 'ansible_ssh_extra_args', `-F '${path}'`);
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
  for (const line of (await readText(path, 'ssh_config')).split('\n')) {
    const match = /^\s*(host|include)(?:\s*=\s*|\s+)(.*?)\s*$/i.exec(line);
    const words = (match?.[2]?.match(/"[^"]*"|[^\s"]+/g) ?? []).map((word) => word.replaceAll('"', ''));
    if (match?.[1]?.toLowerCase() === 'host') found.push(...words.filter((word) => !/[*?!]/.test(word)));
    else for (const word of words) for (const one of await included(word)) found.push(...(await aliases(one, depth + 1)));
  }
  return found;
}

/** ssh_config(5), Include: relative names are below ~/.ssh; a name may be a glob, and one that matches nothing includes nothing. */
async function included(word: string): Promise<string[]> {
  const path = resolve(dirname(DEFAULT_FILE), expandTilde(word, homedir()));
  const matches = globToRegExp(basename(path));
  const names = await readdir(dirname(path)).catch(() => []);
  return names.filter((name) => matches.test(name) && (!name.startsWith('.') || basename(path).startsWith('.'))).sort().map((name) => join(dirname(path), name));
}

const VARIABLES: Readonly<Record<string, string>> = { hostname: 'ansible_host', user: 'ansible_user', port: 'ansible_port', identityfile: 'ansible_private_key_file' };

async function readVagrant(builder: InventoryBuilder): Promise<void> {
  const { stdout: status } = await vagrant(['status', '--machine-readable']);
  const states = [...status.matchAll(/^\d+,([^,\n]+),state,([^,\n]+)$/gm)].map(([, name = '', state = '']) => ({ name, state }));
  const down = states.filter(({ state }) => state !== 'running' && state !== 'not_created');
  if (down.length > 0) builder.warn(`vagrant machines that are not up, and are left out: ${down.map(({ name, state }) => `${name} (${state})`).join(', ')}`);
  const up = states.filter(({ state }) => state === 'running').map(({ name }) => name);
  if (up.length === 0) throw new FleetTapError('input', 'inventory-vagrant', 'no vagrant machine of this folder is up', { hint: 'vagrant up' });
  const { stdout: config } = await vagrant(['ssh-config', ...up]);
  let host: string | undefined;
  for (const line of config.split('\n')) {
    const [, keyword = '', value = ''] = /^\s*(\w+)\s+"?(.*?)"?\s*$/.exec(line) ?? [];
    if (keyword === 'Host') {
      host = value;
      builder.addHost(host, 'ungrouped', undefined);
      builder.setHostVariable(host, 'ansible_ssh_common_args', '-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no');
      builder.setHostVariable(host, 'ansible_become', true);
    }
    const variable = VARIABLES[keyword.toLowerCase()];
    if (host !== undefined && variable !== undefined) builder.setHostVariable(host, variable, variable === 'ansible_port' ? Number(value) : value);
  }
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
