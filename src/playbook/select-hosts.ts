// What comes in: a play and the inventory. What goes out: the play's hosts, in its order.
import { FleetTapError } from '../base/errors.js';
import type { Host, Inventory } from '../inventory/host.js';
import { splitPattern } from '../inventory/split-pattern.js';
import { toText } from './expression/values.js';
import { HostVariables, type UserVars } from './host-variables.js';
import { holdsTemplate } from './load-arguments.js';
import type { Play } from './playbook.js';
import type { RunInventory } from './run-inventory.js';
import { taskVariables } from './task-scope.js';
import { render } from './template.js';
import { Scope } from './variables.js';

/** Whose variables are those of everybody. */
export const NOBODY: Host = { name: '', groups: [], vars: {} };

/** The hosts of a pattern, the user's --limit applied. @throws FleetTapError for a pattern that names nothing known */
export type Select = (pattern: string, inventory: Inventory) => readonly Host[];

/**
 * The hosts of a play are known before anything runs; a template may use extra variables and the play's own.
 * @param isLenient unknown names stand for no host
 * @throws FleetTapError kind `input`
 */
export function selectPlay(play: Play, select: Select, extra: UserVars, inventory: RunInventory, isLenient = false): readonly Host[] {
  const { hosts } = play;
  const names = new Scope({ inventory, hosts: inventory.variables, magic: {} }, new HostVariables(NOBODY, extra, {}), taskVariables(undefined, play, []));
  let pattern: unknown = hosts;
  if (holdsTemplate(hosts)) {
    try {
      pattern = render(hosts, names);
    } catch (error) {
      if (!(error instanceof FleetTapError) || error.kind === 'input') throw error;
      throw new FleetTapError('input', error.code, error.message, { place: play.hostsPlace, hint: 'give it with -e', ...(error.sourceLine === undefined ? {} : { sourceLine: error.sourceLine }) });
    }
  }
  const words = [pattern].flat().map(toText).join(',');
  const selected = placed(play, () => select(words, isLenient ? withNames(words, inventory) : inventory));
  const compare = (a: Host, b: Host) => (a.name < b.name ? -1 : 1);
  switch (play.order) {
    case 'sorted':
      return selected.toSorted(compare);
    case 'reverse_sorted':
      return selected.toSorted(compare).toReversed();
    case 'reverse_inventory':
      return selected.toReversed();
    default:
      return selected;
  }
}

/** --limit has been looked at before: a name that nobody knows stands in the play. */
function placed(play: Play, select: () => readonly Host[]): readonly Host[] {
  try {
    return select();
  } catch (error) {
    if (!(error instanceof FleetTapError) || error.code !== 'pattern-unknown') throw error;
    throw new FleetTapError(error.kind, error.code, error.message, { place: play.hostsPlace, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

/** With an empty group for each plain name that is unknown. */
export function withNames(words: string, inventory: Inventory): Inventory {
  const groups = new Map(inventory.groups);
  for (const word of splitPattern(words)) {
    const name = word.replace(/^[!&]/, '');
    const isKnown = groups.has(name) || inventory.hosts.some((host) => host.name === name);
    if (!isKnown && !/[*?[\]~@]/.test(name)) groups.set(name, { name, hosts: [], ownHosts: [], children: [], vars: {}, priority: 1 });
  }
  return { hosts: inventory.hosts, groups, sources: inventory.sources, warnings: inventory.warnings };
}
