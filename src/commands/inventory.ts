// fleet-tap inventory: what ansible-inventory prints of the same sources: the same JSON, the same tree.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { printable } from '../base/host-text.js';
import { readLimit } from '../inventory/limit.js';
import { graphInventory, listInventory, pythonJson, shownHostVars, yamlListing } from '../inventory/list.js';
import { loadInventory } from '../inventory/load.js';
import { selectHosts } from '../inventory/pattern.js';
import type { Vars } from '../inventory/host.js';
import { vaultOf } from '../inventory/vault.js';
import { yamlDump } from '../inventory/yaml-dump.js';
import { expandPath } from '../inventory/written-path.js';
import { Detail } from './detail.js';
import { readExtraVars } from './extra-vars.js';
import type { SourceOptions } from './source-options.js';
import { vaultPasswords } from './vault-options.js';
import type { CommandContext, ExitStatus } from './context.js';

export interface InventoryOptions extends SourceOptions {
  readonly list?: boolean | undefined;
  readonly graph?: boolean | undefined;
  readonly host?: string | undefined;
  /** The group that --graph begins with. */
  readonly group?: string | undefined;
  readonly vars?: boolean | undefined;
  readonly export?: boolean | undefined;
  readonly yaml?: boolean | undefined;
  readonly toml?: boolean | undefined;
  readonly output?: string | undefined;
  /** -e, as typed. */
  readonly extraVars?: readonly string[] | undefined;
}

/** @throws FleetTapError kind `input` */
export async function inventory(options: InventoryOptions, context: CommandContext): Promise<ExitStatus> {
  const actions = [options.list === true, options.graph === true, options.host !== undefined].filter(Boolean).length;
  if (actions !== 1) throw new FleetTapError('input', 'options', 'one of --list, --graph and --host NAME says what to print', { hint: 'fleet-tap inventory -i INVENTORY --graph' });
  if (options.toml === true) throw new FleetTapError('input', 'options', 'TOML is not printed here', { hint: 'leave it out, or write --yaml; ansible-inventory --toml prints it' });
  const playFolder = options.playbookDir === undefined ? undefined : resolve(expandPath(options.playbookDir));
  const vault = vaultOf(await vaultPasswords(options, context));
  const read = await loadInventory([...options.inventory], { vault, rules: options.rules, ...(playFolder === undefined ? {} : { playFolder, isPlayExported: true }) });
  // They belong to each host, and to no group: --export, which shows where variables are set, leaves them out, as Ansible does.
  const extraVars = options.export === true ? {} : await readExtraVars(options.extraVars ?? [], vault);
  const inventory = { ...read, hosts: read.hosts.map((host) => ({ ...host, vars: { ...host.vars, ...extraVars } })) };
  const detail = new Detail(context.stderr, options.verbose);
  detail.say(1, () => `configuration: ${options.configFile ?? 'no ansible.cfg'}`);
  detail.say(1, () => `inventory: ${options.inventory.join(' and ')}: ${inventory.hosts.length} hosts, ${inventory.groups.size} groups`);
  for (const warning of inventory.warnings) context.stderr.write(`warning: ${printable(warning)}\n`);
  const limit = await readLimit(options.limit);
  const hosts = limit === undefined || limit === '' ? undefined : selectHosts(inventory, 'all', limit, options.unknownNames);
  const printing = { ...options, hosts };
  let text: string;
  if (options.host !== undefined) {
    const found = selectHosts(inventory, options.host, limit, options.unknownNames);
    const [host] = found;
    if (host === undefined || found.length !== 1) throw new FleetTapError('input', 'options', `--host takes one host; "${options.host}" is ${found.length} hosts`, { hint: '--list prints all' });
    text = dumped(shownHostVars(host, printing), options);
  } else if (options.graph === true) {
    const start = options.group ?? 'all';
    if (!inventory.groups.has(start)) throw new FleetTapError('input', 'pattern-unknown', `the inventory has no group "${start}"`, { hint: '--graph without a name prints all groups' });
    text = graphInventory(inventory, start, printing).join('\n');
  } else text = options.yaml === true ? yamlDump(yamlListing(inventory, printing)) : pythonJson(listInventory(inventory, printing));
  if (options.output === undefined) context.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  else await writeOutput(options.output, text);
  return 0;
}

function dumped(vars: Vars, options: InventoryOptions): string {
  return options.yaml === true ? yamlDump(vars) : pythonJson(vars);
}

async function writeOutput(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new FleetTapError('input', 'output', `the inventory cannot be written: ${fileReason(cause, 'there is no such folder')}`, { place: { file: path }, cause });
  }
}
