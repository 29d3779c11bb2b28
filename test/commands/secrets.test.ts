// A secret as become password in a vault, and in a task with no_log, on a real sshd with a real sudo: shown nowhere, kept nowhere.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FleetTapError, formatError } from '../../src/base/errors.js';
import { Fleet } from '../../src/commands/fleet.js';
import { failedHosts } from '../../src/commands/rerun-failed.js';
import { selectHosts } from '../../src/inventory/pattern.js';
import { loadPlaybook } from '../../src/playbook/load.js';
import { runPlaybook } from '../../src/playbook/run.js';
import { TaskView } from '../../src/ui/task-view.js';
import { filesWith, processesWith } from '../hosts/secret.js';
import { ACCOUNT, accountSkipped, skipAccount } from '../hosts/sshd.js';
import { whyNoAnsible } from '../inventory/oracle.js';
import { startExecFleet } from './exec-fleet.js';
import { newPerson } from './person.js';

vi.setConfig({ testTimeout: 180_000 });

const SECRET = 'no_log-velvet-anchor';
const noAnsible = whyNoAnsible();

describe.skipIf(skipAccount)(`secrets${accountSkipped}`, () => {
  it('of no_log tasks, and a become password, are in no output, error, process or file', async () => {
    const sinceMs = Date.now() - 1_000;
    const fleet = await startExecFleet(['web01', 'web02'], { account: { sudoers: '%u ALL=(ALL) ALL' } });
    const person = await newPerson();
    const file = join(fleet.sshd.folder, 'secret.yml');
    // The pattern does not match its own command line.
    const looks = `cat; ! grep -l velvet-anch[o]r /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null`;
    const tasks = [
      ['is in no process', looks, SECRET, 'true'],
      ['fails with it', 'cat; cat /no/such/file; exit 3', SECRET, "inventory_hostname == 'web01'"],
      ['cannot be rendered', 'cat', `${SECRET} {{ no_such_variable }}`, "inventory_hostname == 'web02'"],
    ];
    const looped = `    - name: fails for each item and is kept\n      ansible.builtin.shell: {cmd: "cat; cat >&2; exit 5", stdin: "{{ item }}"}\n      no_log: true\n      register: kept\n      ignore_errors: true\n      loop: ["${SECRET}", "${SECRET} again"]\n      when: inventory_hostname == 'web01'\n`;
    writeFileSync(file, `- hosts: all\n  become: true\n  gather_facts: false\n  tasks:\n${looped}${tasks.map(([name, line, stdin, when]) => `    - name: ${name}\n      ansible.builtin.shell: {cmd: "${line}", stdin: "${stdin}"}\n      no_log: true\n      when: ${when}\n`).join('')}`);
    const playbook = await loadPlaybook(file);
    const askSecret = async () => ACCOUNT.password;
    const opened = await Fleet.open('all', { inventory: [fleet.inventoryFile], forks: 10, hostKeyChecking: 'yes', timeout: 120, askBecomePass: true, become: true, verbose: 3 }, { ...person.context, askSecret });
    const view = new TaskView(person.context.stderr, String);
    let shown = '';
    try {
      const outcome = await runPlaybook(playbook, {
        inventory: opened.inventory,
        select: (pattern) => selectHosts(opened.inventory, pattern, opened.limit),
        session: (host) => opened.session(host),
        facts: (host) => opened.facts(host),
        forks: 10,
        reporter: view,
        check: false,
        diff: true,
        become: true,
      });
      await view.settled();
      expect(outcome.exitStatus).toBe(2);
      expect(outcome.recap, person.stderr()).toMatchObject([{ ok: 2, failed: 1, skipped: 0 }, { ok: 1, failed: 1, skipped: 2 }]);
      // What the run directory keeps of it is looked at below, with all other files.
      opened.ends(2, outcome.failures);
      const failures = [...outcome.failures.values()];
      shown = person.stdout() + person.stderr() + JSON.stringify(failures) + failures.map((error) => (error instanceof FleetTapError ? formatError(error) : String(error))).join('\n');
      const pids = [...fleet.sshd.descendants(), process.pid];
      for (const secret of [SECRET, ACCOUNT.password]) expect(processesWith(secret, pids)).toEqual([]);
    } finally {
      await opened.close();
    }
    expect(await failedHosts('last', person.context.stateDirectory)).toEqual(new Set(['web01', 'web02']));
    expect(shown).toContain('no_log');
    for (const secret of [SECRET, ACCOUNT.password]) {
      expect(shown).not.toContain(secret);
      expect(filesWith(secret, [fleet.sshd.folder, person.folder], sinceMs).filter((path) => path !== file)).toEqual([]);
    }
    expect(readFileSync(file, 'utf8')).toContain(SECRET);
  });

  it.skipIf(noAnsible !== undefined)(`in a vault are in no output and no run directory, right or wrong${noAnsible === undefined ? '' : ` (skipped: ${noAnsible})`}`, async () => {
    const fleet = await startExecFleet(['web01'], { account: { sudoers: '%u ALL=(ALL) ALL' } });
    const vault = join(fleet.sshd.folder, 'vault-password');
    writeFileSync(vault, 'open sesame\n');
    for (const password of [ACCOUNT.password, 'wrong velvet']) {
      const value = execFileSync('ansible-vault', ['encrypt_string', '--vault-password-file', vault, '--stdin-name', 'ansible_become_password'], { input: password, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
      const path = join(fleet.sshd.folder, 'with-vault.yml');
      const plain = readFileSync(fleet.inventoryFile, 'utf8');
      writeFileSync(path, plain.replace('  vars:\n', `  vars:\n${value.trimEnd().split('\n').map((line) => `    ${line}\n`).join('')}`));
      const { status, stdout, stderr, person } = await fleet.exec(['id -un; env'], { inventory: [path], become: true, vaultPasswordFile: [vault], verbose: 3 });
      expect(status, stderr).toBe(password === ACCOUNT.password ? 0 : 2);
      expect(stderr).toMatch(/web01: logged in with .+\n/);
      if (status === 2) expect(stderr).toContain('become-password-wrong');
      for (const secret of [password, 'open sesame']) {
        expect(stdout + stderr).not.toContain(secret);
        expect(filesWith(secret, [person.folder], 0)).toEqual([]);
      }
    }
  });
});
