// What comes in: Facts. What goes out: the same under Ansible's names, and ours in `fleet_tap`; plain data, never templates.
// Where a value differs from `ansible -m setup`, test/facts/ansible.test.ts lists why.
import type { AnsibleFacts } from './fact.js';
import type { Facts } from './facts.js';
import { facts as table } from './index.js';

/** Without the prefix `ansible_`: the keys of `ansible_facts`. */
export function ansibleFacts(facts: Facts): AnsibleFacts {
  const { sections, files } = facts.answer;
  let known: AnsibleFacts = {};
  for (const { name, ansible } of table) if (ansible !== undefined) known = { ...known, ...ansible(sections.get(name) ?? '', files, known) };
  return { ...known, fleet_tap: ours(facts) };
}

/** What Ansible has no name for. */
function ours(facts: Facts): Readonly<Record<string, unknown>> {
  return {
    codename: facts.codename,
    base_distribution: facts.baseDistribution,
    base_codename: facts.baseCodename,
    deb_architecture: facts.debArchitecture,
    stap_version: facts.stapVersion,
    staprun_version: facts.staprunVersion,
    headers_for: facts.headersFor,
    symbols_for: facts.symbolsFor,
    symbols_path: facts.symbolsPath,
    debug_folder: facts.hasDebugFolder,
    debuginfod_urls: facts.debuginfodUrls,
    kernel_build_id: facts.kernelBuildId,
    kernel_packages: facts.kernelPackages,
    free_bytes: facts.freeBytes,
    virtualization: facts.virtualization,
    container: facts.isContainer,
    secure_boot: facts.secureBoot,
    lockdown: facts.lockdown,
    module_loading_refused: facts.moduleLoadingRefused,
    clock_shell: facts.clockShell,
  };
}
