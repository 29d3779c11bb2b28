// What comes in: -o, --format and the rules for files. What goes out: the sinks of a capture, their files open.
// Standard output gets the log, but for one case: a person sits at it and the log goes to a file; they see the live view instead.
import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { checkCompression } from '../sinks/compressor.js';
import type { FormatOptions } from '../sinks/format.js';
import { FORMATS, type FormatName, formatFor } from '../sinks/index.js';
import { LogFile } from '../sinks/log-file.js';
import type { FsyncPolicy } from '../sinks/part-file.js';
import type { Sink } from '../sinks/sink.js';
import { StreamSink } from '../sinks/stream-sink.js';
import { TextFormat } from '../sinks/text.js';
import type { CommandContext } from './context.js';

export interface OutputOptions {
  /** Files; `-` is standard output. */
  readonly output: readonly string[];
  /** Wins over what a file's name says; the format on standard output, by default text. */
  readonly format?: FormatName | undefined;
  readonly rotateSize?: number | undefined;
  /** Seconds. */
  readonly rotateTime?: number | undefined;
  readonly fsync?: FsyncPolicy | undefined;
}

const filesOf = (options: OutputOptions) => options.output.filter((name) => name !== '-');

/** Known before anything is compiled, not after. Nothing is made or changed here. @throws FleetTapError kind `input` */
export async function checkOutputs(options: OutputOptions, isOurs: boolean): Promise<void> {
  const seen = new Set<string>();
  for (const file of filesOf(options)) {
    const path = resolve(file);
    if (seen.has(path)) throw new FleetTapError('input', 'output-twice', `${file} is named twice: two logs in one file`, { hint: 'name another file: -o FILE' });
    seen.add(path);
    const { format, compression } = formatFor(file, options.format);
    refuseWithoutPackets(format, isOurs);
    await checkCompression(file, compression);
    await checkWritable(file);
  }
  refuseWithoutPackets(options.format ?? 'text', isOurs);
}

/** A file that a command will write at its end. Nothing is made or changed here. @throws FleetTapError kind `input` */
export async function checkWritable(file: string): Promise<void> {
  const exists = await stat(file).then((found) => !found.isFile(), () => false);
  const folder = dirname(resolve(file));
  // A regular file is made anew beside the old one (log-file.ts): its folder counts.
  await access(exists ? file : folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? `there is no folder ${folder}` : error.message;
    throw new FleetTapError('input', 'output-unwritable', `${file} cannot be written: ${reason}`, { hint: 'make the folder, or name another file: -o FILE' });
  });
}

function refuseWithoutPackets(format: FormatName, isOurs: boolean): void {
  if (format === 'pcapng' && !isOurs) throw new FleetTapError('input', 'format', 'pcapng holds packets, and another script prints only text', { hint: 'write its lines to .log, .jsonl or .csv' });
}

/** Whether a person sees the live view instead of lines. */
export function showsLiveView(options: OutputOptions, context: CommandContext): boolean {
  return context.stdout.isTTY === true && options.output.length > 0 && !options.output.includes('-');
}

/** @param onReaderGone nobody reads standard output any more */
export async function openSinks(options: OutputOptions, format: FormatOptions, context: CommandContext, onReaderGone: () => void): Promise<Sink[]> {
  const sinks: Sink[] = [];
  if (!showsLiveView(options, context)) {
    const name = options.format ?? 'text';
    sinks.push(new StreamSink('stdout', context.stdout, FORMATS[name](format), onReaderGone));
    if (context.stdout.isTTY === true && name === 'text') {
      context.stderr.write(`${new TextFormat(format).header()}\n`);
    }
  }
  for (const file of filesOf(options)) {
    const chosen = formatFor(file, options.format);
    const rotation = { sizeBytes: options.rotateSize, timeSec: options.rotateTime };
    sinks.push(await LogFile.open(file, FORMATS[chosen.format](format), { compression: chosen.compression, fsync: options.fsync ?? 'end', rotation, originSec: format.originSec }));
  }
  return sinks;
}
