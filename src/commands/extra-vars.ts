// What comes in: the words of -e, in order: k=v pairs, YAML or JSON, @FILE. What goes out: variables; later ones win (utils/vars.py, load_extra_vars).
import { readText } from '../base/read-text.js';
import { FleetTapError } from '../base/errors.js';
import { plainText, type Vault } from '../base/vault.js';
import { parseYaml } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';
import { VARIABLE_NAME_HINT } from '../base/variable-name.js';
import type { Vars } from '../inventory/host.js';
import { splitKeyValues } from '../playbook/key-values.js';

/** @throws FleetTapError kind `input` */
export async function readExtraVars(words: readonly string[], vault: Vault): Promise<Vars> {
  const vars: Record<string, unknown> = {};
  for (const word of words) Object.assign(vars, await readWord(word.trim(), vault));
  return vars;
}

async function readWord(word: string, vault: Vault): Promise<Vars> {
  if (word === '') return {};
  if (word.startsWith('@')) {
    const path = word.slice(1);
    return mapping(plainText(await readText(path, 'file of variables'), path, vault), path, vault);
  }
  if (word.startsWith('{') || word.startsWith('[')) return mapping(word, '-e', vault);
  if (/^[/.]/.test(word)) throw new FleetTapError('input', 'extra-vars', `-e ${word} is no variable`, { hint: `for a file write -e @${word}` });
  const { pairs, rest } = splitKeyValues(word, false);
  const unnamed = pairs.find(([name]) => !/^[A-Za-z_][\w.-]*$/.test(name));
  if (unnamed !== undefined) throw new FleetTapError('input', 'extra-vars', `-e: ${JSON.stringify(unnamed[0])} is not a name for a variable`, { hint: VARIABLE_NAME_HINT });
  if (rest !== '') throw new FleetTapError('input', 'extra-vars', `-e takes name=value, not "${rest.trim()}"`, { hint: 'a value with spaces is quoted: -e \'name="a b"\'; or write JSON' });
  return Object.fromEntries(pairs);
}

function mapping(text: string, where: string, vault: Vault): Vars {
  const yaml = parseYaml(text, where, { vault });
  const value = plainValue(yaml, yaml.root) ?? {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Vars;
  throw new FleetTapError('input', 'extra-vars', 'variables are a mapping of names and values', { place: { file: where } });
}
