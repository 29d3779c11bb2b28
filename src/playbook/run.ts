// What comes in: loaded playbooks, the inventory, and how to reach hosts. What goes out: the recap, failures by host, the exit status.
// Guaranteed: no host is connected to before its first task; nothing is printed here: the reporter is told.
// Not here: connections are the caller's: it opens them when asked and closes them.
import { setTimeout as wait } from 'node:timers/promises';
import pLimit from 'p-limit';
import { exitStatusOf, FleetTapError } from '../base/errors.js';
import type { PlaybookReporter, RecapRow, Stats } from '../base/playbook-events.js';
import { ansibleFacts } from '../facts/ansible.js';
import type { Facts } from '../facts/facts.js';
import type { Gathering } from '../inventory/ansible-config.js';
import { connectionKey, type Host, type Inventory, type Vars } from '../inventory/host.js';
import type { Session } from '../ssh/session.js';
import { CustomStats } from './custom-stats.js';
import { Counts } from './counts.js';
import { Interruption } from './interruption.js';
import { Tuple } from './expression/kinds.js';
import { toText } from './expression/values.js';
import { runHere, writeHere } from './local-program.js';
import { Looks } from './looks.js';
import { PlayHosts } from './play-hosts.js';
import type { Play, Playbook } from './playbook.js';
import { RunInventory } from './run-inventory.js';
import { PlayRun } from './run-play.js';
import type { HostRun, PlaybookRun } from './run-state.js';
import { askPrompts } from './prompts.js';
import { batchesOf } from './serial.js';
import { NOBODY, type Select, selectPlay } from './select-hosts.js';
import { startingAt } from './start-at.js';
import type { Tags } from './tags.js';
import { type ConnectsBy, taskVariables } from './task-scope.js';
import { compileUserData, render } from './template.js';
import { HostVariables, UserVars } from './host-variables.js';
import { Scope } from './variables.js';

export interface RunOptions {
  readonly inventory: Inventory;
  readonly select: Select;
  /** Called once a host. @throws FleetTapError kind `unreachable` */
  readonly session: (host: Host) => Promise<Session>;
  readonly facts: (host: Host, localFrom: string) => Promise<Facts>;
  /** Gives up a host's connection and makes a new one: reboot, wait_for_connection. */
  readonly reconnect?: (host: Host) => Promise<Session>;
  /** Whether a host is this machine, without SSH. Default: none is. */
  readonly isLocal?: (host: Host) => boolean;
  /** A person who can be asked: pause, vars_prompt. */
  readonly ask?: ((prompt: string, hidden: boolean) => Promise<string>) | undefined;
  /** --step: what is answered to the question whether a task runs. */
  readonly askStep?: ((prompt: string) => Promise<string>) | undefined;
  /** Hosts that work at once, at least 1. */
  readonly forks: number;
  readonly reporter: PlaybookReporter;
  /** Default: false. */
  readonly check?: boolean;
  /** Default: false. */
  readonly diff?: boolean;
  /** `-b`: what holds where the playbook says nothing. Default: false. */
  readonly become?: boolean;
  /** Default: false. */
  readonly forceHandlers?: boolean;
  /** How hosts are reached of which neither inventory nor playbook says it. Default: ssh. */
  readonly defaultConnection?: string | undefined;
  /** What playbooks see of it, besides. */
  readonly connectsBy?: Omit<ConnectsBy, 'connection'> | undefined;
  /** What a task may take that says nothing; 0 or undefined: no limit. */
  readonly taskTimeoutSec?: number | undefined;
  /** Lines of a diff around a change. Default: 3, as Ansible's. */
  readonly diffContext?: number | undefined;
  /** Default: implicit. */
  readonly gathering?: Gathering | undefined;
  /** --tags and --skip-tags. */
  readonly tags?: Tags;
  /** --start-at-task: a name, or a glob. */
  readonly startAtTask?: string | undefined;
  /** `-e`: they win over everything. */
  readonly extraVars?: Vars;
  /** Variables for one host, over those of the inventory. */
  readonly hostVars?: (host: string) => Vars;
  /** `ansible_limit` and the like. */
  readonly magic?: Vars;
  /** Ctrl-C: see interruption.ts. */
  readonly interrupted?: AbortSignal | undefined;
  /** Seconds between retries; tests do not wait. */
  readonly sleep?: (sec: number) => Promise<void>;
}

export interface RunOutcome {
  /** Hosts in the order in which plays named them. */
  readonly recap: readonly RecapRow[];
  readonly failures: ReadonlyMap<string, FleetTapError>;
  readonly exitStatus: 0 | 2 | 4;
}

