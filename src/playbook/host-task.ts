// One task on one host: its settings, its connection (or that of delegate_to), and who is told about items and retries.
import { quote } from '../base/quote.js';
import { connectionKey } from '../inventory/host.js';
import { type ActionHost, finishPlan, type ModulePlan, type ModuleResult, type StepOptions } from '../modules/module.js';
import { DEFAULT_LIMIT_BYTES } from '../ssh/collected-output.js';
import type { CommandResult, RunOptions } from '../ssh/session.js';
import { UntilMark } from '../ssh/until-mark.js';
import { LocalFiles } from './local-files.js';
import type { Look, LookingHost } from './looks.js';
import type { Include, Task } from './playbook.js';
import { resultEvent, type ToldTask } from './result-events.js';
import type { HostRun, PlayEngine } from './run-state.js';
import type { TaskHost } from './run-task.js';
import { searchPath } from './task-scope.js';
import { chainOf, quietDelegate, reachedAs, type Settings, settingsOf, verdictOf } from './settings.js';
import type { TaskResult } from './task-result.js';
import { TaskLimit } from './task-limit.js';
import type { Scope } from './variables.js';

type LookAhead = (wanted: { readonly look: string; readonly most: number; readonly where: string }) => Promise<readonly Look[]>;

export class HostTask implements TaskHost {
  readonly files: LocalFiles;
  readonly #play: PlayEngine;
  readonly #task: Task | Include;
  readonly #host: HostRun;
  readonly #told: ToldTask;
  /** Without the role's. */
  readonly #plainName: string;
  readonly #ahead: LookAhead | undefined;
  readonly isAhead = false;
  readonly isWatched: boolean;
  #busy: Promise<unknown> = Promise.resolve();
  /** Of the attempt under way. */
  #limit: TaskLimit | undefined;

  /** @param ahead see LookingHost; undefined: nothing is looked at before it is its turn */
  constructor(play: PlayEngine, task: Task | Include, host: HostRun, told: ToldTask, plainName: string, ahead?: LookAhead) {
    this.#play = play;
    this.#task = task;
    this.#host = host;
    this.#told = told;
    this.#plainName = plainName === '' ? told.name : plainName;
    this.#ahead = ahead;
    this.isWatched = play.run.reporter.programStarted !== undefined;
    this.files = new LocalFiles(searchPath(task, play.play), play.play.vault);
  }

