// What comes in: an inventory that is a program. What goes out: the groups, hosts and variables that it prints as JSON, in a builder.
// Guaranteed: Ansible's protocol (plugins/inventory/script.py): `--list`; `_meta.hostvars`, or else `--host NAME` once for each host; a group is
// a list of hosts, or an object with hosts, vars and children, or the variables of the one host that has its name. What the program writes to
// standard error is shown. Stricter than Ansible: a program that fails is an error, and is never read as if it were an INI file.
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import pLimit from 'p-limit';
import { FleetTapError } from '../base/errors.js';
import { UNSAFE_MARK, UnsafeText, VAULT_MARK } from '../base/unsafe-text.js';
import type { Vault } from '../base/vault.js';
import { parseYaml } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';
import type { InventoryBuilder } from './builder.js';
import { type JsonTree, parseJson } from './json-tree.js';
import { Mistake } from './mistake.js';

const LIMIT_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface ScriptReading {
  readonly builder: InventoryBuilder;
  readonly vault: Vault;
  /** Time that one call of the program may take. */
  readonly timeoutMs: number;
}

/**
 * @param path absolute
 * @returns false when the system cannot run it: then it may be a text that happens to be executable
 * @throws FleetTapError kind `input`, code `inventory-program`
 */
export async function readScriptInventory(path: string, reading: ScriptReading): Promise<boolean> {
  const output = await run(path, ['--list'], reading);
  if (output === undefined) return false;
  try {
    const listing = parseJson(output);
    if (!(listing instanceof Map)) throw new Mistake(`it printed ${kindOf(listing)}, not an object of groups`);
    const hosts = new Set<string>();
    for (const [name, group] of listing) if (name !== '_meta') readGroup(name, group, reading, hosts);
    const known = hostVarsOf(listing.get('_meta'));
    if (known === undefined) await askForEach(path, hosts, reading);
    else for (const host of hosts) setHostVariables(host, known.has(host) ? (known.get(host) ?? null) : new Map(), reading);
  } catch (error) {
    throw error instanceof Mistake ? failure(path, ['--list'], error.message) : error;
  }
  return true;
}

function readGroup(name: string, written: JsonTree, { builder, vault }: ScriptReading, hosts: Set<string>): void {
  builder.addGroup(name);
  let group = written instanceof Map ? written : new Map([['hosts', written]]);
  if (!['hosts', 'vars', 'children'].some((key) => group.has(key))) {
    group = new Map<string, JsonTree>([
      ['hosts', [name]],
      ['vars', group],
    ]);
  }
  const own = group.get('hosts');
  if (own !== undefined && !Array.isArray(own)) throw new Mistake(`the hosts of the group "${name}" are ${kindOf(own)}, not a list`);
  for (const host of own ?? []) {
    if (typeof host !== 'string') throw new Mistake(`a host of the group "${name}" is ${kindOf(host)}, not a name`);
    hosts.add(host);
    builder.addHost(host, name, undefined);
  }
  const vars = group.get('vars');
  if (vars !== undefined && !(vars instanceof Map)) throw new Mistake(`the vars of the group "${name}" are ${kindOf(vars)}, not an object`);
  for (const [key, value] of vars ?? []) builder.setGroupVariable(name, key, plainJson(value, vault));
  const children = group.get('children');
  if (children === undefined) return;
  if (!Array.isArray(children) && !(children instanceof Map)) throw new Mistake(`the children of the group "${name}" are ${kindOf(children)}, not a list`);
  for (const child of children instanceof Map ? children.keys() : children) {
    if (typeof child !== 'string') throw new Mistake(`a child of the group "${name}" is ${kindOf(child)}, not a name`);
    builder.addGroup(child);
    builder.addChild(name, child);
  }
}

function hostVarsOf(meta: JsonTree | undefined): Map<string, JsonTree> | undefined {
  if (meta === undefined) return undefined;
  if (!(meta instanceof Map)) throw new Mistake(`"_meta" is ${kindOf(meta)}, not an object`);
  const known = meta.get('hostvars');
  if (known === undefined || known === null) return undefined;
  if (!(known instanceof Map)) throw new Mistake(`"hostvars" in "_meta" is ${kindOf(known)}, not an object`);
  return known;
}