/** @throws FleetTapError kind `input` before any host is touched: a host pattern that names nothing */
export async function runPlaybook(playbook: Playbook, options: RunOptions): Promise<RunOutcome> {
  return (await startRun(options)).playbook(playbook);
}

export interface StartedRun {
  /**
   * Hosts of the inventory that it will work on, those of delegate_to included, as far as that can be known before it runs.
   * @throws FleetTapError for a pattern that names nothing known, unless a task may add hosts
   */
  hosts(playbook: Playbook): readonly Host[];
  playbook(playbook: Playbook): Promise<RunOutcome>;
  /** What set_stats has collected so far. */
  readonly stats: Stats;
}

/** Several playbooks, one after the other, on what the earlier ones have left of the hosts. */
export async function startRun(options: RunOptions): Promise<StartedRun> {
  const { check = false, diff = false, become = false } = options;
  const extra = new UserVars(options.extraVars ?? {}, (name) => `extra variable ${name} (-e)`);
  const inventory = new RunInventory(options.inventory, extra, (host) => options.hostVars?.(host) ?? {});
  const tags = options.tags ?? { only: ['all'], skip: [] };
  const magic: Record<string, unknown> = {
    ansible_check_mode: check, ansible_diff_mode: diff, ansible_forks: options.forks, ansible_run_tags: Tuple.make(tags.only), ansible_skip_tags: Tuple.make(tags.skip),
    ansible_inventory_sources: options.inventory.sources, ansible_version: VERSION, ansible_verbosity: 0, ansible_playbook_python: '/usr/bin/python3', ...options.magic,
  };
  const sessions = new Map<string, Promise<Session>>();
  const interruption = new Interruption(options.interrupted);
  let lastId = 0;
  const playHosts = new PlayHosts(magic, (name) => run.failures.has(name));
  const looks = new Looks();
  const controller = {
    run: (line: string, folder: string) => {
      looks.somethingChanged();
      return runHere(line, folder);
    },
    write: (path: string, text: string) => {
      looks.somethingChanged();
      writeHere(path, text);
    },
  };
  const run: PlaybookRun = {
    reporter: options.reporter,
    check,
    diff,
    become,
    timeoutSec: options.taskTimeoutSec ?? 0,
    diffContext: options.diffContext ?? DIFF_CONTEXT,
    forceHandlers: options.forceHandlers ?? false,
    defaultConnection: options.defaultConnection ?? 'ssh',
    connectsBy: { ...options.connectsBy, connection: options.defaultConnection ?? 'ssh' },
    gathering: options.gathering ?? 'implicit',
    tags,
    inventory,
    looks,
    interruption,
    variables: { inventory, hosts: inventory.variables, implicit: (name) => inventory.implicit(name), magic, controller },
    failures: new Map(),
    clearErrors: (hosts) => {
      for (const host of hosts) {
        run.failures.delete(host.host.name);
        host.isUnreachable = false;
      }
    },
    session: (host) => {
      const key = connectionKey(host);
      const session = sessions.get(key) ?? options.session(withData(host, inventory));
      sessions.set(key, session);
      return session;
    },
    isLocal: (host) => options.isLocal?.(withData(host, inventory)) ?? false,
    facts: async (host, localFrom) => ansibleFacts(await options.facts(withData(host, inventory), localFrom)),
    reconnect: async (host) => {
      if (options.reconnect === undefined) throw new FleetTapError('host', 'no-reconnect', 'the connection cannot be made anew here');
      const made = options.reconnect(withData(host, inventory));
      sessions.set(connectionKey(host), made);
      await made;
    },
    ask: options.ask,
    askStep: options.askStep,
    sleep: options.sleep ?? ((sec) => wait(sec * 1000, undefined, options.interrupted === undefined ? {} : { signal: options.interrupted })),
    nextId: () => {
      lastId += 1;
      return lastId;
    },
    playHosts,
    stats: new CustomStats(),
  };
  const runs = new Map<string, HostRun>();
  const ofHost = (host: Host): HostRun => {
    const known = runs.get(host.name) ?? { host, counts: new Counts(host.name), variables: inventory.variablesOf(host), isUnreachable: false, hasFacts: false };
    runs.set(host.name, known);
    return known;
  };
  const limit = pLimit(Math.max(1, options.forks));
  const startAt = { name: options.startAtTask };

  /** A name that nobody knows yet may have been for add_host or group_by to add: then it stands for no host, as in Ansible. */
  const knownHosts = (play: Play): readonly Host[] => {
    try {
      return selectPlay(play, options.select, extra, inventory);
    } catch (error) {
      if (!(error instanceof FleetTapError) || error.code !== 'pattern-unknown') throw error;
      options.reporter.warning(error.message);
      return selectPlay(play, options.select, extra, inventory, true);
    }
  };

  const runOne = async (play: Play): Promise<boolean> => {
    const prompted = await askPrompts(play, options.ask, options.extraVars ?? {}, options.reporter);
    const names = new Scope(run.variables, new HostVariables(NOBODY, extra, {}), taskVariables(undefined, play, prompted));
    Object.assign(magic, { playbook_dir: play.folder });
    const selected = knownHosts(play);
    const name = toText(quietly(play.name, names));
    playHosts.start(() => selectPlay({ ...play, order: undefined }, options.select, extra, inventory, true).map((host) => host.name));
    Object.assign(magic, { ansible_play_name: name });
    const isFree = play.strategy === 'free';
    if (selected.length === 0) {
      options.reporter.playStarted({ name, hosts: [], isFree });
      options.reporter.noHosts?.('matched');
      return true;
    }
    for (const hosts of batchesOf(play, selected, names)) {
      if (interruption.isOn) return false;
      const left = hosts.map(ofHost).filter((host) => !run.failures.has(host.host.name));
      options.reporter.playStarted({ name, hosts: left.map(({ host }) => host.name), isFree });
      playHosts.batch(hosts.map((host) => host.name), left.map(({ host }) => host.name));
      const started = startingAt(play, startAt, names);
      if (started === undefined) continue;
      const playRun = new PlayRun(started, run, limit, prompted);
      const kept = await playRun.start(left);
      playRun.tellEnd();
      if (playRun.isStopped || (left.length > 0 && kept.length === 0)) return false;
      if (playRun.isEnded) break;
    }
    return true;
  };

  const foreseen = (play: Play, mayAdd: boolean): readonly Host[] => {
    let selected: readonly Host[] = [];
    try {
      selected = selectPlay(play, options.select, extra, inventory, mayAdd);
    } catch (error) {
      // It is told when the play's turn comes: what it names may be there by then.
      if (!mayAdd || !(error instanceof FleetTapError)) throw error;
    }
    if (selected.length === 0) return [];
    const delegates = delegatesOf(play);
    return [...selected, ...inventory.hosts.filter(({ name }) => delegates.has(name))];
  };
  const hostsOf = ({ plays }: Playbook): readonly Host[] => {
    // All patterns are looked at before the first play touches a host; add_host and group_by may bring more names.
    const mayAdd = plays.some((play) => addsHosts(play));
    return [...new Set(plays.flatMap((play) => foreseen(play, mayAdd)))];
  };

  return {
    hosts: hostsOf,
    get stats() {
      return run.stats.stats;
    },
    playbook: async (playbook) => {
      hostsOf(playbook);
      for (const play of playbook.plays) if (interruption.isOn || !(await runOne(play))) break;
      if (startAt.name !== undefined) options.reporter.warning(`no task has the name "${startAt.name}" (--start-at-task)`);
      const recap = [...runs.values()].map(({ counts }) => counts.row()).filter((row) => row.ok + row.changed + row.unreachable + row.failed + row.skipped + row.rescued + row.ignored > 0);
      // Not by the recap: what `meta: clear_host_errors` has forgiven counts no more.
      return { recap, failures: run.failures, exitStatus: exitStatusOf(run.failures.values()) };
    },
  };
}

