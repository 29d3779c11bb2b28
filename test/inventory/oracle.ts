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

/** Ansible's own InventoryManager on many patterns, in one process: an answer for each, or the error's text. */
const MANY_PATTERNS = `
import json, sys
from ansible.parsing.dataloader import DataLoader
from ansible.inventory.manager import InventoryManager
sources, patterns = json.load(sys.stdin)
answers = []
for pattern, limit in patterns:
    manager = InventoryManager(loader=DataLoader(), sources=sources)
    try:
        manager.subset(limit)
        answers.append([h.name for h in manager.get_hosts(pattern)])
    except Exception as e:
        answers.append(str(e))
print(json.dumps(answers))
`;

export async function ansibleSelect(source: string, patterns: readonly (readonly [string, string | null])[]): Promise<(string[] | string)[]> {
  const child = run('/usr/bin/python3', ['-c', MANY_PATTERNS], { env });
  child.child.stdin?.end(JSON.stringify([[source], patterns]));
  return JSON.parse((await child).stdout) as (string[] | string)[];
}
