// Debian's ansible-core as the oracle for inventories: absent, the tests that need it are skipped and say so.
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const env = { ...process.env, ANSIBLE_LOCALHOST_WARNING: 'False', ANSIBLE_NOCOLOR: '1', LC_ALL: 'C.UTF-8' };

/** undefined when it is there; else the reason for the skip. */
export function whyNoAnsible(): string | undefined {
  try {
    execFileSync('ansible-inventory', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'ansible-core is not installed (apt-get install ansible-core)';
  }
}

function sourceArgs(sources: readonly string[]): string[] {
  return sources.flatMap((source) => ['-i', source]);
}

export async function ansibleList(sources: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run('ansible-inventory', [...sourceArgs(sources), '--list'], { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

export async function ansibleGraph(sources: readonly string[]): Promise<string[]> {
  const { stdout } = await run('ansible-inventory', [...sourceArgs(sources), '--graph'], { env });
  return stdout.trimEnd().split('\n');
}

/** Ansible's own InventoryManager on many inventories and patterns, in one process, and the words that it warns about. */
const MANY_PATTERNS = `
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.inventory import manager as module
warned = []
def warning(message, *rest, **more):
    mark = 'Could not match supplied host pattern, ignoring: '
    if message.startswith(mark): warned.append(message[len(mark):])
module.display.warning = warning
answers = []
for task in json.load(sys.stdin):
    manager = module.InventoryManager(loader=DataLoader(), sources=task['sources'])
    answers.append([])
    for pattern, limit in task['questions']:
        del warned[:]
        manager.clear_caches()
        manager._inventory.localhost = manager._inventory.hosts.get('localhost') or manager._inventory.hosts.get('127.0.0.1') or manager._inventory.hosts.get('::1')
        try:
            manager.subset(limit)
            answer = {'hosts': [h.name for h in manager.get_hosts(pattern)]}
        except Exception as e:
            answer = {'error': str(e)}
        answers[-1].append({'answer': answer, 'warned': list(warned)})
print(json.dumps(answers))
`;

export type Answer = { readonly hosts: readonly string[] } | { readonly error: string };
export interface SelectTask {
  readonly sources: readonly string[];
  /** Pattern and limit. */
  readonly questions: readonly (readonly [string, string | null])[];
}

export async function ansibleSelect(tasks: readonly SelectTask[]): Promise<{ answer: Answer; warned: string[] }[][]> {
  const child = run('/usr/bin/python3', ['-c', MANY_PATTERNS], { env, maxBuffer: 256 * 2 ** 20 });
  child.child.stdin?.end(JSON.stringify(tasks));
  return JSON.parse((await child).stdout) as { answer: Answer; warned: string[] }[][];
}

/** What ansible-inventory itself prints for each command line, all in one process: its standard output, and whether it failed. */
const MANY_COMMANDS = `
import contextlib, io, json, sys
from ansible.cli.inventory import InventoryCLI
from ansible import context
from ansible.utils.display import Display
from ansible.utils import context_objects
answers = []
for words in json.load(sys.stdin):
    out = io.StringIO()
    failed = False
    context_objects.GlobalCLIArgs._Singleton__instance = None
    context.CLIARGS = context_objects.CLIArgs({})
    with contextlib.redirect_stdout(out):
        try:
            InventoryCLI(['ansible-inventory'] + words).run()
        except SystemExit:
            pass
        except Exception as e:
            failed = True
    answers.append(None if failed else out.getvalue())
print(json.dumps(answers))
`;

export async function ansibleInventory(commands: readonly (readonly string[])[]): Promise<(string | null)[]> {
  const child = run('/usr/bin/python3', ['-c', MANY_COMMANDS], { env, maxBuffer: 256 * 2 ** 20 });
  child.child.stdin?.end(JSON.stringify(commands));
  return JSON.parse((await child).stdout) as (string | null)[];
}