  settings(scope: Scope): Settings {
    return settingsOf(chainOf(this.#task), scope, this.#play.run);
  }

  verdict(scope: Scope): Pick<Settings, 'noLog' | 'ignoreErrors'> {
    return verdictOf(chainOf(this.#task), scope);
  }

  delegateOf(scope: Scope): string | undefined {
    return quietDelegate(chainOf(this.#task), scope);
  }

  /** Resolves when the host has no script of this task's any more. */
  async idle(): Promise<void> {
    await this.#busy;
  }

  async finish(plan: ModulePlan, settings: Settings): Promise<ModuleResult> {
    this.#limit = settings.timeoutSec === undefined ? undefined : new TaskLimit(settings.timeoutSec, Date.now());
    const { looks } = this.#play.run;
    const task = this.#task;
    if (task.kind === 'task' && (task.until !== undefined || task.retries !== undefined)) {
      // Each attempt asks anew, and time goes by between them.
      looks.somethingChanged();
      return this.#settled(await finishPlan(plan, this.#action(settings)).finally(() => looks.somethingChanged()));
    }
    return this.#settled(await looks.finish(plan, this.looking(settings)));
  }

  looking(settings: Settings): LookingHost {
    const { host, become } = this.#reached(settings);
    const where = `${connectionKey(host)}\0${JSON.stringify(become)}`;
    return {
      where,
      action: this.#action(settings),
      run: this.#runOn(settings),
      inEnvironment: (script) => inEnvironment(script, settings.environment),
      ahead: async (look, most) => (settings.delegateTo === undefined ? ((await this.#ahead?.({ look, most, where })) ?? []) : []),
      busy: (until) => {
        this.#busy = until;
      },
      idle: () => this.idle(),
    };
  }

  #reached(settings: Settings) {
    const { run } = this.#play;
    const named = settings.delegateTo === undefined ? this.#host.host : run.inventory.host(settings.delegateTo);
    const become: RunOptions['become'] = settings.become === false ? false : Object.keys(settings.become).length === 0 ? true : settings.become;
    return { host: reachedAs(named, settings), become: become ?? false };
  }

  /** One script on the host that the task works on. */
  #runOn(settings: Settings): (script: string, options: RunOptions & StepOptions) => Promise<CommandResult> {
    const { host, become } = this.#reached(settings);
    const { session, interruption } = this.#play.run;
    return (script, { mayEnd = false, shownUntil, signal, ...options }) => {
      const limit = this.#limit;
      const work = () => interruption.during(host.name, async () => {
        const ending = [...(mayEnd ? [interruption.signal] : []), signal].filter((one) => one !== undefined);
        const opened = await session(host);
        // Connecting took its time.
        const least = limit === undefined ? {} : { timeoutMs: Math.min(limit.leftMs(Date.now()), options.timeoutMs ?? Number.POSITIVE_INFINITY) };
        return interruption.during(host.name, () => this.#shown(shownUntil, (taps) => opened.run(script, { become, ...options, ...taps, ...least, ...(ending.length === 0 ? {} : { signal: AbortSignal.any(ending) }) })));
      });
      return limit === undefined ? work() : limit.during(work);
    };
  }

  /** Shows what a program prints before the mark, and keeps all of it. */
  async #shown(mark: string | undefined, run: (taps: RunOptions) => Promise<CommandResult>): Promise<CommandResult> {
    const shown = mark === undefined ? undefined : this.#play.run.reporter.programStarted?.(this.#host.host.name);
    if (mark === undefined || shown === undefined) return run({});
    const kept: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    const until = new UntilMark(Buffer.from(mark), (chunk) => shown.push('stdout', chunk));
    const onStdout = (chunk: Buffer) => {
      kept.stdout.push(chunk);
      until.push(chunk);
    };
    const onStderr = (chunk: Buffer) => {
      kept.stderr.push(chunk);
      shown.push('stderr', chunk);
    };
    try {
      const { status } = await run({ onStdout, onStderr, limitBytes: DEFAULT_LIMIT_BYTES });
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(kept[name]).toString('utf8');
      return { status, stdout: text('stdout'), stderr: text('stderr') };
    } finally {
      shown.end();
    }
  }

  #action(settings: Settings): ActionHost {
    const { run } = this.#play;
    const { host } = this.#reached(settings);
    const during = <T>(work: () => Promise<T>) => run.interruption.during(host.name, work);
    const onHost = this.#runOn(settings);
    const { ask } = run;
    return {
      taskName: this.#told.name,
      // Asked by few: a task that reaches nobody may be delegated to a host that cannot be reached.
      get isLocal() {
        return run.isLocal(host);
      },
      run: (script, options = {}) => onHost(inEnvironment(script, settings.environment), options),
      reconnect: () => during(() => run.reconnect(host)),
      gatherFacts: (localFrom) => during(() => run.facts(host, localFrom)),
      sleep: (sec) => during(async () => (this.#limit === undefined ? run.sleep(sec) : this.#limit.sleep(sec, (some) => run.sleep(some)))),
      say: (line) => run.reporter.note?.(line),
      ask: ask === undefined ? undefined : (prompt, hidden) => during(async () => {
        const answer = await ask(prompt, hidden);
        this.#limit?.leftMs(Date.now());
        return answer;
      }),
    };
  }

  /** It has changed if hosts and groups of its effects are new in the inventory. */
  #settled(raw: ModuleResult): ModuleResult {
    const { inventory, playHosts } = this.#play.run;
    const news = (raw.effects ?? []).flatMap((effect) => {
      if (effect.kind === 'add-host') {
        const isNew = inventory.addHost(effect);
        if (isNew) playHosts.added(effect.host);
        return [isNew];
      }
      return effect.kind === 'add-group' ? [inventory.addGroup(this.#host.host.name, effect)] : [];
    });
    return news.length === 0 ? raw : { ...raw, changed: news.includes(true) };
  }

  warn(message: string): void {
    this.#play.run.reporter.warning(message);
  }

  sleep(sec: number): Promise<void> {
    const { looks, interruption, sleep: wait } = this.#play.run;
    looks.somethingChanged();
    return interruption.during(this.#host.host.name, () => wait(sec));
  }

  itemDone(label: string, result: TaskResult): void {
    this.#play.run.reporter.taskResult(resultEvent(this.#told, this.#host.host.name, result, 'item', label));
  }

  retrying(left: number, { delegateTo }: Settings): void {
    const host = this.#host.host.name;
    this.#play.run.reporter.retrying?.({ host, task: this.#plainName, left, ...(delegateTo === undefined || delegateTo === host ? {} : { delegatedTo: delegateTo }) });
  }
}

/** The script's first line says what runs; the variables are set behind it. */
function inEnvironment(script: string, environment: Readonly<Record<string, string>>): string {
  const names = Object.keys(environment);
  if (names.length === 0) return script;
  const end = script.indexOf('\n');
  const exports = names.map((name) => `${name}=${quote(environment[name] ?? '')}`).join(' ');
  return `${script.slice(0, end)}\nexport ${exports}\n${script.slice(end + 1)}`;
}
