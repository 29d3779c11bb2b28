// What comes in: a command's options as they were typed. What goes out: the same, with what ansible.cfg and ANSIBLE_* say where nothing was typed.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Command } from 'commander';
import { type AnsibleConfig, readAnsibleConfig } from '../inventory/ansible-config.js';

/** Ansible's inventory where none is named. */
const SYSTEM_INVENTORY = '/etc/ansible/hosts';

/** What no command has an option for. */
const UNTYPED = new Set(['connectionVars', 'configFile', 'rules', 'unknownNames', 'rolesPath', 'gathering', 'shownResults', 'managed', 'taskTimeoutSec', 'diffContext', 'retryFiles']);

/** What is read where no -i is typed. */
export function defaultInventory({ inventory }: Pick<AnsibleConfig, 'inventory'>): readonly string[] {
  return inventory ?? (existsSync(SYSTEM_INVENTORY) ? [SYSTEM_INVENTORY] : []);
}

/** Only options that the command has are filled in; a typed one always wins. */
export function withAnsibleConfig(command: Command): Command {
  return command.hook('preAction', (one) => {
    const warn = (message: string): void => void process.stderr.write(`warning: ${message}\n`);
    const known = new Set(one.options.map((option) => option.attributeName()));
    const around = { env: process.env, folder: process.cwd(), home: homedir(), warn, playsPlaybooks: known.has('startAtTask') };
    const { colour, tags = [], skipTags = [], ...config } = readAnsibleConfig(around);
    for (const [name, value] of Object.entries(config)) {
      const source = one.getOptionValueSource(name);
      if ((known.has(name) || UNTYPED.has(name)) && (source === undefined || source === 'default')) one.setOptionValueWithSource(name, value, 'config');
    }
    // As Ansible: what is typed comes to these.
    for (const [name, words] of Object.entries({ tags, skipTags })) {
      const typed = one.getOptionValue(name) as readonly string[] | undefined;
      if (known.has(name) && words.length > 0) one.setOptionValueWithSource(name, [...words, ...(typed ?? [])], 'config');
    }
    // What is typed with -c stands where ansible.cfg's transport does: under what inventory and playbook say.
    const connection = one.getOptionValue('connection') as string | undefined;
    if (connection !== undefined) one.setOptionValueWithSource('connectionVars', { ...config.connectionVars, ansible_connection: connection }, 'config');
    if (one.getOptionValue('inventory') === undefined) one.setOptionValueWithSource('inventory', defaultInventory(config), 'config');
    // What draws rows in colours looks there when it is loaded, which is later.
    if (colour !== undefined) process.env[colour ? 'FORCE_COLOR' : 'NO_COLOR'] = '1';
  });
}
