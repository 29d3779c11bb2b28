// What comes in: merged rows, and whose address each is (--names). What goes out: the text log's lines, each packet's with its ends by name behind:
//   … 0 1 0 0 1 0  web01:443 → db02:5432
// Guaranteed: what stands before is the line without --names; an address that is nobody's stands as it is.
import type { AddressNames } from '../base/address-names.js';
import { printable } from '../base/host-text.js';
import { type MergedRows, recordsOf } from '../base/merged-rows.js';
import { type FormatOptions, type LogFormat, NOTHING } from './format.js';
import { TextFormat } from './text.js';

export class NamedTextFormat implements LogFormat {
  readonly #text: TextFormat;
  readonly #names: AddressNames;

  constructor(options: FormatOptions, names: AddressNames) {
    this.#text = new TextFormat(options);
    this.#names = names;
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  format(rows: MergedRows): Uint8Array {
    const lines = this.#text.format(rows).toString('utf8').split('\n');
    let at = 0;
    for (const record of recordsOf(rows)) {
      if (record.type === 'packet') lines[at] += `  ${this.#end(record.source, record.sourcePort)} → ${this.#end(record.destination, record.destinationPort)}`;
      at += 1;
    }
    return Buffer.from(lines.join('\n'));
  }

  end(): Uint8Array {
    return NOTHING;
  }

  #end(address: string, port: number): string {
    const name = this.#names.get(address);
    if (name !== undefined) return `${printable(name)}:${port}`;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  }
}
