// Thousands of random inventories, each with five random patterns, through Ansible's own InventoryManager and VariableManager in one process:
// no difference in hosts, order, groups, variables or types. FLEET_TAP_FUZZ_SEED begins elsewhere; a failure names its seed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layOut } from './cases.js';
import { askAnsible, askOurs, comparable } from './many.js';
import { whyNoAnsible } from './oracle.js';
import { randomInventory } from './random-inventory.js';

const INVENTORIES = Number(process.env.FLEET_TAP_FUZZ_INVENTORIES ?? 2_000);
const FIRST_SEED = Number(process.env.FLEET_TAP_FUZZ_SEED ?? 1);
const skipReason = whyNoAnsible();

describe.skipIf(skipReason !== undefined)(`random inventories${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-fuzz-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test(`${INVENTORIES} of them, from seed ${FIRST_SEED}`, async () => {
    const seeds = Array.from({ length: INVENTORIES }, (_, index) => FIRST_SEED + index);
    const tasks = await Promise.all(seeds.map((seed) => layOut(randomInventory(seed), join(folder, String(seed)), randomInventory(seed).patterns)));
    const theirs = await askAnsible(tasks);
    const differences: string[] = [];
    let accepted = 0;
    for (const [index, task] of tasks.entries()) {
      const [their, our] = [theirs[index], await askOurs(task)];
      if (their === undefined) throw new Error(`no answer for seed ${seeds[index]}`);
      if (!('refused' in their)) accepted += 1;
      const [expected, received] = [comparable(their), comparable(our)];
      if (JSON.stringify(sorted(expected)) === JSON.stringify(sorted(received))) continue;
      const reason = 'refused' in their ? their.refused : 'refused' in our ? our.refused : firstDifference(sorted(expected), sorted(received));
      differences.push(`seed ${seeds[index]}: ${reason} ${task.patterns.map((pattern, at) => ('patterns' in our ? [pattern, our.patterns[at]] : pattern)).filter((one) => typeof one[1] === 'string' && typeof one !== 'string').join(' | ')}`);
    }
    expect(differences).toEqual([]);
    // Most must be inventories, or the comparison says little.
    expect(accepted).toBeGreaterThan(INVENTORIES / 2);
  }, 600_000);
});

/** Keys of objects in one order, since the order of variables is none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

function firstDifference(expected: unknown, received: unknown, path = ''): string {
  if (typeof expected === 'object' && typeof received === 'object' && expected !== null && received !== null) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(received)])) {
      const [left, right] = [(expected as Record<string, unknown>)[key], (received as Record<string, unknown>)[key]];
      if (JSON.stringify(left) !== JSON.stringify(right)) return firstDifference(left, right, `${path}/${key}`);
    }
  }
  return `${path}: Ansible ${JSON.stringify(expected)}, fleet-tap ${JSON.stringify(received)}`;
}
