// What comes in: a play and the hosts of one batch. What goes out: which hosts are left; everything else is told to the reporter and counted.
// Guaranteed: linear: a task has ended on all hosts before the next begins; at most `forks` hosts work at once; a host that fails or cannot be
// reached takes no further part, the others go on; handlers run behind pre_tasks, tasks and post_tasks, in their order, once, on hosts that are left.
import type { LimitFunction } from 'p-limit';
import { asHostError, type FleetTapError } from '../base/errors.js';
import { inherited } from './directives.js';
import { toText } from './expression/values.js';
import { failureOf, takenAlong } from './failures.js';
import { FACTS, gatherFacts, playAsTask } from './gather-facts.js';
import { HandlerBook } from './handler-book.js';
import { HostTask } from './host-task.js';
import { isInterrupted } from './interruption.js';
import { keepResult } from './keep-result.js';
import { looksAhead } from './look-ahead.js';
import { notify, notifySaved } from './notify.js';
import { bannerName, runInclude } from './run-include.js';
import { runMeta } from './run-meta.js';
import type { Block, Directives, Handler, Include, Meta, Play, RoleSteps, Step, Task, TaskBase } from './playbook.js';
import { resultEvent } from './result-events.js';
import { type Around, type HostRun, OUTSIDE, type PlaybookRun, type PlayEngine, type SettledTask, type Told } from './run-state.js';
import { runTask } from './run-task.js';
import { chainOf, switchOf } from './settings.js';
import { Stepper } from './step.js';
import { isWanted, wantedSteps } from './tags.js';
import { failedResult, type TaskResult } from './task-result.js';
import { pathOf, type PlayVars, plainName, shownName, taskName, taskVariables, withoutRole } from './task-scope.js';
import { render, Template } from './template.js';
import { Throttles } from './throttle.js';
import { readVarsFiles } from './vars-files.js';
import { Scope } from './variables.js';

export class PlayRun implements PlayEngine {
  readonly play: Play;
  readonly run: PlaybookRun;
  readonly handlers: HandlerBook<HostRun>;
  readonly #limit: LimitFunction;
  readonly #prompted: PlayVars;
  readonly #varsFiles = new Map<HostRun, PlayVars>();
  hosts: readonly HostRun[] = [];
  /** Failed and not rescued, or not to be reached. */
  readonly removed = new Set<HostRun>();
  /** meta: end_host, end_play, end_batch: no further task, and no failure. */
  readonly ended = new Set<HostRun>();
  /** meta: end_role: no further task of the role that they are in. */
  readonly leaving = new Set<HostRun>();
  /** meta: clear_host_errors: how often it came to a host. */
  readonly clearings = new Map<HostRun, number>();
  /** A failure is fatal for all: no further task. */
  isStopped = false;
  /** meta: end_play: no further batch. */
  isEnded = false;
  /** Roles that a host has been through. */
  readonly #ids = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #throttles = new Throttles();
  readonly #stepper: Stepper;

  constructor(play: Play, run: PlaybookRun, limit: LimitFunction, prompted: PlayVars) {
    this.play = play;
    this.run = run;
    this.#limit = limit;
    this.#prompted = prompted;
    this.handlers = new HandlerBook(play.handlers);
    this.#stepper = new Stepper(run.askStep, play.strategy !== 'linear');
  }

  /** @returns the hosts that are left */
  async start(hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    this.hosts = hosts;
    if (this.play.strategy === 'linear') return this.#sections(hosts);
    const kept = await Promise.all(hosts.map((host) => this.#sections([host])));
    return kept.flat();
  }

  async #sections(hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    const names = this.#scopeOfNobody(undefined);
    let left = hosts;
    // They may say how the host is reached. Names made of facts are known later.
    for (const host of hosts) this.#varsFiles.set(host, this.play.varsFiles.flatMap(({ vars }) => (vars === undefined ? [] : [vars])));
    if (this.#gathers(names) && isWanted(this.#factTags(names), this.run.tags) && (await this.#stepper.takes('task', FACTS, left))) left = await gatherFacts(this, left);
    left = await this.#readVarsFiles(left);
    for (const section of [this.play.preTasks, this.play.tasks, this.play.postTasks]) {
      const before = left;
      left = await this.steps(wantedSteps(section, this.run.tags, names), left, OUTSIDE);
      const isForced = this.#forcesHandlers(names);
      const flushed = await this.flushHandlers(isForced ? before.filter((host) => !host.isUnreachable && !this.ended.has(host)) : left, { isForced });
      left = left.filter((host) => flushed.includes(host));
    }
    return hosts.filter((host) => left.includes(host) || (this.ended.has(host) && !this.removed.has(host)));
  }

  #gathers(names: Scope): boolean {
    return switchOf(this.play.gatherFacts, names) ?? this.run.gathering !== 'explicit';
  }

  #forcesHandlers(names: Scope): boolean {
    return switchOf(this.play.forceHandlers, names) ?? this.run.forceHandlers;
  }

