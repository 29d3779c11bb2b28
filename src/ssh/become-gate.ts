// What comes in: attempts to become a user on one host. What goes out: the same, but so that a wrong password is tried once.
// Guaranteed: with a password, the first attempt goes alone; when it was refused for the password, nobody tries again (accounts get locked
// after three); once it was right, all go at once.
import { FleetTapError } from '../base/errors.js';
import type { Become } from '../inventory/become.js';

export class BecomeGate {
  #first: Promise<void> | undefined;
  #isOpen = false;
  #refusal: FleetTapError | undefined;

  /** @throws what `attempt` throws, and the refusal again that an earlier one met */
  async pass<T>(identity: Become | undefined, attempt: () => Promise<T>): Promise<T> {
    if (identity?.password === undefined) return attempt();
    while (!this.#isOpen && this.#first !== undefined) await this.#first;
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#isOpen) return attempt();
    let done: () => void = () => {};
    this.#first = new Promise((resolve) => {
      done = resolve;
    });
    try {
      const passed = await attempt();
      this.#isOpen = true;
      return passed;
    } catch (error) {
      if (error instanceof FleetTapError && error.code === 'become-password-wrong') this.#refusal = error;
      throw error;
    } finally {
      this.#first = undefined;
      done();
    }
  }
}
