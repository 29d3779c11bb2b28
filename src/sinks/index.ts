// The formats, and which one a file's name asks for.
import { FleetTapError } from '../base/errors.js';
import type { Compression } from './compressor.js';
import { CsvFormat } from './csv.js';
import type { FormatOptions, LogFormat } from './format.js';
import { JsonlFormat } from './jsonl.js';
import { NamedTextFormat } from './named-text.js';
import { PcapngFormat } from './pcapng.js';
import { ThreadedText } from './threaded-text.js';

export const FORMATS = {
  text: (options: FormatOptions): LogFormat => {
    if (options.names !== undefined) return new NamedTextFormat(options, options.names);
    return new ThreadedText({ originSec: options.originSec, hostWidth: options.hostWidth });
  },
  jsonl: (options: FormatOptions): LogFormat => new JsonlFormat(options),
  csv: (options: FormatOptions): LogFormat => new CsvFormat(options),
  pcapng: (options: FormatOptions): LogFormat => new PcapngFormat(options),
} as const;

export type FormatName = keyof typeof FORMATS;

const BY_EXTENSION: Readonly<Record<string, FormatName>> = { log: 'text', txt: 'text', jsonl: 'jsonl', ndjson: 'jsonl', csv: 'csv', pcapng: 'pcapng' };

/**
 * `fleet.jsonl.gz` → JSONL, gzip.
 * @param wanted --format, which wins over the name
 * @throws FleetTapError kind `input` for an ending that nobody writes
 */
export function formatFor(file: string, wanted?: FormatName): { readonly format: FormatName; readonly compression: Compression } {
  const match = /^(.*?)(?:\.(gz|zst))?$/i.exec(file);
  const compression = match?.[2] === undefined ? undefined : match[2].toLowerCase() === 'gz' ? 'gzip' : 'zstd';
  const base = (match?.[1] ?? file).split('/').at(-1) ?? '';
  const ending = /.\.([^.]+)$/.exec(base)?.[1]?.toLowerCase();
  const known = wanted ?? (ending === undefined ? 'text' : BY_EXTENSION[ending]);
  if (known === undefined) {
    throw new FleetTapError('input', 'format', `nothing is known of files that end in .${ending}: ${file}`, { hint: `--format ${Object.keys(FORMATS).join(', ')} says what to write; or end it in .${Object.keys(BY_EXTENSION).join(', .')}` });
  }
  return { format: known, compression };
}