/** Ansible's default. */
const DIFF_CONTEXT = 3;
/** What `ansible_version` says: the language is that of this release. */
const VERSION = { full: '2.19.0', major: 2, minor: 19, revision: 0, string: '2.19.0' };

/** A host of add_host is reached with what add_host said of it. */
function withData(host: Host, inventory: RunInventory): Host {
  const data = inventory.variables.get(host.name)?.data;
  return data === undefined || data.size === 0 ? host : { ...host, vars: { ...Object.fromEntries(data), ...host.vars } };
}

/** One of its tasks may bring hosts or groups: add_host, group_by, or what an include brings. */
export function addsHosts(play: Play): boolean {
  const text = writtenSteps(play, () => {});
  return /"name":"(add_host|group_by)"/.test(text) || /"kind":"include"/.test(text);
}

/** Names that stand in delegate_to without a template. */
function delegatesOf(play: Play): ReadonlySet<string> {
  const names = new Set<string>();
  writtenSteps(play, (key, value) => void (key === 'delegateTo' && typeof value === 'string' && names.add(value)));
  return names;
}

/** All steps as JSON, without what stands around them. */
function writtenSteps({ preTasks, tasks, postTasks, handlers }: Play, see: (key: string, value: unknown) => void): string {
  return JSON.stringify([preTasks, tasks, postTasks, handlers], (key, value: unknown) => {
    see(key, value);
    return key === 'role' || key === 'around' ? undefined : value;
  });
}

function quietly(value: unknown, names: Scope): unknown {
  try {
    return render(value, names);
  } catch {
    return compileUserData('', '');
  }
}
