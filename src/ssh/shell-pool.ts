// What comes in: a transport and whom to become. What goes out: framed shells that are free, started when first wanted.
// Guaranteed: at most SHELLS_AT_ONCE, so that a long command does not hold up short ones until so many of them run; fewer where sshd allows fewer
// (MaxSessions), then they queue; an idle shell of one identity makes room for another's.
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetTapError } from '../base/errors.js';
import type { Become } from '../inventory/become.js';
import type { BecomeGate } from './become-gate.js';
import { FramedShell } from './framed-shell.js';
import { openScript, type RunningScript } from './open-script.js';
import type { Transport } from './transport.js';

/** Streams, scripts with long inputs and one shell to end others come on top; sshd's MaxSessions is 10. */
const SHELLS_AT_ONCE = 4;

/** sshd counts a session until it has seen its process end, which may be after it closed the channel: so long a refusal may be meant for that one. */
const FREED_MS = 2_000;
const FREED_AGAIN_MS = 50;

/** undefined: the login itself. */
export type Identity = Become | undefined;

export class ShellPool {
  readonly #transport: Transport;
  readonly #gate: BecomeGate;
  readonly #idle: { shell: FramedShell; identity: Identity }[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Channels: idle, starting or busy. */
  #open = 0;
  #limit: number;
  #freedAtMs = Number.NEGATIVE_INFINITY;

  constructor(transport: Transport, gate: BecomeGate, limit = SHELLS_AT_ONCE) {
    this.#transport = transport;
    this.#gate = gate;
    this.#limit = limit;
  }

  /** Gives a shell to `use`, and takes it back. @throws what `use` throws, and FleetTapError as `openScript` */
  async with<T>(identity: Identity, use: (shell: FramedShell) => Promise<T>): Promise<T> {
    const shell = (await this.#takeIdle(identity)) ?? (await this.#start(identity, () => FramedShell.open(this.#transport, identity)));
    try {
      return await use(shell);
    } finally {
      if (shell.usable) this.#idle.push({ shell, identity });
      else this.#freed();
      this.#wakeOne();
    }
  }

  /** The same for a script with a channel of its own, which counts as a shell until `use` is over. */
  async withOwn<T>(script: string, identity: Identity, onSent: (() => void) | undefined, use: (running: RunningScript) => Promise<T>): Promise<T> {
    const running = await this.#start(identity, () => openScript(this.#transport, script, identity, { onSent }));
    try {
      return await use(running);
    } finally {
      this.#freed();
      this.#wakeOne();
    }
  }

  /** Waits only where neither an idle shell nor room for another is there. */
  async #takeIdle(identity: Identity): Promise<FramedShell | undefined> {
    for (;;) {
      const at = this.#idle.findIndex((one) => one.identity === identity);
      const found = at === -1 ? undefined : this.#idle.splice(at, 1)[0];
      if (found?.shell.usable === true) return found.shell;
      if (found !== undefined) this.#freed();
      else if (this.#open < this.#limit || this.#idle.length > 0) return undefined;
      else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  async #start<T>(identity: Identity, open: () => Promise<T>): Promise<T> {
    for (;;) {
      while (this.#open >= this.#limit) {
        const idle = this.#idle.shift();
        if (idle === undefined) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
        else {
          await idle.shell.retire();
          this.#freed();
        }
      }
      this.#open += 1;
      try {
        return await this.#gate.pass(identity, open);
      } catch (error) {
        this.#open -= 1;
        const isFull = error instanceof FleetTapError && error.code === 'channel-refused';
        if (isFull && this.#open > 0) this.#limit = Math.min(this.#limit, this.#open);
        else if (isFull && performance.now() - this.#freedAtMs < FREED_MS) await sleep(FREED_AGAIN_MS);
        else {
          this.#wakeOne();
          throw error;
        }
      }
    }
  }

  #freed(): void {
    this.#open -= 1;
    this.#freedAtMs = performance.now();
  }

  #wakeOne(): void {
    this.#waiting.shift()?.();
  }
}
