// throttle: at most so many hosts at once in one task, whatever the number of forks (plugins/strategy/__init__.py). Of a play, a block or a role it
// holds for each task in there, by itself.
import pLimit, { type LimitFunction } from 'p-limit';
import { FleetTapError } from '../base/errors.js';
import { inherited } from './directives.js';
import type { Names } from './expression/evaluate.js';
import { toText } from './expression/values.js';
import type { Task } from './playbook.js';
import { chainOf } from './settings.js';
import { render } from './template.js';

export class Throttles {
  readonly #limits = new Map<Task, LimitFunction>();

  /**
   * The same for every host, also where hosts come to the task one by one (strategy: free).
   * @returns undefined where only the forks count
   * @throws FleetTapError kind `input` when it is no number
   */
  of(task: Task, names: Names): LimitFunction | undefined {
    const known = this.#limits.get(task);
    if (known !== undefined) return known;
    const written = render(inherited(chainOf(task), 'throttle'), names);
    if (written === undefined || written === null || written === '') return undefined;
    const text = toText(written).trim();
    if (!/^-?\d+$/.test(text)) throw new FleetTapError('input', 'playbook-invalid', `throttle takes a whole number of hosts, not "${text}"`, { place: task.place, hint: 'throttle: 2, or 0 for no limit but --forks' });
    if (Number(text) <= 0) return undefined;
    const limit = pLimit(Number(text));
    this.#limits.set(task, limit);
    return limit;
  }
}