  #factTags(names: Scope): string[] {
    const tags = this.play.own.tags.map((tag) => toText(render(tag, names)));
    return tags.length === 0 ? ['always'] : tags;
  }

  /** Names with templates are known now. */
  async #readVarsFiles(hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    const kept: HostRun[] = [];
    for (const host of hosts) {
      const scope = () => this.scope(undefined, host, {});
      try {
        this.#varsFiles.set(host, await readVarsFiles(this.play, scope()));
        kept.push(host);
      } catch (error) {
        this.settle('vars_files', playAsTask(this.play), failedResult(asHostError(error, host.host.name)), host, OUTSIDE);
      }
    }
    return kept;
  }

  /** The variables of a task on a host. */
  scope(task: Task | Include | Meta | undefined, host: HostRun, locals: Readonly<Record<string, unknown>>): Scope {
    const playVars = [...this.#prompted, ...(this.#varsFiles.get(host) ?? [])];
    return new Scope(this.run.variables, host.variables, taskVariables(task, this.play, playVars, this.run.connectsBy), locals);
  }

  readonly handlerName = (handler: Handler): string | undefined => {
    if (!(handler.name instanceof Template)) return plainName(handler, undefined);
    try {
      return toText(render(handler.name, this.#scopeOfNobody(handler))).trim();
    } catch {
      return undefined;
    }
  };

  #scopeOfNobody(task: Handler | undefined): Scope {
    const [first] = this.hosts;
    const playVars = [...this.#prompted, ...((first === undefined ? undefined : this.#varsFiles.get(first)) ?? [])];
    return new Scope(this.run.variables, this.run.inventory.variablesOf({ name: '', groups: [], vars: {} }), taskVariables(task, this.play, playVars));
  }

  async steps(steps: readonly Step[], hosts: readonly HostRun[], around: Around): Promise<readonly HostRun[]> {
    let left = hosts;
    const kind = around.isHandler === true ? 'handler' : 'task';
    for (const [index, step] of steps.entries()) {
      if (left.length === 0 || this.run.interruption.isOn || (this.isStopped && !around.isAlways)) break;
      const here = { ...around, following: { steps, from: index + 1, locals: around.locals, next: around.following } };
      if (step.kind === 'block') left = await this.#block(step, left, here);
      else if (step.kind === 'role') left = await this.#role(step, left, here);
      else if (step.kind === 'meta') left = await runMeta(this, step, left, here);
      else if (!(await this.#stepper.takes(kind, writtenName(step), left))) continue;
      else if (step.kind === 'include') left = await runInclude(this, step, left, here, kind);
      else left = await this.#task(step, left, here, kind);
    }
    return left;
  }

  /** A role that a host has been through with the same parameters is passed over, unless it may be run again. */
  async #role({ role, steps }: RoleSteps, hosts: readonly HostRun[], around: Around): Promise<readonly HostRun[]> {
    const key = (host: HostRun) => `${host.host.name}\0${role.key}`;
    const due = role.allowDuplicates ? hosts : hosts.filter((host) => !this.#done.has(key(host)));
    const through = await this.steps(steps, due, around);
    const kept = due.filter((host) => through.includes(host) || this.leaving.has(host));
    for (const host of kept) this.leaving.delete(host);
    for (const host of kept) this.#done.add(key(host));
    return hosts.filter((host) => !due.includes(host) || kept.includes(host));
  }

  async #block(block: Block, hosts: readonly HostRun[], around: Around): Promise<readonly HostRun[]> {
    const hasRescue = block.rescue.length > 0;
    const behind = { steps: block.always, from: 0, locals: around.locals, next: around.following };
    const inside = block.always.length === 0 ? around : { ...around, isBeforeAlways: true };
    let left = await this.steps(block.tasks, hosts, { ...inside, isRescued: hasRescue || around.isRescued, following: behind });
    const isOver = (host: HostRun) => host.isUnreachable || this.ended.has(host) || this.leaving.has(host);
    const failed = hosts.filter((host) => !left.includes(host) && !isOver(host));
    if (hasRescue && failed.length > 0) {
      const rescued = await this.steps(block.rescue, failed, inside);
      left = hosts.filter((host) => left.includes(host) || rescued.includes(host));
    }
    if (block.always.length === 0) return left;
    const cleared = new Map(this.clearings);
    const kept = await this.steps(block.always, hosts.filter((host) => !isOver(host)), { ...around, isAlways: true });
    return hosts.filter((host) => kept.includes(host) && (left.includes(host) || this.clearings.get(host) !== cleared.get(host)));
  }

  async flushHandlers(hosts: readonly HostRun[], { isForced = false, isRescued = false } = {}): Promise<readonly HostRun[]> {
    let left = hosts;
    notifySaved(this, hosts);
    const around = { ...OUTSIDE, isAlways: isForced, isRescued, isHandler: true };
    for (let index = 0; index < this.handlers.all.length; index += 1) {
      const handler = this.handlers.all[index];
      if (handler === undefined || (this.isStopped && !isForced) || this.run.interruption.isOn) continue;
      const due = this.handlers.take(handler, left);
      if (due.length === 0) continue;
      if (handler.kind !== 'meta' && !(await this.#stepper.takes('handler', writtenName(handler), due))) {
        this.handlers.keep(handler, due);
        continue;
      }
      const kept = handler.kind === 'include' ? await runInclude(this, handler, due, around, 'handler') : handler.kind === 'task' ? await this.#task(handler, due, around, 'handler') : await runMeta(this, handler, due, around, 'handler');
      left = left.filter((host) => !due.includes(host) || kept.includes(host));
    }
    return left;
  }

  async #task(task: Task, hosts: readonly HostRun[], around: Around, kind: 'task' | 'handler'): Promise<readonly HostRun[]> {
    const [first] = hosts;
    if (first === undefined) return hosts;
    const chain = chainOf(task);
    const names = this.scope(task, first, around.locals);
    const own = plainName(task, names);
    const told = { name: shownName(task, own), action: task.action, path: this.pathOf(task) };
    const isOnce = this.#isOnce(chain, names);
    const bypasses = task.module.runsOnce === true;
    const when = chain.toReversed().flatMap((one) => one.when);
    const due = (isOnce || bypasses) && this.play.strategy === 'linear' ? [first] : hosts;
    const unknown: FleetTapError[] = [];
    const kept = await this.onAll(told, due, kind, async (host, id) => {
      const worker = new HostTask(this, task, host, { id, name: told.name, action: task.action }, own, (wanted) => looksAhead(this, task, host, around, wanted));
      const result = await runTask(task, when, this.scope(task, host, around.locals), worker);
      // What runs once is known to the whole batch, whoever came to it (plugins/strategy/__init__.py, get_task_hosts).
      keepResult(this, task, result, host, isOnce ? this.hosts.filter((one) => !one.isUnreachable) : [host]);
      const missed = result.changed && !result.failed ? result.notify.flatMap((name) => notify(this, name, task, host, names, around.isHandler === true) ?? []) : [];
      unknown.push(...missed);
      if (missed.length > 0) return false;
      this.tell(id, told, host, result);
      const goesOn = this.settle(told.name, task, result, host, around);
      await worker.idle();
      return goesOn;
    }, this.#throttles.of(task, names));
    if (unknown[0] !== undefined) throw unknown[0];
    if (around.isRescued && kept.length < due.length && this.#isFatal(chain, names)) {
      // Those that have not failed go to the same rescue. It forgives the others: these count as failed from the next play on (strategy/linear.py).
      for (const { host } of kept) this.run.failures.set(host.name, takenAlong(told.name, task, host.name));
      return [];
    }
    if (due === hosts) return kept;
    // What runs once fails for all.
    if (kept.length > 0) return hosts;
    if (!around.isRescued) this.stop(hosts.slice(1));
    return [];
  }

  #isOnce(chain: readonly Directives[], names: Scope): boolean {
    try {
      return switchOf(inherited(chain, 'runOnce'), names) === true;
    } catch {
      return false;
    }
  }

  #isFatal(chain: readonly Directives[], names: Scope): boolean {
    return switchOf(inherited(chain, 'anyErrorsFatal'), names) === true;
  }

  /** Runs on all hosts and waits for all of them. */
  async onAll(task: Told, hosts: readonly HostRun[], kind: 'task' | 'handler', work: (host: HostRun, id: number) => Promise<boolean>, throttle?: LimitFunction): Promise<readonly HostRun[]> {
    if (hosts.length === 0) return hosts;
    const { reporter } = this.run;
    const id = this.#idOf(task, kind);
    reporter.taskStarted({ id, name: task.name, hosts: hosts.map(({ host }) => host.name), kind, path: task.path, action: task.action });
    const { interruption } = this.run;
    // Those that waited for their turn when Ctrl-C came have nothing to tell.
    const turn = (host: HostRun) => this.#limit(async () => interruption.isOn || work(host, id));
    const kept = await Promise.all(hosts.map((host) => (throttle === undefined ? turn(host) : throttle(() => turn(host)))));
    reporter.taskFinished(task.name);
    this.#checkFailures();
    this.run.playHosts.setLeft(this.hosts.filter((host) => !this.removed.has(host) && !this.ended.has(host)).map(({ host }) => host.name));
    return hosts.filter((_, index) => kept[index]);
  }

  /** Where hosts come to a task one by one (strategy: free), it stays the same task. */
  #idOf({ name, action, path }: Told, kind: 'task' | 'handler'): number {
    if (this.play.strategy === 'linear') return this.run.nextId();
    const key = [kind, path, action, name].join('\0');
    const id = this.#ids.get(key) ?? this.run.nextId();
    this.#ids.set(key, id);
    return id;
  }

  /** Of max_fail_percentage: not those that failed before an always section (plugins/strategy/__init__.py looks whether a host is through). */
  readonly #failed = new Set<HostRun>();

  /** max_fail_percentage: more hosts of the batch than that have failed. */
  #checkFailures(): void {
    const { maxFailPercentage } = this.play;
    const [first] = this.hosts;
    if (maxFailPercentage === undefined || first === undefined || this.isStopped) return;
    const limit = Number(render(maxFailPercentage, this.scope(undefined, first, {})));
    if ((this.#failed.size / this.hosts.length) * 100 <= limit) return;
    this.stop(this.hosts);
    this.#saysNobodyIsLeft = true;
    this.run.reporter.noHosts?.('left'); // It says so twice.
  }

  /** No further task for these, and none for anybody. */
  stop(hosts: readonly HostRun[]): void {
    for (const host of hosts) this.removed.add(host);
    this.isStopped = true;
  }
  #saysNobodyIsLeft = false;

  /** Once, when it is over. */
  tellEnd(): void {
    if (this.#saysNobodyIsLeft) this.run.reporter.noHosts?.('left');
  }

  tell(id: number, task: Pick<Told, 'name' | 'action'>, host: HostRun, result: TaskResult): void {
    this.run.reporter.taskResult(resultEvent({ id, name: task.name, action: task.action }, host.host.name, result, result.isLoop ? 'loop' : 'task'));
  }

  /** Counts a result. @returns whether the host goes on */
  settle(name: string, task: SettledTask, result: TaskResult, host: HostRun, around: Around): boolean {
    const { counts } = host;
    if ((result.failed || result.unreachable) && !result.isIgnored) {
      if (result.failed && around.isRescued && !isInterrupted(result)) {
        counts.rescued += 1;
        host.variables.registered.set('ansible_failed_result', result.registered).set('ansible_failed_task', { name: task.name === undefined ? '' : withoutRole(name, task.role), action: task.action });
        return false;
      }
      this.#remove(name, task, result, host, around);
      return false;
    }
    if (result.skipped) counts.skipped += 1;
    else counts.ok += 1;
    if (result.changed) counts.changed += 1;
    if (result.isIgnored) counts.ignored += 1;
    return true;
  }

  #remove(name: string, task: Pick<TaskBase, 'own' | 'around' | 'place'>, result: TaskResult, host: HostRun, around: Around): void {
    this.removed.add(host);
    if (around.isBeforeAlways !== true && !result.unreachable) this.#failed.add(host);
    if (result.unreachable) {
      host.isUnreachable = true;
      host.counts.unreachable += 1;
    } else host.counts.failed += 1;
    this.run.failures.set(host.host.name, failureOf(name, task, result, host.host.name));
    if (this.#isFatal(chainOf(task), this.scope(undefined, host, {}))) this.stop([]);
  }

  readonly pathOf = pathOf;
}

/** As it is written, its templates too. */
function writtenName(step: Task | Include): string {
  return step.kind === 'include' ? bannerName(step, undefined) : taskName(step, undefined);
}
