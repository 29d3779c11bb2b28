// Every test by its name. A new one is an entry in the file of its kind.
import { filterNames } from './filter-table.js';
import type { Test } from './plugin.js';
import { regexTests } from './filters-regex.js';
import { fileTests } from './tests-files.js';
import { valueTests } from './tests-values.js';
import { versionTests } from './tests-version.js';
import { test } from './plugin.js';
import { toText } from './values.js';

export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...valueTests,
  ...regexTests,
  ...versionTests,
  ...fileTests,
  ['filter', test([], (input) => filterNames.has(toText(input)))],
]);

export const testNames: ReadonlySet<string> = new Set(tests.keys());

/** Tests that are left out on purpose, and what to do instead. */
export const refusedTests: ReadonlyMap<string, string> = new Map([['ansible.utils.in_network', 'this test is no part of ansible-core']]);
