// The shape of every file beside this one: a command for the host, and a pure parser of what it prints.
import type { HostText } from '../base/host-text.js';
import type { Facts } from './facts.js';

export interface Fact {
  /** Lower case with hyphens; frames the answer. */
  readonly name: string;
  /**
   * POSIX sh: dash, bash, busybox. It may be missing half of its tools, runs with standard error closed off, in one shell with the
   * others (so it never calls `exit` or `exec`), and finds the running kernel's release in `$release`.
   */
  readonly command: string;
  /** Pure; never throws: what cannot be read is null, empty or left out. */
  readonly parse: (output: HostText) => Partial<Facts>;
}
