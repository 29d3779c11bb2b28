// What comes in: keys of a play, role, block or task whose values hold no template. What goes out: nothing, or the mistake of a value that can never be right:
// without it a host would be the first to know.
import type { Node } from 'yaml';
import { isVariableName, VARIABLE_NAME_HINT } from '../base/variable-name.js';
import { type YamlFile, yamlError } from '../base/yaml.js';
import { connectionKind } from '../inventory/connection-values.js';
import { holdsTemplate } from './load-arguments.js';
import { type Entries, INVALID, UNSUPPORTED } from './read-keys.js';
import { compileNode } from './template.js';

interface Wanted {
  readonly takes: string;
  readonly code?: string;
  readonly hint?: string;
  fits(value: unknown): boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
const isDict = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const matches = (pattern: RegExp) => (value: unknown) => isText(value) && pattern.test(String(value).trim());
const listed = (fits: (value: unknown) => boolean) => (value: unknown) => [value].flat().every(fits);

const WANTED: Readonly<Record<string, Wanted>> = {
  timeout: { takes: 'a whole number of seconds', fits: matches(/^\d+(\.\d+)?$/) },
  throttle: { takes: 'a whole number of hosts', hint: 'throttle: 2, or 0 for no limit but --forks', fits: matches(/^-?\d+$/) },
  port: { takes: 'a number', fits: matches(/^\d+$/) },
  tags: { takes: 'a text or a list of texts', hint: 'tags: [web, config]', fits: (value) => typeof value === 'string' || (Array.isArray(value) && value.every(isText)) },
  notify: { takes: 'the name of a handler, or a list of names', fits: listed(isText) },
  delegate_to: { takes: 'the name of a host', hint: 'for several hosts: loop over them, with delegate_to: "{{ item }}"', fits: isText },
  environment: { takes: 'a mapping or a list of mappings', hint: 'environment: {NAME: value}', fits: listed((value) => isDict(value) || value === '' || value === null) },
  connection: { takes: 'ssh or local', code: UNSUPPORTED, fits: (value) => typeof value === 'string' && connectionKind(value.replace(/^ansible\.(builtin|legacy)\./, '')) !== undefined },
  become_method: { takes: 'sudo, su or doas', code: UNSUPPORTED, fits: (value) => typeof value === 'string' && /^((ansible\.builtin|ansible\.legacy|community\.general)\.)?(sudo|su|doas)$/.test(value) },
  serial: { takes: 'numbers and percentages', hint: 'serial: 2, serial: 10%, or a list of those', fits: listed(matches(/^(-?\d+|\d+(\.\d+)?%)$/)) },
  max_fail_percentage: { takes: 'a percentage', hint: 'max_fail_percentage: 30', fits: matches(/^\d+(\.\d+)?%?$/) },
  pause: { takes: 'a number of seconds', fits: matches(/^\d+(\.\d+)?$/) },
  loop: { takes: 'a list', hint: 'loop: [one, two]; for a mapping: loop: "{{ NAME | dict2items }}"', fits: Array.isArray },
};

/** @param keys those of them that are no parameters of a role, of which WANTED says something. @throws FleetTapError kind `input` */
export function checkValues(yaml: YamlFile, entries: Entries, keys: readonly string[]): void {
  for (const key of keys) {
    const entry = entries.get(key);
    const wanted = WANTED[key];
    if (entry === undefined || wanted === undefined) continue;
    const { keyNode, value } = entry;
    const written = compileNode(yaml, value);
    if (written === null || written === '' || holdsTemplate(written) || wanted.fits(written)) continue;
    throw yamlError(yaml, value ?? keyNode, `${key} takes ${wanted.takes}, not ${shown(written)}`, { code: wanted.code ?? INVALID, ...(wanted.hint === undefined ? {} : { hint: wanted.hint }) });
  }
}

/** loop_var and index_var, where they hold no template. */
export function checkLoopName(yaml: YamlFile, node: Node | null, key: string): void {
  const name = compileNode(yaml, node);
  if (holdsTemplate(name) || (typeof name === 'string' && isVariableName(name))) return;
  throw yamlError(yaml, node, `${key}: ${shown(name)} is not a name for a variable`, { code: INVALID, hint: VARIABLE_NAME_HINT });
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'this list';
  return typeof value === 'object' && value !== null ? 'a mapping' : (JSON.stringify(value) ?? 'nothing');
}
