// What comes in: the events of a playbook run. What goes out: the lines of Ansible's default callback (plugins/callback/default.py), without colour.
// Guaranteed: byte for byte the same on standard output, but that control characters of hosts do not reach a terminal; warnings go to standard error.
import type { Writable } from 'node:stream';
import { printable } from '../base/host-text.js';
import type { PlaybookReporter, PlayEvent, TaskEvent, TaskResultEvent } from '../base/playbook-events.js';
import { pythonJson } from '../base/python-json.js';
import { banner } from '../base/banner.js';

export interface AnsibleOutputOptions {
  /** -v: results; -vv: where tasks stand. */
  readonly verbosity: number;
  /** false: hosts that skipped a task are left out, and its title where nobody is left. */
  readonly skipped?: boolean;
  /** false: the same for hosts on which nothing changed. */
  readonly ok?: boolean;
  /** true: failures go to standard error. */
  readonly failedToStderr?: boolean;
  /** true: where a failed task stands. */
  readonly taskPath?: boolean;
}

export class AnsibleOutput implements PlaybookReporter {
  readonly #out: Writable;
  readonly #err: Writable;
  readonly #options: AnsibleOutputOptions;
  /** Each is told once in a run, whichever hosts it is about. */
  readonly #warned = new Set<string>();
  readonly #tasks = new Map<number, TaskEvent>();
  #isFree = false;
  #lastStarted = -1;
  #lastBanner = -1;

  constructor(out: Writable, err: Writable, options: AnsibleOutputOptions) {
    this.#out = out;
    this.#err = err;
    this.#options = options;
  }

  playStarted({ name, isFree }: PlayEvent): void {
    this.#isFree = isFree;
    this.#tasks.clear();
    this.#banner(name.trim() === '' ? 'PLAY' : `PLAY [${name.trim()}]`);
  }

  noHosts(which: 'matched' | 'left'): void {
    if (which === 'matched') this.#say('skipping: no hosts matched');
    else this.#banner('NO MORE HOSTS LEFT');
  }

