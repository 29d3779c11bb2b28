// What every command gets from cli.ts: where to write, what the person can be asked, and when to stop.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { WhileAsked } from './terminal.js';

export interface CommandContext {
  /** Results: what a program or a pipe reads. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Progress, warnings and errors: what the person reads. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** The person pressed Ctrl-C, or the program was asked to end. */
  readonly interrupted: AbortSignal;
  /** Puts a yes/no question; undefined without a terminal. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
  /** Puts a question whose answer is not shown (a password, a passphrase); undefined without a terminal. */
  readonly askSecret: ((prompt: string) => Promise<string>) | undefined;
  /** Puts a question whose answer is shown while it is typed. */
  readonly askLine?: ((prompt: string) => Promise<string>) | undefined;
  /** Whoever draws on the terminal says here how it makes room for a question. */
  readonly drawnBy?: ((whileAsked: WhileAsked) => void) | undefined;
  readonly agentSocket: string | undefined;
  /** Where compiled kernel modules are kept. */
  readonly cacheDirectory: string;
  /** Where run directories are made. */
  readonly stateDirectory: string;
  /** The command line, without the program's name. */
  readonly words: readonly string[];
  /** What somebody sends us; undefined when it is a terminal or nothing. Whoever opens it must read it or destroy it. */
  readonly openStdin?: (() => Readable | undefined) | undefined;
}

/** DESIGN section 2. */
export type ExitStatus = 0 | 1 | 2 | 4 | 130;

/** `$XDG_CACHE_HOME/fleet-tap` (XDG Base Directory Specification). */
export function defaultCacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base?.startsWith('/') === true ? base : join(homedir(), '.cache'), 'fleet-tap', 'kernel-modules');
}
