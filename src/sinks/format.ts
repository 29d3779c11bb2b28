// What a format is to a file: bytes at its beginning, bytes for rows, bytes at its end. Each file of a rotated log is whole by itself.
import type { AddressNames } from '../base/address-names.js';
import type { MergedRows } from '../base/merged-rows.js';

export interface LogFormat {
  begin(): Uint8Array;
  /** Rows in order; their bytes end where a row ends. A promise when another thread makes them: one call after the other, and it is never rejected. */
  format(rows: MergedRows): Uint8Array | Promise<Uint8Array>;
  /** Takes bytes of `format` back, for the next ones: they are written, and nobody needs them any more. */
  recycle?(bytes: Uint8Array): void;
  end(): Uint8Array;
  /** Nothing more will be formatted. */
  close?(): void;
}

export interface FormatOptions {
  readonly originSec: number;
  /** Length of the longest host name. */
  readonly hostWidth: number;
  /** Hosts in the inventory's order, with what is known of each (codename, kernel); others may come. */
  readonly hosts: readonly { readonly name: string; readonly description: string }[];
  /** The capture shows what hosts send, not what they receive. */
  readonly outgoing: boolean;
  /** Whose address each is, beside the addresses (--names). */
  readonly names?: AddressNames | undefined;
}

export const NOTHING = new Uint8Array(0);