  taskStarted(task: TaskEvent): void {
    this.#tasks.set(task.id, task);
    this.#lastStarted = task.id;
    if (!this.#isFree && this.#showsAll) this.#taskBanner(task.id);
  }

  taskFinished(): void {}

  taskResult(event: TaskResultEvent): void {
    if ((event.status === 'skipped' && this.#options.skipped === false) || (event.status === 'ok' && this.#options.ok === false)) return;
    if (this.#lastBanner !== event.taskId) this.#taskBanner(event.taskId);
    for (const warning of event.part === 'loop' ? [] : event.warnings) this.warning(warning);
    const label = event.delegatedTo === undefined ? event.host : `${event.host} -> ${event.delegatedTo}${event.delegatedAt === undefined ? '' : `(${event.delegatedAt})`}`;
    if (event.part === 'loop') this.#endOfLoop(event);
    else if (event.part === 'item') this.#item(event, label);
    else this.#single(event, label);
  }

  retrying({ host, task, left, delegatedTo }: { readonly host: string; readonly task: string; readonly left: number; readonly delegatedTo?: string }): void {
    this.#say(`FAILED - RETRYING: [${delegatedTo === undefined ? host : `${host} -> ${delegatedTo}`}]: ${task} (${left} retries left).`);
  }

  included(file: string, hosts: readonly string[], item: string | undefined): void {
    if ((!this.#showsAll || this.#isFree) && this.#lastBanner !== this.#lastStarted) this.#taskBanner(this.#lastStarted);
    this.#say(`included: ${file} for ${hosts.join(', ')}${item === undefined ? '' : ` => (item=${item})`}`);
  }

  notified(handler: string, host: string): void {
    if (this.#options.verbosity > 1) this.#say(`NOTIFIED HANDLER ${handler} for ${host}`);
  }

  /** Made here, of nothing that a host said. */
  note(line: string): void {
    this.#out.write(`${line}\n`);
  }

  warning(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#err.write(`[WARNING]: ${printable(message)}\n`);
  }

  /** Whether every task shows something, so that its title can come first. */
  get #showsAll(): boolean {
    return this.#options.skipped !== false && this.#options.ok !== false;
  }

  #single(event: TaskResultEvent, label: string): void {
    switch (event.status) {
      case 'ok':
      case 'changed':
        this.#diff(event);
        this.#say(`${event.status}: [${label}]${this.#shown(event)}`);
        break;
      case 'skipped':
        this.#say(`skipping: [${event.host}]${this.#shown(event)}`);
        break;
      case 'unreachable':
        this.#sayFailed(`fatal: [${label}]: UNREACHABLE! => ${this.#dump(event)}`);
        if (event.isIgnored) this.#say('...ignoring');
        break;
      default:
        if (this.#options.taskPath === true && this.#options.verbosity < 2) this.#taskPath(event.taskId);
        this.#sayFailed(`fatal: [${label}]: FAILED! => ${this.#dump(event)}`);
        if (event.isIgnored) this.#say('...ignoring');
    }
  }

  #item(event: TaskResultEvent, label: string): void {
    const item = `(item=${event.item ?? ''})`;
    if (event.status === 'skipped') this.#say(`skipping: [${event.host}] => ${item} ${this.#shown(event)}`);
    else if (event.status === 'ok' || event.status === 'changed') {
      this.#diff(event);
      this.#say(`${event.status}: [${label}] => ${item}${this.#shown(event)}`);
    } else this.#sayFailed(`failed: [${label}] ${item} => ${this.#dump(event)}`);
  }

  #endOfLoop(event: TaskResultEvent): void {
    if (event.status === 'skipped') this.#say(`skipping: [${event.host}]${this.#shown(event)}`);
    if (event.status === 'unreachable') this.#sayFailed(`fatal: [${event.host}]: UNREACHABLE! => ${this.#dump(event)}`);
    // Of debug the callback shows the message alone, and so does not find the items that it has shown already.
    if ((event.status === 'failed' || event.status === 'ignored') && isDebug(event.action)) this.#sayFailed(`fatal: [${event.host}]: FAILED! => ${this.#dump(event)}`);
    if (event.isIgnored) this.#say('...ignoring');
  }

  #diff({ diff, result }: TaskResultEvent): void {
    if (result.changed === true && diff !== undefined && diff !== '') this.#say(diff);
  }

  #shown(event: TaskResultEvent): string {
    const shows = event.shows === 'always' || (event.shows === 'verbose' && this.#options.verbosity > 0);
    return shows ? ` => ${this.#dump(event)}` : '';
  }

  #dump(event: TaskResultEvent): string {
    const indent = (event.shows === 'always' && event.status !== 'skipped') || this.#options.verbosity > 2 ? 4 : undefined;
    const hidden = [...(event.part === 'loop' || event.status === 'skipped' ? ['results'] : []), ...(this.#options.verbosity > 2 ? [] : ['diff'])];
    return pythonJson(Object.fromEntries(Object.entries(event.result).filter(([key]) => !hidden.includes(key))), indent);
  }

  #taskBanner(id: number): void {
    const task = this.#tasks.get(id);
    this.#lastBanner = id;
    if (task === undefined) return;
    this.#banner(`${task.kind === 'handler' ? 'RUNNING HANDLER' : 'TASK'} [${task.name}]`);
    if (this.#options.verbosity > 1) this.#taskPath(id);
  }

  #taskPath(id: number): void {
    this.#say(`task path: ${this.#tasks.get(id)?.path ?? ''}`);
  }

  #banner(text: string): void {
    this.#say(`\n${banner(text)}`);
  }

  #sayFailed(text: string): void {
    this.#say(text, this.#options.failedToStderr === true ? this.#err : this.#out);
  }

  /** A line break at the end is not doubled (utils/display.py). */
  #say(text: string, out: Writable = this.#out): void {
    const shown = printable(text);
    out.write(shown.endsWith('\n') ? shown : `${shown}\n`);
  }
}

function isDebug(action: string): boolean {
  return /^(ansible\.(builtin|legacy)\.)?debug$/.test(action);
}
