// What comes in: a play and its hosts. What goes out: which hosts are left; everything else is told to the reporter and counted.
// Guaranteed: linear: a task has ended on all hosts before the next begins; at most `forks` hosts work at once; a host that fails or cannot be
// reached takes no further part, the others go on; handlers run at the end, in their order, once, on hosts that are left.
import type { LimitFunction } from 'p-limit';
import { asHostError, FleetTapError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import type { TaskStatus } from '../base/playbook-events.js';
import { toBool } from './expression/filters-numbers.js';
import { toText } from './expression/values.js';
import type { Condition } from './condition.js';
import type { Block, Play, Step, Task, WrittenVars } from './playbook.js';
import type { HostRun, PlaybookRun } from './run-state.js';
import { runTask, type TaskResult } from './run-task.js';
import { render, Template } from './template.js';
import { Scope } from './variables.js';

/** What a step has from the blocks around it, the innermost first. */
interface Around {
  readonly blocks: readonly Block[];
  /** A failure here is rescued further out. */
  readonly isRescued: boolean;
  /** An always section: done although the play is stopped. */
  readonly isAlways: boolean;
}

const OUTSIDE: Around = { blocks: [], isRescued: false, isAlways: false };

export class PlayRun {
  readonly #play: Play;
  readonly #run: PlaybookRun;
  readonly #limit: LimitFunction;
  readonly #notified = new Map<Task, Set<HostRun>>();
  #hosts: readonly HostRun[] = [];
  /** Failed and not rescued, or not to be reached. */
  readonly #removed = new Set<HostRun>();
  /** any_errors_fatal, and a host has failed: no further task. */
  isStopped = false;

  constructor(play: Play, run: PlaybookRun, limit: LimitFunction) {
    this.#play = play;
    this.#run = run;
    this.#limit = limit;
  }

  /** @returns the hosts that are left */
  async run(hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    this.#hosts = hosts;
    let left = hosts;
    if (this.#play.gatherFacts) left = await this.#gatherFacts(left);
    left = await this.#steps(this.#play.tasks, left, OUTSIDE);
    return this.#flushHandlers(left);
  }

  async #gatherFacts(hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    const name = 'Gathering Facts';
    return this.#onAll(name, hosts, 'task', async (host) => {
      try {
        host.variables.facts = await this.#run.facts(host.host);
        host.counts.ok += 1;
        this.#report(host, name, 'ok', '');
        return true;
      } catch (error) {
        this.#drop(host, name, asHostError(error, host.host.name));
        return false;
      }
    });
  }

  async #steps(steps: readonly Step[], hosts: readonly HostRun[], around: Around): Promise<readonly HostRun[]> {
    let left = hosts;
    for (const step of steps) {
      if (left.length === 0 || (this.isStopped && !around.isAlways)) break;
      if (step.kind === 'block') left = await this.#block(step, left, around);
      else if (step.module.name === 'meta') left = await this.#meta(step, left);
      else left = await this.#task(step, left, around, 'task');
    }
    return left;
  }

  async #meta(task: Task, hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    const action = task.args.action;
    return action?.kind === 'value' && action.value === 'flush_handlers' ? this.#flushHandlers(hosts) : hosts;
  }

  async #block(block: Block, hosts: readonly HostRun[], around: Around): Promise<readonly HostRun[]> {
    const inside = [block, ...around.blocks];
    const hasRescue = block.rescue.length > 0;
    let left = await this.#steps(block.tasks, hosts, { blocks: inside, isRescued: hasRescue || around.isRescued, isAlways: around.isAlways });
    const failed = hosts.filter((host) => !left.includes(host) && !host.isUnreachable);
    if (hasRescue && failed.length > 0) {
      const rescued = await this.#steps(block.rescue, failed, { ...around, blocks: inside });
      left = hosts.filter((host) => left.includes(host) || rescued.includes(host));
    }
    if (block.always.length === 0) return left;
    const all = hosts.filter((host) => !host.isUnreachable);
    const kept = await this.#steps(block.always, all, { ...around, blocks: inside, isAlways: true });
    return left.filter((host) => kept.includes(host));
  }

  async #flushHandlers(hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
    let left = hosts;
    for (const handler of this.#play.handlers) {
      const notified = this.#notified.get(handler);
      this.#notified.delete(handler);
      const due = left.filter((host) => notified?.has(host));
      if (due.length === 0 || this.isStopped) continue;
      const kept = await this.#task(handler, due, OUTSIDE, 'handler');
      left = left.filter((host) => !due.includes(host) || kept.includes(host));
    }
    return left;
  }

  async #task(task: Task, hosts: readonly HostRun[], around: Around, kind: 'task' | 'handler'): Promise<readonly HostRun[]> {
    const written = [task.vars, ...around.blocks.map((block) => block.vars), this.#play.vars];
    const name = this.#nameOf(task, hosts, written);
    const when = [...around.blocks.toReversed().flatMap((block) => block.when), ...task.when];
    return this.#onAll(name, hosts, kind, (host) => this.#taskOnHost(task, name, when, written, host, around));
  }

  /** Runs on all hosts and waits for all of them. */
  async #onAll(name: string, hosts: readonly HostRun[], kind: 'task' | 'handler', work: (host: HostRun) => Promise<boolean>): Promise<readonly HostRun[]> {
    if (hosts.length === 0) return hosts;
    const { reporter } = this.#run;
    reporter.taskStarted(name, hosts.map(({ host }) => host.name), kind);
    const kept = await Promise.all(hosts.map((host) => this.#limit(() => work(host))));
    reporter.taskFinished(name);
    this.#run.setPlayHosts(this.#hosts.filter((host) => !this.#removed.has(host)).map(({ host }) => host.name));
    return hosts.filter((_, index) => kept[index]);
  }

  /** @returns whether the host goes on */
  async #taskOnHost(task: Task, name: string, when: readonly Condition[], written: readonly WrittenVars[], host: HostRun, around: Around): Promise<boolean> {
    const scope = new Scope(this.#run.variables, host.variables, written);
    const inherit = <K extends 'become' | 'checkMode' | 'noLog' | 'ignoreErrors'>(key: K) => task[key] ?? around.blocks.find((block) => block[key] !== undefined)?.[key];
    const noLog = inherit('noLog') === true;
    let result: TaskResult;
    let isIgnored = false;
    try {
      result = await runTask(task, when, scope, {
        check: (inherit('checkMode') as boolean | undefined) ?? this.#run.check,
        diff: this.#run.diff,
        become: this.#become(scope, inherit('become') as boolean | undefined),
        noLog,
        session: () => this.#run.session(host),
        files: this.#run.files,
        action: { reconnect: () => this.#run.reconnect(host), gatherFacts: () => this.#run.facts(host.host), ask: this.#run.ask },
        sleep: this.#run.sleep,
        itemDone: (item, itemResult) => this.#reportResult(host, name, itemResult, { item: toText(item), noLog, isIgnored: false }),
      });
      const ignore = inherit('ignoreErrors');
      if (result.failed && ignore !== undefined) isIgnored = toBool(render(ignore, scope)) === true;
    } catch (error) {
      this.#drop(host, name, asHostError(error, host.host.name));
      return false;
    }
    if (task.register !== undefined) host.variables.registered.set(task.register, result.registered);
    for (const [fact, value] of Object.entries(result.facts)) host.variables.registered.set(fact, value);
    for (const warning of result.warnings) this.#run.reporter.warning(`${host.host.name}: ${printable(warning)}`);
    const isLoop = Array.isArray(result.registered.results) && (result.registered.results as unknown[]).length > 0;
    if (!isLoop) this.#reportResult(host, name, result, { noLog, isIgnored });
    return this.#count(task, name, result, host, { isIgnored, isRescued: around.isRescued, noLog });
  }

  #count(task: Task, name: string, result: TaskResult, host: HostRun, how: { isIgnored: boolean; isRescued: boolean; noLog: boolean }): boolean {
    const { counts } = host;
    if (result.failed && !how.isIgnored) {
      if (how.isRescued) {
        counts.rescued += 1;
        host.variables.registered.set('ansible_failed_result', result.registered).set('ansible_failed_task', { name, action: task.module.name });
        return false;
      }
      counts.failed += 1;
      this.#removed.add(host);
      const place = { host: host.host.name, ...(result.error?.place ?? task.place) };
      const sourceLine = how.noLog ? undefined : result.error?.sourceLine;
      const hint = how.noLog ? undefined : result.hint;
      const message = how.noLog ? 'failed; its output is hidden (no_log)' : printable(result.msg);
      this.#run.failures.set(host.host.name, new FleetTapError('host', result.error?.code ?? 'task-failed', `${name}: ${message}`, { place, ...(sourceLine === undefined ? {} : { sourceLine }), ...(hint === undefined ? {} : { hint }) }));
      if (this.#play.anyErrorsFatal) this.isStopped = true;
      return false;
    }
    if (result.skipped) counts.skipped += 1;
    else counts.ok += 1;
    if (result.changed) counts.changed += 1;
    if (how.isIgnored) counts.ignored += 1;
    if (result.changed && !result.failed) this.#notify(task, host);
    return true;
  }

  #notify(task: Task, host: HostRun): void {
    for (const handler of this.#play.handlers) {
      const names = [typeof handler.name === 'string' ? handler.name : handler.name.source.text, ...handler.listen];
      if (!task.notify.some((name) => names.includes(name))) continue;
      const hosts = this.#notified.get(handler) ?? new Set();
      this.#notified.set(handler, hosts.add(host));
    }
  }

  /** The host takes no further part: no connection, or no facts. */
  #drop(host: HostRun, name: string, error: FleetTapError): void {
    this.#removed.add(host);
    host.isUnreachable = error.kind === 'unreachable';
    if (host.isUnreachable) host.counts.unreachable += 1;
    else host.counts.failed += 1;
    this.#run.failures.set(host.host.name, error);
    this.#report(host, name, host.isUnreachable ? 'unreachable' : 'failed', error.message, error.hint);
    if (this.#play.anyErrorsFatal) this.isStopped = true;
  }

  #become(scope: Scope, written: boolean | undefined): boolean {
    const variable = scope.get('ansible_become');
    if (typeof variable === 'boolean' || typeof variable === 'string') return toBool(variable) === true;
    return written ?? this.#play.become ?? this.#run.become;
  }

  #reportResult(host: HostRun, name: string, result: TaskResult, how: { item?: string; noLog: boolean; isIgnored: boolean }): void {
    const status = result.failed ? (how.isIgnored ? 'ignored' : 'failed') : result.skipped ? 'skipped' : result.changed ? 'changed' : 'ok';
    const message = how.noLog ? (result.failed ? 'hidden (no_log)' : '') : result.msg;
    const item = how.item === undefined ? {} : { item: how.noLog ? 'hidden (no_log)' : printable(how.item) };
    const diff = how.noLog || result.diff === undefined ? {} : { diff: printable(result.diff) };
    this.#report(host, name, status, message, how.noLog ? undefined : result.hint, { ...item, ...diff });
  }

  #report(host: HostRun, task: string, status: TaskStatus, message: string, hint?: string, more: { item?: string; diff?: string } = {}): void {
    this.#run.reporter.taskResult({ host: host.host.name, task, status, message: printable(message), ...more, ...(hint === undefined ? {} : { hint }) });
  }

  /** A name with templates is rendered for the first host, as Ansible does; as it is written when that fails. */
  #nameOf(task: Task, hosts: readonly HostRun[], written: readonly WrittenVars[]): string {
    const [first] = hosts;
    if (!(task.name instanceof Template)) return task.name;
    if (first === undefined) return task.name.source.text;
    try {
      return printable(toText(task.name.render(new Scope(this.#run.variables, first.variables, written))));
    } catch {
      return task.name.source.text;
    }
  }
}
