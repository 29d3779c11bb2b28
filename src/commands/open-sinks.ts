// What comes in: -o, --format and the rules for files. What goes out: the sinks of a capture, their files open.
// Standard output gets the log, but for one case: a person sits at it and the log goes to a file; they see the live view instead.
import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { checkCompression } from '../sinks/compressor.js';
import type { FormatOptions } from '../sinks/format.js';
import { FORMATS, type FormatName, formatFor } from '../sinks/index.js';
import { LogFile } from '../sinks/log-file.js';
import type { FsyncPolicy } from '../sinks/part-file.js';
import type { Sink } from '../sinks/sink.js';
import { StreamSink } from '../sinks/stream-sink.js';
import { TextFormat } from '../sinks/text.js';
import type { WhenFull } from '../merge/merger.js';
import type { CommandContext } from './context.js';
import type { QueueLimits } from './fleet-log.js';
import type { LatePolicy } from './late-rows.js';
import { RECORDING_FILE } from './recorder.js';

export interface OutputOptions {
  /** Files; `-` is standard output. */
  readonly output: readonly string[];
  /** Wins over what a file's name says; the format on standard output, by default text. */
  readonly format?: FormatName | undefined;
  readonly rotateSize?: number | undefined;
  /** Seconds. */
  readonly rotateTime?: number | undefined;
  readonly fsync?: FsyncPolicy | undefined;
  /** Host names beside addresses. */
  readonly names?: boolean | undefined;
}

/** Lines that come late, and more than fits: as typed. */
export interface QueueOptions {
  /** `mark`, `drop`, or a file. */
  readonly late?: string | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
  /** A folder, or `none`. */
  readonly spill?: string | undefined;
  readonly spillSize?: number | undefined;
  readonly whenFull?: WhenFull | undefined;
}

export function lateOf({ late }: QueueOptions): LatePolicy | undefined {
  return late === undefined || late === 'mark' || late === 'drop' ? late : 'file';
}

export function limitsOf({ memory, spill, spillSize, whenFull }: QueueOptions): QueueLimits {
  return { memoryBytes: memory, spillBytes: spill === 'none' ? 0 : spillSize, spillFolder: spill === 'none' ? undefined : spill, whenFull };
}

/** The file that late lines go to, if one was named. */
function lateFile(options: QueueOptions): string | undefined {
  return lateOf(options) === 'file' ? options.late : undefined;
}

const filesOf = (options: OutputOptions) => options.output.filter((name) => name !== '-');

/** What else the command reads and writes. */
interface OtherFiles {
  /** The page of --report. */
  readonly report?: string | undefined;
  readonly inputs?: readonly string[];
}

/** Known before anything is compiled, not after. Nothing is made or changed here. @throws FleetTapError kind `input` */
export async function checkOutputs(options: OutputOptions & QueueOptions, isOurs: boolean, { report, inputs = [] }: OtherFiles = {}): Promise<void> {
  if (options.spill !== undefined && options.spill !== 'none') {
    const folder = resolve(options.spill);
    // With a slash: a file is no folder, whatever its mode.
    await access(`${folder}/`, constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw new FleetTapError('input', 'spill-unwritable', `--spill: ${folder} cannot be written to: ${fileReason(error, 'there is no such folder')}`, { hint: 'name a folder with room, or  --spill none' });
    });
  }
  const late = lateFile(options);
  const logs = [...filesOf(options), ...(late === undefined ? [] : [late])];
  refuseTwice([...logs, ...(report === undefined ? [] : [report])]);
  refuseRotationOfNothing(options, logs);
  for (const file of logs) {
    const { format, compression } = formatFor(file, options.format);
    refuseWithoutPackets(format, isOurs);
    await checkCompression(file, compression);
    await checkWritable(file, inputs);
  }
  if (report !== undefined) await checkWritable(report);
  refuseWithoutPackets(options.format ?? 'text', isOurs);
}

/** @throws FleetTapError kind `input` */
export function refuseTwice(files: readonly string[]): void {
  const seen = new Set<string>();
  for (const file of files) {
    const path = resolve(file);
    if (seen.has(path)) throw new FleetTapError('input', 'output-twice', `${file} is named twice, and one file cannot hold both`, { hint: 'name another file for one of them' });
    seen.add(path);
  }
}

/** A rule for files that changes nothing is a slip: the log would grow where it was to be cut. */
function refuseRotationOfNothing({ rotateSize, rotateTime }: OutputOptions, files: readonly string[]): void {
  if (files.length > 0 || (rotateSize === undefined && rotateTime === undefined)) return;
  throw new FleetTapError('input', 'options-contradict', `${rotateSize === undefined ? '--rotate-time' : '--rotate-size'} is for files, and none is named`, { hint: 'name one: -o FILE' });
}

/** A file that a command will write. Nothing is made or changed here. @param inputs what the command reads: they are not for writing. @throws FleetTapError kind `input` */
export async function checkWritable(file: string, inputs: readonly string[] = []): Promise<void> {
  const refuse = (reason: string, hint: string) => new FleetTapError('input', 'output-unwritable', `${file} cannot be written: ${reason}`, { hint });
  if (file === '-') throw refuse('this goes into a file, not to standard output', 'name a file; ./- is one of that name');
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory() === true) throw refuse('it is a folder', `name a file in it: ${join(file, 'NAME')}`);
  for (const input of inputs) {
    const read = await stat(input).catch(() => undefined);
    const isRead = read !== undefined && found !== undefined && found.dev === read.dev && found.ino === read.ino;
    // A folder is a recording's; what is in it is not for writing either.
    const isInside = read?.isDirectory() === true && basename(file) === RECORDING_FILE && resolve(dirname(file)) === resolve(input);
    if ((isRead && found.isFile()) || isInside) throw new FleetTapError('input', 'output-is-input', `${file} would be written over what is read: ${input}`, { hint: 'name another file to write' });
  }
  const folder = dirname(resolve(file));
  // A regular file is made anew beside the old one (log-file.ts): its folder counts.
  await access(found === undefined || found.isFile() ? folder : file, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw refuse(fileReason(error, `there is no folder ${folder}`), 'make the folder, or name another file');
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
export async function openSinks(options: OutputOptions, known: FormatOptions, context: CommandContext, onReaderGone: () => void): Promise<Sink[]> {
  const sinks: Sink[] = [];
  const format = namedOnlyIfAsked(options, known);
  if (!showsLiveView(options, context)) {
    const name = options.format ?? 'text';
    sinks.push(new StreamSink('stdout', context.stdout, FORMATS[name](format), onReaderGone));
    if (context.stdout.isTTY === true && name === 'text') {
      context.stderr.write(`${new TextFormat(format).header()}\n`);
    }
  }
  for (const file of filesOf(options)) {
    sinks.push(await openFile(file, options, format));
  }
  return sinks;
}

/** The log of late lines. */
export async function openLateSink(options: OutputOptions & QueueOptions, format: FormatOptions): Promise<Sink | undefined> {
  const file = lateFile(options);
  return file === undefined ? undefined : openFile(file, options, namedOnlyIfAsked(options, format));
}

function namedOnlyIfAsked({ names }: OutputOptions, format: FormatOptions): FormatOptions {
  return names === true ? format : { ...format, names: undefined };
}

function openFile(file: string, options: OutputOptions, format: FormatOptions): Promise<LogFile> {
  const chosen = formatFor(file, options.format);
  const rotation = { sizeBytes: options.rotateSize, timeSec: options.rotateTime };
  return LogFile.open(file, FORMATS[chosen.format](format), { compression: chosen.compression, fsync: options.fsync ?? 'end', rotation, originSec: format.originSec });
}
