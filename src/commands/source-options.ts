// The options that say which inventories are read and how: what the commands that work on hosts share with the one that prints them.
import type { Vars } from '../inventory/host.js';
import type { InventoryRules } from '../inventory/load.js';
import type { UnknownNames } from '../inventory/pattern.js';
import type { VaultOptions } from './vault-options.js';

export interface SourceOptions extends VaultOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  /** Whose group_vars/ and host_vars/ go over those of the inventory; default: the folder we are in. */
  readonly playbookDir?: string | undefined;
  /** -e: over every other variable; as typed, or read already. */
  readonly extraVars?: Vars | readonly string[] | undefined;
  /** How often -v was given. */
  readonly verbose?: number | undefined;
  /** The ansible.cfg that was read. */
  readonly configFile?: string | undefined;
  /** What it says of reading inventories, and of names in patterns that nobody has. */
  readonly rules?: InventoryRules | undefined;
  readonly unknownNames?: UnknownNames | undefined;
}
