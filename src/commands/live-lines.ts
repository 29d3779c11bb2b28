// What comes in: the output of programs that tasks run, as it comes. What goes out: their lines on standard error, each behind its host's name, for a person
// who watches (-v on a terminal).
import type { Writable } from 'node:stream';
import type { PlaybookReporter, ProgramOutput } from '../base/playbook-events.js';
import { LabelledLines } from './labelled-lines.js';

export class LiveLines implements PlaybookReporter {
  readonly #lines: LabelledLines;

  constructor(stderr: Writable) {
    this.#lines = new LabelledLines({ stdout: stderr, stderr }, false);
  }

  readonly programStarted = (host: string): ProgramOutput => this.#lines.forHost(host);

  playStarted(): void {}

  taskStarted(): void {}

  taskResult(): void {}

  taskFinished(): void {}

  warning(): void {}
}
