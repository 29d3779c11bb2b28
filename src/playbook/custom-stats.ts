// What comes in: what set_stats says, for the run or for one host. What goes out: the totals, and the text of them behind the recap
// (executor/stats.py, update_custom_stats; plugins/callback/default.py).
import { banner } from '../base/banner.js';
import type { Stats } from '../base/playbook-events.js';
import { pythonJson } from '../base/python-json.js';
import { PythonFloat, pythonFloat } from '../base/python-repr.js';
import { merged } from './expression/filters-dicts.js';
import { isDict, isFloat, isInteger } from './expression/kinds.js';

export class CustomStats {
  readonly #ofHosts = new Map<string, Map<string, unknown>>();
  readonly #ofRun = new Map<string, unknown>();

  /** @param host undefined: of the run */
  take(data: Readonly<Record<string, unknown>>, host: string | undefined, aggregates: boolean): void {
    const known = host === undefined ? this.#ofRun : (this.#ofHosts.get(host) ?? new Map<string, unknown>());
    if (host !== undefined && Object.keys(data).length > 0) this.#ofHosts.set(host, known);
    for (const [name, value] of Object.entries(data)) known.set(name, aggregates && known.has(name) ? together(known.get(name), value) : value);
  }

  get stats(): Stats {
    return { hosts: new Map([...this.#ofHosts].map(([host, own]) => [host, Object.fromEntries(own)])), run: Object.fromEntries(this.#ofRun) };
  }
}

/** Of one kind: texts and lists one behind the other, mappings as one, numbers as their sum. What is of another kind changes nothing. */
function together(old: unknown, value: unknown): unknown {
  if (isDict(old) && isDict(value)) return merged(old, value, true, 'replace');
  if (Array.isArray(old) && Array.isArray(value)) return [...(old as unknown[]), ...(value as unknown[])];
  if (typeof old === 'string' && typeof value === 'string') return old + value;
  if (typeof old === 'boolean' ? typeof value === 'boolean' : isInteger(old) && isInteger(value)) return Number(old) + Number(value);
  return isFloat(old) && (isFloat(value) || value instanceof PythonFloat) ? pythonFloat(Number(old) + Number(value)) : old;
}

/** Nothing where there are none. */
export function formatStats({ hosts, run }: Stats): string {
  const isOfRun = Object.keys(run).length > 0;
  if (hosts.size === 0 && !isOfRun) return '';
  const line = (name: string, values: unknown) => `\t${name}: ${pythonJson(values, 1).replaceAll('\n', '')}\n`;
  const ofHosts = [...hosts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([host, values]) => line(host, values));
  return `\n${banner('CUSTOM STATS:')}\n${ofHosts.join('')}${isOfRun ? `\n${line('RUN', run)}` : ''}\n`;
}
