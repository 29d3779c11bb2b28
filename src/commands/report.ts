// fleet-tap report: recordings or logs → one HTML page that a person can look at.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Summary } from '../report/summary.js';
import type { CommandContext, ExitStatus } from './context.js';
import { checkWritable } from './open-sinks.js';
import { readRecords } from './read-records.js';
import { writeReport } from './report-sink.js';

export interface ReportOptions {
  readonly files: readonly string[];
  readonly output: string;
  /** Shows the page in the person's browser. */
  readonly open: boolean;
}

export async function report(options: ReportOptions, context: CommandContext): Promise<ExitStatus> {
  await checkWritable(options.output);
  const summary = new Summary();
  const { status, originSec, hosts } = await readRecords(options.files, context, (record) => summary.add(record));
  if (status === 130) return status;
  for (const host of hosts) summary.addHost(host.name, host);
  await writeReport(options.output, summary, options.files, originSec);
  context.stderr.write(`${options.output}\n`);
  if (options.open) openInBrowser(options.output);
  return status;
}

/** Nobody waits for it: what it prints and how it ends is the browser's business. */
function openInBrowser(file: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [pathToFileURL(resolve(file)).href], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
