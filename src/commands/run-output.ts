// What comes in: what the user wants to see of a run. What goes out: one reporter for all of it: Ansible's lines, rows on a terminal, or one JSON
// document; and files of events and JUnit beside.
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import type { PlaybookReporter, RecapRow, Stats } from '../base/playbook-events.js';
import type { ShownResults } from '../inventory/ansible-config.js';
import { foldHosts } from '../inventory/fold.js';
import { AnsibleOutput } from '../ui/ansible-output.js';
import { PlaybookEventLines } from '../ui/playbook-event-lines.js';
import { PlaybookJson } from '../ui/playbook-json.js';
import { PlaybookJunit } from '../ui/playbook-junit.js';
import { TaskView } from '../ui/task-view.js';
import { LiveLines } from './live-lines.js';

interface OutputOptions {
  readonly json: boolean;
  readonly events?: string | undefined;
  readonly junit?: string | undefined;
  readonly diff: boolean;
  readonly verbose?: number | undefined;
  readonly playbooks: readonly string[];
  readonly shownResults?: ShownResults | undefined;
}

export interface RunOutput {
  readonly reporter: PlaybookReporter;
  readonly view: TaskView | undefined;
  /** @throws FleetTapError kind `host` where a file cannot be written: the play has been played */
  finish(recap: readonly RecapRow[], custom?: Stats): Promise<void>;
}

export function openOutput(options: OutputOptions, stdout: Writable & { readonly isTTY?: boolean }, stderr: Writable): RunOutput {
  const verbosity = options.verbose ?? 0;
  const now = () => new Date();
  const json = options.json ? new PlaybookJson(now) : undefined;
  const view = json === undefined && stdout.isTTY === true && verbosity === 0 ? new TaskView(stderr, foldHosts) : undefined;
  const live = json === undefined && stdout.isTTY === true && verbosity > 0 ? new LiveLines(stderr) : undefined;
  const junit = options.junit === undefined ? undefined : new PlaybookJunit();
  const file = options.events === undefined ? undefined : createWriteStream(options.events, { mode: 0o600 });
  let broken: Error | undefined;
  file?.on('error', (error) => {
    broken ??= error;
  });
  const events = file === undefined ? undefined : new PlaybookEventLines(file, now);
  const first: PlaybookReporter = json ?? view ?? new AnsibleOutput(stdout, stderr, { verbosity, ...options.shownResults });
  const finish = async (recap: readonly RecapRow[], custom?: Stats): Promise<void> => {
    if (json !== undefined) stdout.write(`${json.text(recap, options.shownResults?.stats === true ? custom : undefined)}\n`);
    events?.ended(recap);
    if (file !== undefined) await new Promise<void>((resolve) => file.end(() => resolve()).once('error', () => resolve()));
    const failed = (path: string, cause: Error) => new FleetTapError('host', 'output-failed', `${path} cannot be written: ${fileReason(cause, 'its folder is gone')}`, { cause });
    if (broken !== undefined) throw failed(options.events ?? '', broken);
    if (junit !== undefined && options.junit !== undefined) {
      const path = options.junit;
      await writeFile(path, junit.xml(`fleet-tap run ${options.playbooks.join(' ')}`), { mode: 0o600 }).catch((cause: Error) => {
        throw failed(path, cause);
      });
    }
  };
  return { reporter: allOf([first, live, events, junit].filter((one) => one !== undefined)), view, finish };
}

export function allOf(reporters: readonly PlaybookReporter[]): PlaybookReporter {
  const each = (tell: (one: PlaybookReporter) => void) => {
    for (const one of reporters) tell(one);
  };
  const watching = reporters.find((one) => one.programStarted !== undefined)?.programStarted;
  return {
    ...(watching === undefined ? {} : { programStarted: watching }),
    playStarted: (play) => each((one) => one.playStarted(play)),
    taskStarted: (task) => each((one) => one.taskStarted(task)),
    taskResult: (event) => each((one) => one.taskResult(event)),
    taskFinished: (name) => each((one) => one.taskFinished(name)),
    warning: (message) => each((one) => one.warning(message)),
    noHosts: (which) => each((one) => one.noHosts?.(which)),
    included: (file, hosts, item) => each((one) => one.included?.(file, hosts, item)),
    retrying: (event) => each((one) => one.retrying?.(event)),
    notified: (handler, host) => each((one) => one.notified?.(handler, host)),
    note: (line) => each((one) => one.note?.(line)),
  };
}
