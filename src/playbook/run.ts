// What comes in: a loaded playbook, the inventory, and how to reach hosts. What goes out: the recap, failures by host, the exit status.
// Guaranteed: no host is connected to before its first task; nothing is printed here: the reporter is told.
// Not here: connections are the caller's: it opens them when asked and closes them.
import { dirname, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pLimit from 'p-limit';
import { FleetTapError } from '../base/errors.js';
import type { PlaybookReporter, RecapRow } from '../base/playbook-events.js';
import type { Facts } from '../facts/facts.js';
import type { Host, Inventory, Vars } from '../inventory/host.js';
import type { Session } from '../ssh/session.js';
import { ansibleFacts } from '../facts/ansible.js';
import { Counts } from './counts.js';
import { toText } from './expression/values.js';
import { LocalFiles } from './local-files.js';
import type { Play, Playbook } from './playbook.js';
import { recapStatus } from './recap.js';
import { PlayRun } from './run-play.js';
import type { HostRun, PlaybookRun } from './run-state.js';
import { Template } from './template.js';
import { HostVariables, Scope, UserVars } from './variables.js';

export interface RunOptions {
  readonly inventory: Inventory;
  /** The hosts of a pattern, the user's --limit applied. @throws FleetTapError for a pattern that names nothing known */
  readonly select: (pattern: string) => readonly Host[];
  /** Called once a host. @throws FleetTapError kind `unreachable` */
  readonly session: (host: Host) => Promise<Session>;
  readonly facts: (host: Host) => Promise<Facts>;
  /** Gives up a host's connection and makes a new one: reboot, wait_for_connection. */
  readonly reconnect?: (host: Host) => Promise<Session>;
  /** A person who can be asked: pause. */
  readonly ask?: (prompt: string, hidden: boolean) => Promise<string>;
  /** Hosts that work at once, at least 1. */
  readonly forks: number;
  readonly reporter: PlaybookReporter;
  /** Default: false. */
  readonly check?: boolean;
  /** Default: false. */
  readonly diff?: boolean;
  /** `-b`: what holds where the playbook says nothing. Default: false. */
  readonly become?: boolean;
  /** `-e`: they win over everything. */
  readonly extraVars?: Vars;
  /** Variables for one host, over those of the inventory. */
  readonly hostVars?: (host: string) => Vars;
  /** Seconds between retries; tests do not wait. */
  readonly sleep?: (sec: number) => Promise<void>;
}

export interface RunOutcome {
  /** Hosts in the order of the inventory. */
  readonly recap: readonly RecapRow[];
  readonly failures: ReadonlyMap<string, FleetTapError>;
  readonly exitStatus: 0 | 2 | 4;
}

/** @throws FleetTapError kind `input` before any host is touched: a host pattern that names nothing */
export async function runPlaybook(playbook: Playbook, options: RunOptions): Promise<RunOutcome> {
  const { inventory, check = false, diff = false, become = false } = options;
  const extra = new UserVars(options.extraVars ?? {}, (name) => `extra variable ${name} (-e)`);
  const hosts = new Map(inventory.hosts.map((host) => [host.name, new HostVariables(host, extra, options.hostVars?.(host.name) ?? {})]));
  const folder = dirname(resolve(playbook.file));
  const magic: Record<string, unknown> = { ansible_check_mode: check, ansible_diff_mode: diff, playbook_dir: folder, ansible_forks: options.forks };
  const sessions = new Map<HostRun, Promise<Session>>();
  const run: PlaybookRun = {
    reporter: options.reporter,
    check,
    diff,
    become,
    variables: { inventory, hosts, magic },
    failures: new Map(),
    session: (host) => {
      const session = sessions.get(host) ?? options.session(host.host);
      sessions.set(host, session);
      return session;
    },
    facts: async (host) => ansibleFacts(await options.facts(host)),
    files: new LocalFiles([folder]),
    reconnect: async (host) => {
      if (options.reconnect === undefined) throw new FleetTapError('host', 'no-reconnect', 'the connection cannot be made anew here');
      const made = options.reconnect(host.host);
      sessions.set(host, made);
      await made;
    },
    ask: options.ask,
    sleep: options.sleep ?? ((sec) => wait(sec * 1000)),
    setPlayHosts: (names) => Object.assign(magic, { ansible_play_hosts: names, ansible_play_batch: names }),
  };
  const planned = playbook.plays.map((play) => ({ play, hosts: selectPlay(play, options, extra) }));
  const runs = new Map<string, HostRun>();
  const ofHost = (host: Host): HostRun => {
    const known = runs.get(host.name);
    if (known !== undefined) return known;
    const made = { host, counts: new Counts(host.name), variables: hosts.get(host.name) ?? new HostVariables(host, extra, {}), isUnreachable: false };
    runs.set(host.name, made);
    return made;
  };
  const limit = pLimit(Math.max(1, options.forks));
  for (const { play, hosts: selected } of planned) {
    const left = selected.map(ofHost).filter((host) => !run.failures.has(host.host.name));
    options.reporter.playStarted(play.name, left.map(({ host }) => host.name));
    run.setPlayHosts(left.map(({ host }) => host.name));
    Object.assign(magic, { ansible_play_hosts_all: selected.map(({ name }) => name), ansible_play_name: play.name });
    const playRun = new PlayRun(play, run, limit);
    const kept = await playRun.run(left);
    if (playRun.isStopped || (left.length > 0 && kept.length === 0)) break;
  }
  const recap = [...runs.values()].map(({ counts }) => counts.row());
  return { recap, failures: run.failures, exitStatus: recapStatus(recap) };
}

/** The hosts of a play are known before anything runs; a template may use extra variables only. */
function selectPlay(play: Play, options: RunOptions, extra: UserVars): readonly Host[] {
  if (!(play.hosts instanceof Template)) return options.select(play.hosts);
  const nobody = { name: '', groups: [], vars: {} };
  const variables = new HostVariables(nobody, extra, {});
  const scope = new Scope({ inventory: options.inventory, hosts: new Map(), magic: {} }, variables, [play.vars]);
  try {
    const value = play.hosts.render(scope);
    return options.select(Array.isArray(value) ? value.map(toText).join(',') : toText(value));
  } catch (error) {
    if (!(error instanceof FleetTapError) || error.kind === 'input') throw error;
    throw play.hosts.source.error(0, error.message, { code: error.code, hint: 'give it with -e' });
  }
}
