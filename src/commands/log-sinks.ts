// Where the log goes: standard output, and each -o FILE.
import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import type { Sink } from '../sinks/sink.js';
import { TextFormat, type TextFormatOptions } from '../sinks/text.js';
import { openTextFile, TextSink } from '../sinks/text-sink.js';
import type { CommandContext } from './context.js';

export async function openSinks(files: readonly string[], format: TextFormatOptions, context: CommandContext, onReaderGone: () => void): Promise<Sink[]> {
  const sinks: Sink[] = [new TextSink('stdout', context.stdout, false, format, onReaderGone)];
  for (const file of files.filter((name) => name !== '-')) sinks.push(await openTextFile(file, format));
  if (context.stdout.isTTY === true) context.stderr.write(`${new TextFormat(format).header()}\n`);
  return sinks;
}

/** Known before any work is done, not after. Nothing is made or changed here. @throws FleetTapError kind `input` */
export async function checkWritable(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  const exists = await access(file).then(() => true, () => false);
  await access(exists ? file : folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? `there is no folder ${folder}` : error.message;
    throw new FleetTapError('input', 'output-unwritable', `${file} cannot be written: ${reason}`, { hint: 'make the folder, or name another file: -o FILE' });
  });
}
