// What comes in: pieces of each host's output. What goes out: its lines as they come, each behind its host's name; or as JSON, one a line.
// Guaranteed: lines are never mixed or cut at a chunk's end; control characters of a host reach no terminal.
import { LineSplitter, type SplitLine } from '../capture/line-splitter.js';
import { printable } from '../base/host-text.js';
import { jsonText } from '../base/json-text.js';
import type { CommandContext } from './context.js';
import { type HostOutcome, jsonOf } from './exec-report.js';

const LINE_LIMIT_BYTES = 1024 * 1024;
/** Lines of standard error that are kept for the summary. */
const LAST_LINES = 3;

type StreamName = 'stdout' | 'stderr';

export interface HostLines {
  push(name: StreamName, bytes: Buffer): void;
  /** Writes what stands without a newline at the end. @param outcome for JSON */
  end(outcome?: HostOutcome): void;
  lastStderr(): Buffer;
}

export class LabelledLines {
  readonly #context: Pick<CommandContext, 'stdout' | 'stderr'>;
  readonly #json: boolean;

  constructor(context: Pick<CommandContext, 'stdout' | 'stderr'>, json: boolean) {
    this.#context = context;
    this.#json = json;
  }

  forHost(host: string): HostLines {
    const splitters = { stdout: new LineSplitter(LINE_LIMIT_BYTES), stderr: new LineSplitter(LINE_LIMIT_BYTES) };
    let last: string[] = [];
    const write = (name: StreamName, lines: readonly SplitLine[]): void => {
      if (lines.length === 0) return;
      const texts = lines.map(({ text, skippedBytes }) => (skippedBytes === 0 ? text : `${text} [${skippedBytes} bytes more]`));
      if (name === 'stderr') last = [...last, ...texts.slice(-LAST_LINES)].slice(-LAST_LINES);
      if (this.#json) this.#context.stdout.write(texts.map((line) => `${jsonText({ host, stream: name, line })}\n`).join(''));
      else this.#context[name].write(texts.map((text) => `${host}: ${printable(text)}\n`).join(''));
    };
    return {
      push: (name, bytes) => write(name, splitters[name].push(bytes)),
      end: (outcome) => {
        for (const name of ['stdout', 'stderr'] as const) {
          const rest = splitters[name].end();
          if (rest !== undefined) write(name, [rest]);
        }
        if (!this.#json || outcome === undefined) return;
        const { stdout: _stdout, stderr: _stderr, ...about } = jsonOf(outcome);
        this.#context.stdout.write(`${jsonText(about)}\n`);
      },
      lastStderr: () => Buffer.from(last.join('\n')),
    };
  }
}
