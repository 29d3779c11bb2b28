// Where the fleet's log goes. Several sinks may run at once; each counts what it has written, and what not.
import type { FleetTapError } from '../base/errors.js';
import type { MergedRows } from '../base/merged-rows.js';

export interface Sink {
  /** For messages: `stdout`, or the file's name. */
  readonly name: string;
  /** Records written so far, markers included. */
  readonly written: number;
  /** Rows that it was given and could not write. */
  readonly missed: number;
  /** Why it cannot be written any more; the others go on. */
  readonly failure: FleetTapError | undefined;
  /** Its reader went away (a closed pipe): what came afterwards was not wanted any more. */
  readonly abandoned: boolean;
  /**
   * Takes rows in order; they are valid until this call has settled (base/merged-rows.ts).
   * @returns a promise when the sink is behind: wait for it before the next write
   */
  write(rows: MergedRows): Promise<void> | undefined;
  /** Writes what is buffered and closes. */
  close(): Promise<void>;
}
