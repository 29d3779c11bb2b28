// One `!vault` value of an inventory: what is encrypted, and where it stands. It stays so until a host that has it is used.
import type { Place } from '../base/errors.js';

export class VaultText {
  /** From `$ANSIBLE_VAULT;` on, as it is written. */
  readonly ciphertext: string;
  readonly place: Place;

  constructor(ciphertext: string, place: Place) {
    this.ciphertext = ciphertext;
    this.place = place;
  }
}
