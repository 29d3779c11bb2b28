// fleet-tap lint: every task of playbooks, their roles and the files that they include: supported, or refused with place and advice.
// Guaranteed: no host is touched, and all tasks are looked at, not only those up to the first mistake.
import { FleetTapError, formatError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import { jsonText } from '../base/json-text.js';
import { ROLES_PATH } from '../inventory/ansible-config.js';
import { openVaultOf } from '../inventory/vault.js';
import { loadPlaybook } from '../playbook/load.js';
import type { TaskSeen } from '../playbook/load-context.js';
import type { CommandContext, ExitStatus } from './context.js';
import { readExtraVars } from './extra-vars.js';
import { type VaultOptions, vaultPasswords } from './vault-options.js';

export interface LintOptions extends VaultOptions {
  readonly playbooks: readonly string[];
  readonly extraVars?: readonly string[] | undefined;
  readonly json: boolean;
  readonly rolesPath?: readonly string[] | undefined;
}

export async function lint(options: LintOptions, context: CommandContext): Promise<ExitStatus> {
  const vault = openVaultOf(await vaultPasswords(options, context));
  const extraVars = await readExtraVars(options.extraVars ?? [], vault);
  const tasks = new Map<string, TaskSeen>();
  const mistakes: FleetTapError[] = [];
  for (const path of options.playbooks) {
    try {
      await loadPlaybook(path, { extraVars, vault, rolesPath: options.rolesPath ?? ROLES_PATH, onMistake: (error) => void mistakes.push(error), onTask: (task) => void tasks.set(`${task.file}:${task.line}:${task.column}`, task) });
    } catch (error) {
      if (!(error instanceof FleetTapError)) throw error;
      mistakes.push(error);
    }
  }
  const seen = [...tasks.values()].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
  const told = new Set(seen.map(({ mistake }) => mistake));
  const others = mistakes.filter((error) => !told.has(error));
  const supported = seen.filter(({ mistake }) => mistake === undefined).length;
  if (options.json) context.stdout.write(`${jsonText({ supported, total: seen.length, tasks: seen.map(taskJson), others: others.map(errorJson) }, 2)}\n`);
  else {
    for (const task of seen) context.stdout.write(`${printable(taskText(task))}\n`);
    for (const error of others) context.stdout.write(`${printable(formatError(error))}\n`);
    context.stdout.write(`${supported} of ${seen.length} tasks are supported${others.length === 0 ? '' : `; other mistakes: ${others.length}`}\n`);
  }
  return supported === seen.length && others.length === 0 ? 0 : 1;
}

function taskText(task: TaskSeen): string {
  if (task.mistake !== undefined) return formatError(task.mistake);
  const what = task.isDynamic ? 'supported; what it includes is checked when it runs' : 'supported';
  return `${task.file}:${task.line}:${task.column}: ${task.name === '' ? '' : `${task.name}: `}${what}`;
}

function taskJson({ file, line, column, name, isDynamic, mistake }: TaskSeen) {
  return { file, line, column, name, supported: mistake === undefined, ...(isDynamic ? { dynamic: true } : {}), ...(mistake === undefined ? {} : { mistake: errorJson(mistake) }) };
}

function errorJson({ code, message, place, hint }: FleetTapError) {
  return { code, message, place, ...(hint === undefined ? {} : { hint }) };
}
