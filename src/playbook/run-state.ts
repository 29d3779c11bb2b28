// What the parts of a playbook run share: one host's state, and what all plays use.
import type { LimitFunction } from 'p-limit';
import type { FleetTapError, Place } from '../base/errors.js';
import type { PlaybookReporter } from '../base/playbook-events.js';
import type { Gathering } from '../inventory/ansible-config.js';
import type { Host } from '../inventory/host.js';
import type { ActionHost } from '../modules/module.js';
import type { Session } from '../ssh/session.js';
import type { CustomStats } from './custom-stats.js';
import type { Counts } from './counts.js';
import type { HandlerBook } from './handler-book.js';
import type { Looks } from './looks.js';
import type { Interruption } from './interruption.js';
import type { PlayHosts } from './play-hosts.js';
import type { Handler, Include, Meta, Play, Step, Task, TaskBase } from './playbook.js';
import type { RunInventory } from './run-inventory.js';
import type { SettingDefaults } from './settings.js';
import type { ConnectsBy } from './task-scope.js';
import type { Tags } from './tags.js';
import type { TaskResult } from './task-result.js';
import type { HostVariables } from './host-variables.js';
import type { RunVariables, Scope } from './variables.js';

export interface HostRun {
  readonly host: Host;
  readonly counts: Counts;
  readonly variables: HostVariables;
  isUnreachable: boolean;
  /** A play has asked for them. */
  hasFacts: boolean;
}

/** What the plays of one run share. */
export interface PlaybookRun extends SettingDefaults {
  readonly reporter: PlaybookReporter;
  readonly connectsBy: ConnectsBy;
  readonly forceHandlers: boolean;
  readonly gathering: Gathering;
  readonly tags: Tags;
  readonly variables: RunVariables;
  readonly inventory: RunInventory;
  readonly looks: Looks;
  readonly interruption: Interruption;
  readonly failures: Map<string, FleetTapError>;
  /** Taken back with meta: clear_host_errors. */
  clearErrors(hosts: readonly HostRun[]): void;
  session(host: Host): Promise<Session>;
  isLocal(host: Host): boolean;
  facts(host: Host, localFrom: string): Promise<Readonly<Record<string, unknown>>>;
  reconnect(host: Host): Promise<void>;
  readonly ask: ActionHost['ask'];
  /** Puts the question of --step; undefined: each task runs. */
  readonly askStep: ((prompt: string) => Promise<string>) | undefined;
  sleep(sec: number): Promise<void>;
  /** A number for each task that is told to the reporter. */
  nextId(): number;
  readonly playHosts: PlayHosts;
  readonly stats: CustomStats;
}

/** What a step has from what is around it while it runs. */
export interface Around {
  /** A failure here is rescued further out. */
  readonly isRescued: boolean;
  /** An always section: done although the play is stopped. */
  readonly isAlways: boolean;
  /** An always section is still to come. */
  readonly isBeforeAlways?: boolean;
  /** It is a handler that brings these. */
  readonly isHandler?: boolean;
  /** Loop items of includes: data. */
  readonly locals: Readonly<Record<string, unknown>>;
  /** The steps behind it, as far as they are known. */
  readonly following?: Following | undefined;
}

/** In no block. */
export const OUTSIDE: Around = { isRescued: false, isAlways: false, locals: {} };

/** The rest of a list of steps, and what comes behind that list. */
export interface Following {
  readonly steps: readonly Step[];
  /** Index of the next step. */
  readonly from: number;
  readonly locals: Readonly<Record<string, unknown>>;
  readonly next: Following | undefined;
}

/** What the counting of a result needs of its task. */
export type SettledTask = Pick<TaskBase, 'name' | 'role' | 'own' | 'around' | 'place' | 'action'>;

/** A task as it is told. */
export interface Told {
  readonly name: string;
  readonly action: string;
  readonly path: string;
}

/** A play under way, as includes, meta and a host's task see it. */
export interface PlayEngine {
  readonly play: Play;
  readonly run: PlaybookRun;
  readonly handlers: HandlerBook<HostRun>;
  /** Of the batch. */
  readonly hosts: readonly HostRun[];
  /** Failed and not rescued, or not to be reached. */
  readonly removed: Set<HostRun>;
  /** meta: end_host, end_play, end_batch: no further task, and no failure. */
  readonly ended: Set<HostRun>;
  /** meta: end_role: no further task of the role that they are in. */
  readonly leaving: Set<HostRun>;
  /** meta: clear_host_errors: how often it came to a host. */
  readonly clearings: Map<HostRun, number>;
  /** A failure is fatal for all: no further task. */
  isStopped: boolean;
  /** meta: end_play: no further batch. */
  isEnded: boolean;
  scope(task: Task | Include | Meta | undefined, host: HostRun, locals: Readonly<Record<string, unknown>>): Scope;
  /** Without the variables of any host; undefined where it cannot be told so. */
  readonly handlerName: (handler: Handler) => string | undefined;
  /** @returns the hosts that go on */
  steps(steps: readonly Step[], hosts: readonly HostRun[], around: Around): Promise<readonly HostRun[]>;
  flushHandlers(hosts: readonly HostRun[], how?: { readonly isRescued: boolean }): Promise<readonly HostRun[]>;
  /** Runs on all hosts and waits for all of them. @param throttle holds beside the forks */
  onAll(task: Told, hosts: readonly HostRun[], kind: 'task' | 'handler', work: (host: HostRun, id: number) => Promise<boolean>, throttle?: LimitFunction): Promise<readonly HostRun[]>;
  tell(id: number, task: Pick<Told, 'name' | 'action'>, host: HostRun, result: TaskResult): void;
  /** Counts a result. @returns whether the host goes on */
  settle(name: string, task: SettledTask, result: TaskResult, host: HostRun, around: Around): boolean;
  pathOf(task: { readonly place: Place }): string;
}
