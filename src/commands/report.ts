// fleet-tap report: recordings or logs → one HTML page that a person can look at.
import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FleetTapError } from '../base/errors.js';
import { RECORDING_START } from '../capture/recording-format.js';
import { readLog } from '../report/read-log.js';
import { Summary } from '../report/summary.js';
import type { CommandContext, ExitStatus } from './context.js';
import { playRecordings } from './merge.js';
import { checkWritable } from './open-sinks.js';
import { ReportSink, writeReport } from './report-sink.js';

export interface ReportOptions {
  readonly files: readonly string[];
  readonly output: string;
  /** Shows the page in the person's browser. */
  readonly open: boolean;
}

export async function report(options: ReportOptions, context: CommandContext): Promise<ExitStatus> {
  await checkWritable(options.output);
  const kinds = await Promise.all(options.files.map(isRecording));
  if (kinds.includes(true) && kinds.includes(false)) {
    throw new FleetTapError('input', 'report-mixed', 'recordings and logs cannot go into one report: their hosts would be counted twice', { hint: 'name recordings only, or logs only' });
  }
  const status = kinds.includes(true) ? await ofRecordings(options, context) : await ofLogs(options, context);
  if (status === 130) return status;
  context.stderr.write(`${options.output}\n`);
  if (options.open) openInBrowser(options.output);
  return status;
}

async function ofRecordings({ files, output }: ReportOptions, context: CommandContext): Promise<ExitStatus> {
  return playRecordings({ files, order: 'recorded' }, context, async ({ originSec }) => [new ReportSink(output, files, originSec)]);
}

async function ofLogs({ files, output }: ReportOptions, context: CommandContext): Promise<ExitStatus> {
  const summary = new Summary();
  let originSec: number | undefined;
  for (const file of files) {
    await readLog(file, originSec, (records, origin) => {
      if (!Number.isNaN(origin)) originSec ??= origin;
      for (const record of records) summary.add(record);
      context.interrupted.throwIfAborted();
    }).catch((error: unknown) => {
      if (!context.interrupted.aborted) throw error;
    });
    if (context.interrupted.aborted) return 130;
  }
  await writeReport(output, summary, files, originSec ?? 0);
  return 0;
}

async function isRecording(file: string): Promise<boolean> {
  try {
    if ((await stat(file)).isDirectory()) return true;
    const handle = await open(file);
    const head = Buffer.alloc(RECORDING_START.length);
    await handle.read(head, 0, head.length, 0).finally(() => handle.close());
    return head.equals(RECORDING_START);
  } catch (cause) {
    throw new FleetTapError('input', 'log-unreadable', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Nobody waits for it: what it prints and how it ends is the browser's business. */
function openInBrowser(file: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [pathToFileURL(resolve(file)).href], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