function setHostVariables(host: string, vars: JsonTree, { builder, vault }: ScriptReading): void {
  if (!(vars instanceof Map)) throw new Mistake(`the variables of the host "${host}" are ${kindOf(vars)}, not an object`);
  for (const [key, value] of vars) builder.setHostVariable(host, key, plainJson(value, vault));
}

async function askForEach(path: string, hosts: ReadonlySet<string>, reading: ScriptReading): Promise<void> {
  const limit = pLimit(cpus().length);
  const answers = await Promise.all([...hosts].map((host) => limit(async () => [host, (await run(path, ['--host', host], reading)) ?? ''] as const)));
  for (const [host, output] of answers) {
    try {
      setHostVariables(host, readAnswer(output, path), reading);
    } catch (error) {
      throw error instanceof Mistake ? failure(path, ['--host', host], error.message) : error;
    }
  }
}

/** Ansible takes YAML as well, here. */
function readAnswer(output: string, path: string): JsonTree {
  if (output.trim() === '') return new Map();
  if (output.trim().startsWith('{')) return parseJson(output);
  const yaml = parseYaml(output, path);
  return parseJson(JSON.stringify(plainValue(yaml, yaml.root)));
}

/** With what stands for tags of YAML: the first such key of an object makes the value (parsing/ajson.py). @param isUnsafe whether one stands above */
function plainJson(value: JsonTree, vault: Vault, isUnsafe = false): unknown {
  if (Array.isArray(value)) return value.map((item) => plainJson(item, vault, isUnsafe));
  if (!(value instanceof Map)) return isUnsafe && typeof value === 'string' ? new UnsafeText(value) : value;
  const mark = [...value.keys()].find((key) => key === UNSAFE_MARK || (key === VAULT_MARK && typeof value.get(key) === 'string'));
  if (mark === VAULT_MARK) return vault.value(String(value.get(mark)), {});
  if (mark === UNSAFE_MARK) return plainJson(value.get(mark) ?? null, vault, true);
  return Object.fromEntries([...value].map(([key, item]) => [key, plainJson(item, vault, isUnsafe)]));
}

function kindOf(value: JsonTree): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : value instanceof Map ? 'an object' : `the ${typeof value} ${JSON.stringify(value)}`;
}

/** @returns standard output; undefined when the system cannot run the file */
function run(path: string, args: readonly string[], { builder, timeoutMs }: ScriptReading): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(path, args, { encoding: 'buffer', maxBuffer: LIMIT_OUTPUT_BYTES, timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const said = stderr.toString('utf8').trimEnd();
      if (error !== null) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EACCES' || code === 'ENOEXEC') resolve(undefined);
        else reject(failure(path, args, reasonOf(error, timeoutMs), said));
        return;
      }
      if (said !== '') builder.warn(`${path} says: ${said}`);
      try {
        resolve(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(stdout));
      } catch {
        reject(failure(path, args, 'its output is not text in UTF-8', said));
      }
    });
    child.stdin?.end();
  });
}

function reasonOf(error: Error & { code?: string | number | null; killed?: boolean; signal?: NodeJS.Signals | null }, timeoutMs: number): string {
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `it printed more than ${LIMIT_OUTPUT_BYTES} bytes`;
  if (error.killed === true) return `it did not end within ${timeoutMs / 1000} s`;
  if (typeof error.code === 'number') return `it ended with exit status ${error.code}`;
  if (error.code === 'ENOENT') return 'the interpreter that its first line names is not there';
  return error.signal === undefined || error.signal === null ? error.message : `it was ended by ${error.signal}`;
}

function failure(path: string, args: readonly string[], reason: string, said = ''): FleetTapError {
  const message = `the inventory program failed with ${args.join(' ')}: ${reason}${said === '' ? '' : `; it says: ${said}`}`;
  return new FleetTapError('input', 'inventory-program', message, { place: { file: path }, hint: `run it yourself: ${path} ${args.join(' ')}` });
}
