// fleet-tap report: recordings or logs → one HTML page that a person can look at.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  await checkWritable(options.output, options.files);
  const summary = new Summary();
  const { status, originSec, hosts } = await readRecords(options.files, context, (record) => summary.add(record));
  if (status === 130) return status;
  for (const host of hosts) summary.addHost(host.name, host);
  await writeReport(options.output, summary, options.files, originSec);
  context.stderr.write(`${options.output}\n`);
  if (options.open) await openInBrowser(options.output, context);
  return status;
}

/** Once it runs nobody waits for it: what it prints and how it ends is the browser's business. */
async function openInBrowser(file: string, context: CommandContext): Promise<void> {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const { href } = pathToFileURL(resolve(file));
  const child = spawn(program, [href], { stdio: 'ignore', detached: true });
  child.unref();
  try {
    await once(child, 'spawn');
  } catch (error) {
    context.stderr.write(`warning: --open: ${program} cannot be run (${(error as Error).message}); open ${href} in a browser\n`);
  }
}
