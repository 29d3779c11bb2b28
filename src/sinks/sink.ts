// Where the fleet's log goes. Several sinks may run at once; each counts what it has written.
import type { MergedRows } from '../base/merged-rows.js';

export interface Sink {
  /** For messages: `stdout`, or the file's name. */
  readonly name: string;
  /** Records written so far, markers included. */
  readonly written: number;
  /** Its reader went away (a closed pipe): what came afterwards was not wanted any more. */
  readonly abandoned: boolean;
  /**
   * Takes rows in order; they are valid until this call has settled (base/merged-rows.ts).
   * @returns a promise when the sink is behind: wait for it before the next write
   * @throws FleetTapError when it cannot be written any more (a full disk)
   */
  write(rows: MergedRows): Promise<void> | undefined;
  /** Writes what is buffered and closes. */
  close(): Promise<void>;
}
