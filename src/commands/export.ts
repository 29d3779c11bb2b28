// fleet-tap export ansible: playbooks/setup.yml as an Ansible role, for who runs Ansible anyway.
// Guaranteed: the role's tasks and variables are the playbook's, compared as data before anything is written; a folder that is there is not written over.
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq } from 'yaml';
import { FleetTapError } from '../base/errors.js';
import { fileReason } from '../base/file-reason.js';
import { makeFolder } from '../base/make-folder.js';
import { ownFile } from '../base/own-file.js';
import { mapEntries, parseYaml } from '../base/yaml.js';
import { plainValue } from '../base/yaml-value.js';
import type { CommandContext, ExitStatus } from './context.js';
import { version } from './version.js';

export interface ExportOptions {
  /** The folder that is made. */
  readonly folder: string;
}

const PLAYBOOK = fileURLToPath(ownFile('playbooks/setup.yml'));
/** What its tasks copy, and the tasks that it imports: in a role they stand beside main.yml. */
const FILES = fileURLToPath(ownFile('playbooks/files'));
const IMPORTED = fileURLToPath(ownFile('playbooks/setup'));
const MADE = `# Made by fleet-tap ${version}: fleet-tap export ansible\n`;

const DEFAULTS = `---
${MADE}# every-host: each host gets the debug symbols and compiles for itself; per-kernel: one host for each kernel compiles; none: no debug symbols.
# Ansible does not ask the fleet which host compiles for a kernel: say fleet_tap_compile: true on one of each.
fleet_tap_symbols: every-host
# Debug symbols of the kernel's loadable modules too: 2 GB instead of 0.4 GB.
fleet_tap_symbols_full: false
# A mirror of Ubuntu's archive of debug symbols. One that signs for itself: fleet_tap_ddebs_key (a file) and fleet_tap_ddebs_fingerprint.
fleet_tap_ddebs_url: http://ddebs.ubuntu.com
# Where the packages of a kernel come from once the archive has dropped it: Launchpad and debuginfod for Ubuntu, snapshot for Debian. '' asks none.
fleet_tap_launchpad_url: https://launchpad.net
fleet_tap_debuginfod_url: https://debuginfod.ubuntu.com
fleet_tap_snapshot_url: https://snapshot.debian.org
# Hosts that download packages at once; 0: all.
fleet_tap_downloads: 4
# How long another program may hold apt's lock.
fleet_tap_lock_seconds: 300
# true: set up although something stands in the way that setup sees.
fleet_tap_anyway: false
`;

const META = `---
${MADE}galaxy_info:
  role_name: fleet_tap
  author: fleet-tap
  description: SystemTap, and the debug symbols that match the running kernel
  license: MIT
  min_ansible_version: "2.14"
  platforms:
    - name: Debian
      versions: [bullseye, bookworm, trixie]
    - name: Ubuntu
      versions: [focal, jammy, noble]
dependencies: []
`;

const PLAY = `---
${MADE}- name: SystemTap and debug symbols
  hosts: all
  become: true
  roles:
    - fleet_tap
`;

export async function exportAnsible({ folder }: ExportOptions, context: CommandContext): Promise<ExitStatus> {
  if (await stat(folder).then(() => true, () => false)) throw new FleetTapError('input', 'output-exists', `${folder} is there already`, { hint: 'name a folder that is to be made' });
  const { vars, tasks } = sections(await readFile(PLAYBOOK, 'utf8'));
  const role = join(folder, 'roles', 'fleet_tap');
  const files: readonly (readonly [string, string])[] = [
    [join(folder, 'setup.yml'), PLAY],
    [join(role, 'defaults', 'main.yml'), DEFAULTS],
    [join(role, 'vars', 'main.yml'), `---\n${MADE}${vars}`],
    [join(role, 'tasks', 'main.yml'), `---\n${MADE}${tasks}`],
    [join(role, 'handlers', 'main.yml'), `---\n${MADE}# Nothing has to be restarted.\n[]\n`],
    [join(role, 'meta', 'main.yml'), META],
  ];
  try {
    for (const [file, text] of files) {
      await makeFolder(dirname(file));
      await writeFile(file, text);
    }
    await cp(FILES, join(role, 'files'), { recursive: true });
    await cp(IMPORTED, join(role, 'tasks', 'setup'), { recursive: true });
  } catch (cause) {
    // Half a role would stand in the way of the next attempt. It was not there before.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw new FleetTapError('input', 'output-failed', `${folder} cannot be written: ${fileReason(cause, 'the system takes no folder there')}`, { cause });
  }
  context.stdout.write(`${folder}: ansible-playbook -i INVENTORY ${join(folder, 'setup.yml')}\n`);
  return 0;
}

/** The play's `vars:` and `tasks:` as they are written, comments too, each as a file of its own. */
function sections(text: string): { readonly vars: string; readonly tasks: string } {
  const [, vars = '', tasks = ''] = /^ {2}vars:\n([\s\S]*?)^ {2}tasks:\n([\s\S]*)$/m.exec(text) ?? [];
  const parts = { vars: vars.replaceAll(/^ {4}/gm, ''), tasks: tasks.replaceAll(/^ {4}/gm, '') };
  const whole = parseYaml(text, PLAYBOOK);
  const [play] = isSeq(whole.root) ? whole.root.items : [];
  const entries = isMap(play) ? mapEntries(whole, play) : [];
  for (const name of ['vars', 'tasks'] as const) {
    const part = parseYaml(parts[name], PLAYBOOK);
    const there = plainValue(whole, entries.find(({ key }) => key === name)?.value ?? null);
    if (!isDeepStrictEqual(plainValue(part, part.root), there)) throw new Error(`${PLAYBOOK}: ${name} cannot be taken out as text`);
  }
  return parts;
}
