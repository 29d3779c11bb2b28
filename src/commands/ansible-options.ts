// What comes in: a command's options as they were typed. What goes out: the same, with what ansible.cfg and ANSIBLE_* say where nothing was typed.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Command } from 'commander';
import { readAnsibleConfig } from '../inventory/ansible-config.js';

/** Ansible's inventory where none is named. */
const SYSTEM_INVENTORY = '/etc/ansible/hosts';

/** Only options that the command has are filled in; a typed one always wins. */
export function withAnsibleConfig(command: Command): Command {
  return command.hook('preAction', (one) => {
    const warn = (message: string): void => void process.stderr.write(`warning: ${message}\n`);
    const known = new Set(one.options.map((option) => option.attributeName()));
    const around = { env: process.env, folder: process.cwd(), home: homedir(), warn, playsPlaybooks: known.has('startAtTask') };
    const { connectionVars, configFile, colour, ignoredEndings, ignoredNames, rolesPath, gathering, shownResults, managed, tags = [], skipTags = [], ...config } = readAnsibleConfig(around);
    for (const [name, value] of Object.entries(config)) {
      const source = one.getOptionValueSource(name);
      if (known.has(name) && (source === undefined || source === 'default')) one.setOptionValueWithSource(name, value, 'config');
    }
    // As Ansible: what is typed comes to these.
    for (const [name, words] of Object.entries({ tags, skipTags })) {
      const typed = one.getOptionValue(name) as readonly string[] | undefined;
      if (known.has(name) && words.length > 0) one.setOptionValueWithSource(name, [...words, ...(typed ?? [])], 'config');
    }
    if (one.getOptionValue('inventory') === undefined) one.setOptionValueWithSource('inventory', existsSync(SYSTEM_INVENTORY) ? [SYSTEM_INVENTORY] : [], 'config');
    for (const [name, value] of Object.entries({ connectionVars, configFile, ignoredEndings, ignoredNames, rolesPath, gathering, shownResults, managed })) one.setOptionValueWithSource(name, value, 'config');
    // What draws rows in colours looks there when it is loaded, which is later.
    if (colour !== undefined) process.env[colour ? 'FORCE_COLOR' : 'NO_COLOR'] = '1';
  });
}
