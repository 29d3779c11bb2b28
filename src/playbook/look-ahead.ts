// What comes in: a task on a host, and the steps behind it. What goes out: the scripts with which the next tasks would look at that host, in order.
// The rule (docs/playbooks.md has it for people): it goes past tasks that ask the host nothing, past those whose condition is false as things are, past those
// whose script cannot be made yet (a variable is not registered), and past those on other hosts or as other users; it ends at whatever may change
// something or takes its time: a module without a look, retries, a pause, throttle, run_once, includes, meta.
// Guaranteed: nothing is told, registered, notified or run; no file is written.
import type { ModulePlan, ModuleResult } from '../modules/module.js';
import { inherited } from './directives.js';
import { HostTask } from './host-task.js';
import type { Look } from './looks.js';
import type { Step, Task } from './playbook.js';
import type { Around, Following, HostRun, PlayEngine } from './run-state.js';
import { runTask, skippedBy, type TaskHost } from './run-task.js';
import { chainOf, type Settings } from './settings.js';

/** Of the scripts of one round trip together. */
const MOST_BYTES = 128 * 1024;

export interface Wanted {
  /** What the task itself asks: of a loop, what comes behind that. */
  readonly look: string;
  /** At most so many, at least 1. */
  readonly most: number;
  /** See LookingHost. */
  readonly where: string;
}

export async function looksAhead(play: PlayEngine, task: Task, host: HostRun, { locals, following }: Pick<Around, 'locals' | 'following'>, { look, most, where }: Wanted): Promise<readonly Look[]> {
  const { looks } = play.run;
  const found: Look[] = [];
  let bytes = 0;
  const isFull = () => found.length >= most || bytes >= MOST_BYTES;
  const take = (some: readonly Look[]) => {
    for (const one of some) {
      if (isFull()) return;
      found.push(one);
      bytes += one.script.length;
    }
  };
  if (task.loop?.pauseSec !== undefined) return found;
  if (task.loop !== undefined && looks.isNew(where, task)) {
    const ahead = new AheadTask(play, host, task, where, most);
    await ahead.plan(locals);
    take(ahead.found.slice(ahead.found.findIndex(({ script }) => script === look) + 1));
    if (ahead.isEnd) return found;
  }
  for (const one of upcoming(following)) {
    if (isFull()) break;
    const { step } = one;
    const scope = () => play.scope(step, host, one.locals).ahead();
    if (isPassed(step, scope)) continue;
    if (step.kind !== 'task' || endsThere(step)) break;
    if (!looks.isNew(where, step)) continue;
    const ahead = new AheadTask(play, host, step, where, most);
    await ahead.plan(one.locals);
    take(ahead.found);
    if (ahead.isEnd) break;
  }
  return found;
}

type Leaf = Exclude<Step, { readonly kind: 'block' | 'role' }>;

/** Steps without blocks and roles around them, as they come where nothing fails. */
function* upcoming(following: Following | undefined): Generator<{ readonly step: Leaf; readonly locals: Readonly<Record<string, unknown>> }> {
  for (let list = following; list !== undefined; list = list.next) for (const step of leaves(list.steps.slice(list.from))) yield { step, locals: list.locals };
}

function* leaves(steps: readonly Step[]): Generator<Leaf> {
  for (const step of steps) {
    if (step.kind === 'block') yield* leaves([...step.tasks, ...step.always]);
    else if (step.kind === 'role') yield* leaves(step.steps);
    else yield step;
  }
}

function isPassed(step: Leaf, scope: () => Parameters<typeof skippedBy>[1]): boolean {
  if (step.kind === 'task' && step.module.ahead === 'local') return true;
  if (step.kind === 'task' && step.module.ahead === 'looks' && !endsThere(step)) return false;
  try {
    return step.loop === undefined && skippedBy(chainOf(step).toReversed().flatMap((one) => one.when), scope()) !== undefined;
  } catch {
    return false;
  }
}

function endsThere(task: Task): boolean {
  const chain = chainOf(task);
  return task.module.ahead !== 'looks' || task.until !== undefined || task.retries !== undefined || task.loop?.pauseSec !== undefined || inherited(chain, 'throttle') !== undefined || inherited(chain, 'runOnce') !== undefined;
}

/** Stands for a task that is carried out, and takes its plan only. */
class AheadTask implements TaskHost {
  readonly isAhead = true;
  readonly isWatched = false;
  readonly found: Look[] = [];
  /** A plan has no look. */
  isEnd = false;
  readonly #play: PlayEngine;
  readonly #host: HostRun;
  readonly #task: Task;
  readonly #where: string;
  readonly #most: number;
  readonly #real: HostTask;

  constructor(play: PlayEngine, host: HostRun, task: Task, where: string, most: number) {
    this.#play = play;
    this.#host = host;
    this.#task = task;
    this.#where = where;
    this.#most = most;
    this.#real = new HostTask(play, task, host, { id: 0, name: '', action: task.action }, '');
  }

  /** The task itself says it. */
  warn(): void {}

  get files() {
    return this.#real.files;
  }

  async plan(locals: Readonly<Record<string, unknown>>): Promise<void> {
    const when = chainOf(this.#task).toReversed().flatMap((one) => one.when);
    await runTask(this.#task, when, this.#play.scope(this.#task, this.#host, locals).ahead(), this);
  }

  settings(scope: Parameters<TaskHost['settings']>[0]): Settings {
    return this.#real.settings(scope);
  }

  verdict(scope: Parameters<TaskHost['verdict']>[0]): ReturnType<TaskHost['verdict']> {
    return this.#real.verdict(scope);
  }

  finish(plan: ModulePlan, settings: Settings): Promise<ModuleResult> {
    if (plan.kind === 'script' && plan.look !== undefined) {
      const { where, inEnvironment } = this.#real.looking(settings);
      // Another environment may have other programs.
      const script = inEnvironment(plan.look);
      if (where === this.#where) this.found.push({ script, seen: script === plan.look ? plan.seen : undefined });
    } else if (plan.kind !== 'done') this.isEnd = true;
    return Promise.resolve({ changed: false });
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws Error to end a loop that need not be gone through */
  itemDone(): void {
    if (this.isEnd || this.found.length > this.#most) throw new Error('far enough');
  }

  retrying(): void {
    // Tasks with retries are not looked at.
  }
}
