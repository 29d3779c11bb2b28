// Every filter by its name. A new one is an entry in the file of its kind.
import { basicFilters } from './filters-basic.js';
import { codeFilters } from './filters-codes.js';
import { combineFilters } from './filters-combine.js';
import { dataFilters } from './filters-data.js';
import { dictFilters } from './filters-dicts.js';
import { listFilters } from './filters-lists.js';
import { numberFilters } from './filters-numbers.js';
import { pathFilters } from './filters-paths.js';
import { regexFilters } from './filters-regex.js';
import { textFilters } from './filters-text.js';
import type { Filter } from './plugin.js';

export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>(
  [basicFilters, textFilters, listFilters, combineFilters, dictFilters, numberFilters, regexFilters, codeFilters, pathFilters, dataFilters].flat(),
);
const length = filters.get('length');
if (length !== undefined) (filters as Map<string, Filter>).set('count', length);

export const filterNames: ReadonlySet<string> = new Set(filters.keys());

/** Filters that are left out on purpose, and what to do instead. */
export const refusedFilters: ReadonlyMap<string, string> = new Map([
  ['json_query', 'this filter is no part of ansible-core; use selectattr, map(attribute=...) and first'],
  ['community.general.json_query', 'this filter is no part of ansible-core; use selectattr, map(attribute=...) and first'],
  ['ipaddr', 'this filter is no part of ansible-core; use regex_search, split and the `version` test'],
  ['ansible.utils.ipaddr', 'this filter is no part of ansible-core; use regex_search, split and the `version` test'],
  ['vault', 'encrypt with `ansible-vault encrypt_string`'],
  ['unvault', 'a variable that is encrypted is decrypted when it is used'],
]);
