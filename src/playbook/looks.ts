// What comes in: plans of tasks, each when it is its turn, and how to look ahead from there. What goes out: their results.
// How it saves round trips: behind the script of a task that may well change nothing, the same round trip asks what the next tasks of that host would find
// (scripts-together.ts). What they find is kept, and is a later task's result if, when it is that task's turn, it would ask the very same, it would have
// nothing to do, and nothing has happened since, on any host of the run, that may have changed one.
// Guaranteed: nothing is changed on a host before it is the task's turn; so where hosts wait for each other, what fails ends the play, and what is told when,
// are as if each task had been asked alone. An answer is used once.
import { randomBytes } from 'node:crypto';
import { type ActionHost, finishPlan, type ModulePlan, type ModuleResult, type PlanStep, type ScriptStep, type StepOptions, scriptOptions, takeStep } from '../modules/module.js';
import { seenScript } from '../modules/ownership.js';
import { commonParts } from '../modules/script.js';
import type { CommandResult, RunOptions } from '../ssh/session.js';
import { together, TogetherReader } from './scripts-together.js';

/** How long looking ahead may take on a host, behind the task's own script. */
const LOOKING_LIMIT_MS = 15_000;
/** Looks of one round trip. */
const MOST_LOOKS = 32;
/** Of a task's own output and what was found ahead together; the former alone has the session's limit. */
const OUTPUT_LIMIT_BYTES = 8 * 2 ** 20;

/** What a task would ask. */
export interface Look {
  readonly script: string;
  /** As in ModulePlan. */
  readonly seen: string | undefined;
}

/** A host as one task reaches it. */
export interface LookingHost {
  /** Connection and become user: equal for what may share a shell. */
  readonly where: string;
  readonly action: ActionHost;
  run(script: string, options: RunOptions & StepOptions): Promise<CommandResult>;
  /** The script with the task's environment. */
  inEnvironment(script: string): string;
  /** What the tasks behind this one would ask, in order; environment included. @param look what this one asks @param most at most so many */
  ahead(look: string, most: number): Promise<readonly Look[]>;
  /** The task's result is there; this is still to be waited for before the host is asked anything more. */
  busy(until: Promise<void>): void;
  idle(): Promise<void>;
}

export class Looks {
  /** By place, then by script. */
  readonly #found = new Map<string, Map<string, CommandResult[]>>();
  /** By place: tasks that were looked at, or could not be, since the last change. */
  readonly #seen = new Map<string, Set<object>>();
  /** By place: how many steps in a row have changed nothing there, since one has somewhere. */
  readonly #calm = new Map<string, number>();
  #changes = 0;
  /** A step has changed something that might have had nothing to do. */
  #hasChanged = false;

  /** Something may be otherwise than it was, somewhere: what was found counts no longer. */
  somethingChanged(): void {
    this.#changes += 1;
    this.#found.clear();
    this.#seen.clear();
  }

  /** @returns false the second time, until something changes */
  isNew(where: string, task: object): boolean {
    const seen = this.#seen.get(where) ?? new Set();
    this.#seen.set(where, seen);
    if (seen.has(task)) return false;
    seen.add(task);
    return true;
  }

  /** @throws what running a script throws, and parsing its answer */
  finish(plan: ModulePlan, host: LookingHost): Promise<ModuleResult> {
    return finishPlan(plan, host.action, (step) => this.#take(step, host));
  }

  async #take(step: PlanStep, host: LookingHost): Promise<ModuleResult | ModulePlan> {
    await host.idle();
    if (step.kind === 'action' || step.look === undefined) {
      try {
        return await takeStep(step, host.action);
      } finally {
        this.somethingChanged();
      }
    }
    const onlyLooks = step.look === step.script;
    const known = this.#known(step, host);
    const isCalm = (next: ModuleResult | ModulePlan) => onlyLooks || isNothing(next);
    if (known !== undefined && isCalm(known)) return this.#after(known, true, host);
    try {
      // What was found to be otherwise is going to be changed.
      const most = known === undefined && step.isAlone !== true ? this.#depth(host.where) : 0;
      const next = step.parse(await this.#runWithLooks(step, step.look, most, host));
      return this.#after(next, isCalm(next), host);
    } catch (error) {
      this.somethingChanged();
      throw error;
    }
  }

  #after<T>(next: T, isCalm: boolean, { where }: LookingHost): T {
    if (isCalm) this.#calm.set(where, (this.#calm.get(where) ?? 0) + 1);
    else {
      this.#hasChanged = true;
      this.#calm.clear();
      this.somethingChanged();
    }
    return next;
  }

  /** How far it is worth to look: not behind a change, then twice as far each time. */
  #depth(where: string): number {
    return this.#hasChanged ? Math.min(MOST_LOOKS, 2 ** (this.#calm.get(where) ?? 0) - 1) : MOST_LOOKS;
  }

  /** What was found ahead for this step, once. An answer that is none is not counted: asked again, the host may say why. */
  #known(step: ScriptStep, host: LookingHost): ModuleResult | ModulePlan | undefined {
    const answer = this.#found.get(host.where)?.get(host.inEnvironment(step.look ?? ''))?.shift();
    try {
      return answer === undefined ? undefined : step.parse(answer);
    } catch {
      return undefined;
    }
  }

  async #runWithLooks(step: ScriptStep, look: string, most: number, host: LookingHost): Promise<CommandResult> {
    const script = host.inEnvironment(step.script);
    const ahead = most === 0 ? [] : await host.ahead(host.inEnvironment(look), most);
    if (ahead.length === 0) return host.run(script, scriptOptions(step));
    const nonce = randomBytes(16).toString('hex');
    const changes = this.#changes;
    const ending = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    let index = -1;
    return new Promise((resolve, reject) => {
      const reader = new TogetherReader(nonce, (answer) => {
        index += 1;
        if (index > 0) return changes === this.#changes ? this.#keep(host.where, ahead[index - 1]?.script ?? '', answer) : undefined;
        timer = setTimeout(() => ending.abort(), LOOKING_LIMIT_MS);
        resolve(answer);
      });
      const options = { ...scriptOptions(step), limitBytes: OUTPUT_LIMIT_BYTES, signal: ending.signal, onStdout: (chunk: Buffer) => reader.push(chunk) };
      // Once the first part has been told, what becomes of the others is nobody's failure.
      const over = host.run(together([script, ...ahead.map((one) => one.script)], nonce, commonParts(), seenScript(ahead.flatMap(({ seen }) => seen ?? []))), options).then(({ status, stdout, stderr }) => resolve({ status, stdout: `${reader.rest()}${stdout}`, stderr }), reject);
      host.busy(over.finally(() => clearTimeout(timer)));
    });
  }

  #keep(where: string, script: string, answer: CommandResult): void {
    const found = this.#found.get(where) ?? new Map<string, CommandResult[]>();
    this.#found.set(where, found);
    found.set(script, [...(found.get(script) ?? []), answer]);
  }
}

function isNothing(next: ModuleResult | ModulePlan): boolean {
  return !('kind' in next) && !next.changed && next.failed !== true;
}
