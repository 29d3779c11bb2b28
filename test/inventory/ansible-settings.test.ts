// Every setting of the installed ansible-core is honoured, refused or told when it is set, or stands below with the reason why it may be passed over.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { readAnsibleConfig } from '../../src/inventory/ansible-config.js';
import { whyNoAnsible } from './oracle.js';

/** By name; of a plugin, `plugin: option`. */
const NOTHING: readonly (readonly [RegExp, string])[] = [
  [/^_|^COVERAGE/, 'for tests of Ansible itself'],
  [/^(GALAXY|COLLECTIONS?)_/, 'nothing is installed here, and collections are known by name'],
  [/^COLOR_/, 'colours are few here'],
  [/COW/, 'no cows'],
  [/(?<!VARS_)PLUGIN_PATH$|^DEFAULT_MODULE(_UTILS)?_PATH$/, 'plugins and modules of others are refused by name where they are used'],
  [/^(PERSISTENT|NETCONF|NETWORK|USE_PERSISTENT|ANSIBLE_CONNECTION_PATH|CONNECTION_FACTS)|: use_persistent_connections$/, 'for network devices'],
  [/^WIN_|^runas: /, 'for Windows'],
  [/WARNING|^(STRING_CONVERSION_ACTION|DISPLAY_TRACEBACK|DOCSITE_ROOT_URL)/, "Ansible's own words"],
  [/UNPARSED/, 'a source that cannot be read is an error'],
  [/^INVENTORY_CACHE/, 'for inventory plugins, which are refused'],
  [/^CACHE_PLUGIN_|^RETRY_FILES_SAVE_PATH/, 'of no effect without CACHE_PLUGIN and RETRY_FILES_ENABLED'],
  [/^(EDITOR|PAGER|LIBVIRT|DEFAULT_LIBVIRT|DEFAULT_SELINUX|DEFAULT_(NO_TARGET_)?SYSLOG|TARGET_LOG|DEFAULT_NO_TARGET|PYTHON_MODULE|DEFAULT_MODULE_COMPRESSION|DEFAULT_KEEP_REMOTE|DEFAULT_LOCAL_TMP|MODULE_STRICT|WORKER|DEFAULT_INTERNAL_POLL|DEFAULT_DEBUG|INTERPRETER_PYTHON)/, 'how modules in Python travel and run'],
  [/^(sh|ssh|local): (remote_tmp|system_tmpdirs|async_dir|admin_users|common_remote_group|world_readable_temp|world_readable)/, 'how modules in Python travel and run'],
  [/PIPELINING|: pipelining$|^ssh: (control_path|scp|sftp|ssh_transfer|use_tty|sshpass|password_mechanism|verbosity)|: (pty|banner_timeout)$|^SSH_AGENT_/, 'how files and commands travel'],
  [/^DEFAULT_(MODULE_ARGS|MODULE_NAME|LOAD_CALLBACK)/, 'for the command ansible'],
  [/^DEFAULT_(POLL_INTERVAL)/, 'async is refused'],
  [/^DEFAULT_(GATHER_SUBSET|GATHER_TIMEOUT|FACT_PATH)/, 'all facts come in one round trip, without those of files'],
  [/^DEFAULT_VAULT_(IDENTITY$|ENCRYPT)|^VAULT_ENCRYPT/, 'the name of a label that is not written; nothing is encrypted here'],
  [/^DEFAULT_SU$|^AGNOSTIC_BECOME|^OLD_PLUGIN|^STRING_TYPE_FILTERS|^MODULE_IGNORE|^VALIDATE_ACTION|^LOG_|^DEFAULT_LOG_FILTER/, 'of no effect on hosts, variables or results'],
  [/^(INVALID_TASK_ATTRIBUTE|ALLOW_BROKEN|ALLOW_EMBEDDED|TASK_DEBUGGER_IGNORE)/, 'stricter here'],
  [/^VERBOSE_TO_STDERR|^script: always_show_stderr/, 'done anyway'],
];

/** One of them is no default, whatever kind of setting it is. */
const VALUES = ['yes', 'no', '7', 'ignore', 'error', 'auto', '/x/y,z'];

const skipReason = whyNoAnsible();

describe.skipIf(skipReason !== undefined)(`no setting is passed over in silence${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  let folder: string;
  let settings: readonly { readonly setting: string; readonly names: readonly string[] }[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-tap-settings-'));
    settings = JSON.parse(execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'settings.py')], { encoding: 'utf8', maxBuffer: 1 << 24 })) as typeof settings;
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** What comes of a setting: values, warnings, or a refusal. */
  async function outcome(name: string, value: string): Promise<string> {
    const isVariable = !name.includes('.');
    const [section = '', key = ''] = name.split('.');
    await writeFile(join(folder, 'ansible.cfg'), isVariable ? '' : `[${section}]\n${key} = ${value}\n`);
    const warnings: string[] = [];
    try {
      const config = readAnsibleConfig({ env: isVariable ? { [name]: value } : {}, folder, home: folder, warn: (message) => void warnings.push(message), playsPlaybooks: true });
      return JSON.stringify([config, warnings]);
    } catch (error) {
      if (error instanceof FleetTapError) return error.message;
      throw error;
    }
  }

  test('each is honoured, refused, told, or listed', async () => {
    expect(settings.length).toBeGreaterThan(200);
    const nothing = await outcome('no.setting', '1');
    const silent = new Set<string>();
    for (const { setting, names } of settings) {
      for (const name of names) {
        let isSilent = true;
        for (const value of VALUES) isSilent &&= (await outcome(name, value)) === nothing;
        if (isSilent) silent.add(`${setting} (${name})`);
      }
    }
    const isListed = (line: string): boolean => NOTHING.some(([pattern]) => pattern.test(line.replace(/ \(.*/, '')));
    expect([...silent].filter((line) => !isListed(line))).toEqual([]);
    const listed = settings.filter(({ setting }) => isListed(setting));
    const both = listed.filter(({ setting, names }) => names.every((name) => !silent.has(`${setting} (${name})`)));
    expect(both.map(({ setting }) => setting)).toEqual([]);
  });
});
