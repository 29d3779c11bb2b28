// What comes in: settings of ansible.cfg and ANSIBLE_* that change what an inventory or a run means, and that this program does not honour.
// What goes out: a refusal where hosts or variables would be others than with Ansible, a warning where it matters less. Never silence.
import { booleanOf } from '../base/boolean-words.js';
import { FleetTapError, formatPlace } from '../base/errors.js';
import type { Setting } from './config-file.js';

interface Named {
  readonly names: readonly string[];
  /** Values that ask for nothing that is not done anyway. */
  readonly harmless: (text: string) => boolean;
  /** It concerns playbooks of the user and nothing else. */
  readonly ofPlaybooks?: true;
  /** What is set is shown to nobody. */
  readonly isSecret?: true;
}

/** Refused, with what to do instead; or passed over, with what holds instead. */
type Limit = Named & ({ readonly refused: string } | { readonly means: string });

const isEmpty = (text: string): boolean => text.trim() === '';
const isFalse = (text: string): boolean => isEmpty(text) || booleanOf(text) === false;
const isTrue = (text: string): boolean => booleanOf(text) === true;
const isOneOf = (...words: readonly string[]) => (text: string): boolean => words.includes(text.trim().toLowerCase());
const words = (text: string): string[] => text.split(',').map((word) => word.trim().replace(/^ansible\.builtin\./, ''));

const PARAMIKO = 'hosts with this connection are reached like all others: write it as a variable of the host, or in ~/.ssh/config';

/** Those of Ansible's own inventory plugins that are built in here. */
const SOURCES = ['host_list', 'script', 'yaml', 'ini'];

const LIMITS: readonly Limit[] = [
  // Variables or hosts would be others.
  { names: ['ANSIBLE_HASH_BEHAVIOUR', 'defaults.hash_behaviour'], harmless: isOneOf('replace'), refused: 'mappings replace each other here: set it to replace, or write each mapping out where it is used' },
  { names: ['ANSIBLE_PRECEDENCE', 'defaults.precedence'], harmless: (text) => words(text).join() === 'all_inventory,groups_inventory,all_plugins_inventory,all_plugins_play,groups_plugins_inventory,groups_plugins_play', refused: 'variables have Ansible\'s own order here: remove the setting' },
  { names: ['ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS', 'defaults.force_valid_group_names'], harmless: isOneOf('never', 'ignore'), refused: 'group names stay as they are written: set it to never' },
  { names: ['ANSIBLE_VARS_PLUGIN_STAGE', 'vars_host_group_vars.stage'], harmless: isOneOf('all'), refused: 'group_vars/ and host_vars/ are read for whatever is done: set it to all' },
  { names: ['ANSIBLE_PLAYBOOK_VARS_ROOT', 'defaults.playbook_vars_root'], harmless: isOneOf('top'), refused: 'group_vars/ and host_vars/ beside the playbook that was named count: set it to top', ofPlaybooks: true },
  { names: ['ANSIBLE_PRIVATE_ROLE_VARS', 'defaults.private_role_vars'], harmless: isFalse, refused: 'the whole play sees the variables of its roles: remove the setting, and give variables that are not to be seen names of their own', ofPlaybooks: true },
  { names: ['ANSIBLE_NO_LOG', 'defaults.no_log'], harmless: isFalse, refused: 'write no_log: true at the tasks or plays that need it' },
  { names: ['ANSIBLE_ANY_ERRORS_FATAL', 'defaults.any_errors_fatal'], harmless: isFalse, refused: 'write any_errors_fatal: true in the plays that need it', ofPlaybooks: true },
  { names: ['ANSIBLE_STRATEGY', 'defaults.strategy'], harmless: isOneOf('linear', 'ansible.builtin.linear'), refused: 'write the strategy in the plays that need it', ofPlaybooks: true },
  { names: ['ANSIBLE_ERROR_ON_UNDEFINED_VARS', 'defaults.error_on_undefined_vars'], harmless: isTrue, refused: 'a variable that is not defined is an error here: give it a default', ofPlaybooks: true },
  { names: ['defaults.ansible_managed'], harmless: (text) => !/[{%]/.test(text), refused: 'it would change a file with every run or machine: write a text without { and %', ofPlaybooks: true },
  // Inventory, vaults.
  { names: ['ANSIBLE_INVENTORY_ENABLED', 'inventory.enable_plugins'], harmless: (text) => SOURCES.every((one) => words(text).includes(one)), means: 'lists of hosts, programs, YAML and INI are always read' },
  { names: ['ANSIBLE_YAML_FILENAME_EXT', 'ANSIBLE_INVENTORY_PLUGIN_EXTS', 'defaults.yaml_valid_extensions', 'inventory_plugin_yaml.yaml_valid_extensions'], harmless: (text) => words(text).sort().join() === '.json,.yaml,.yml', means: '.yml, .yaml and .json are YAML' },
  { names: ['ANSIBLE_VAULT_ID_MATCH', 'defaults.vault_id_match'], harmless: isFalse, means: 'each vault password is tried, that of the label first' },
  { names: ['ANSIBLE_VARS_ENABLED', 'defaults.vars_plugins_enabled'], harmless: isOneOf('host_group_vars', 'ansible.builtin.host_group_vars'), means: 'variables come from the inventory, group_vars/ and host_vars/' },
  { names: ['ANSIBLE_VARS_PLUGINS', 'defaults.vars_plugins'], harmless: isEmpty, means: 'variables come from the inventory, group_vars/ and host_vars/' },
  { names: ['ANSIBLE_RUN_VARS_PLUGINS', 'defaults.run_vars_plugins'], harmless: isOneOf('demand'), means: 'group_vars/ and host_vars/ count in Ansible\'s usual order' },
  // Connections.
  { names: ['ANSIBLE_EXECUTABLE', 'defaults.executable'], harmless: (text) => /(^|\/)sh$/.test(text.trim()), means: 'sh runs everything on the hosts' },
  { names: ['ANSIBLE_BECOME_ALLOW_SAME_USER', 'privilege_escalation.become_allow_same_user'], harmless: isFalse, means: 'a login that is the user already becomes nobody' },
  { names: ['ANSIBLE_SUDO_CHDIR', 'sudo_become_plugin.chdir'], harmless: isEmpty, means: 'commands run where the login began' },
  { names: ['ANSIBLE_SSH_AGENT', 'connection.ssh_agent'], harmless: isOneOf('none'), means: 'the agent is that of SSH_AUTH_SOCK, or of IdentityAgent in ~/.ssh/config' },
  { names: ['ANSIBLE_PRIVATE_KEY'], harmless: isEmpty, isSecret: true, means: 'keys come from files and from the agent' },
  { names: ['ANSIBLE_PRIVATE_KEY_PASSPHRASE'], harmless: isEmpty, isSecret: true, means: 'a key with a passphrase is asked about once, or is in the agent' },
  { names: ['ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD', 'paramiko_connection.host_key_auto_add'], harmless: isFalse, means: 'what happens to unknown host keys is said with --host-key-checking or in ~/.ssh/config' },
  { names: ['ANSIBLE_PARAMIKO_HOST_KEY_CHECKING', 'paramiko_connection.host_key_checking'], harmless: isTrue, means: PARAMIKO },
  { names: ['ANSIBLE_PARAMIKO_RECORD_HOST_KEYS', 'paramiko_connection.record_host_keys'], harmless: isTrue, means: 'a host key that is taken is remembered in known_hosts, as ssh does' },
  { names: ['ANSIBLE_PARAMIKO_LOOK_FOR_KEYS', 'paramiko_connection.look_for_keys'], harmless: isTrue, means: 'keys in ~/.ssh are tried, unless ~/.ssh/config says IdentitiesOnly' },
  { names: ['ANSIBLE_PARAMIKO_PROXY_COMMAND', 'paramiko_connection.proxy_command'], harmless: isEmpty, means: PARAMIKO },
  { names: ['ANSIBLE_PARAMIKO_REMOTE_USER', 'paramiko_connection.remote_user'], harmless: isEmpty, means: PARAMIKO },
  { names: ['ANSIBLE_REMOTE_PARAMIKO_PORT', 'paramiko_connection.remote_port'], harmless: isOneOf('22'), means: PARAMIKO },
  { names: ['ANSIBLE_PARAMIKO_PRIVATE_KEY_FILE', 'paramiko_connection.private_key_file'], harmless: isEmpty, means: PARAMIKO },
  { names: ['ANSIBLE_PARAMIKO_TIMEOUT', 'paramiko_connection.timeout'], harmless: isOneOf('10'), means: PARAMIKO },
  { names: ['ANSIBLE_PARAMIKO_USE_RSA_SHA2_ALGORITHMS', 'paramiko_connection.use_rsa_sha2_algorithms'], harmless: isTrue, means: 'which algorithms are used is said in ~/.ssh/config' },
  // Output, and how playbooks run.
  { names: ['ANSIBLE_LOG_PATH', 'defaults.log_path'], harmless: isEmpty, means: 'each run leaves a directory of its own' },
  { names: ['ANSIBLE_MAX_DIFF_SIZE', 'defaults.max_diff_size'], harmless: isOneOf('104448'), means: 'files of more than 104448 bytes are left out of diffs', ofPlaybooks: true },
  { names: ['ANSIBLE_CACHE_PLUGIN', 'defaults.fact_caching'], harmless: isOneOf('memory', 'ansible.builtin.memory'), means: 'facts are gathered anew in each run', ofPlaybooks: true },
  { names: ['ANSIBLE_FACTS_MODULES', 'defaults.facts_modules'], harmless: isOneOf('smart', 'setup', 'ansible.builtin.setup'), means: 'facts are those of setup', ofPlaybooks: true },
  { names: ['ANSIBLE_INJECT_FACT_VARS', 'defaults.inject_facts_as_vars'], harmless: isTrue, means: 'facts are variables as well: ansible_distribution', ofPlaybooks: true },
  { names: ['ANSIBLE_ENABLE_TASK_DEBUGGER', 'defaults.enable_task_debugger'], harmless: isFalse, means: 'a task that fails starts no debugger', ofPlaybooks: true },
  { names: ['ANSIBLE_ERROR_ON_MISSING_HANDLER', 'defaults.error_on_missing_handler'], harmless: isTrue, means: 'a name that no handler has is an error', ofPlaybooks: true },
  { names: ['defaults.plugin_filters_cfg'], harmless: isEmpty, means: 'no module is taken away', ofPlaybooks: true },
  { names: ['defaults.allow_unsafe_lookups'], harmless: isFalse, means: 'what a lookup finds is no template', ofPlaybooks: true },
  { names: ['ANSIBLE_NULL_REPRESENTATION', 'defaults.null_representation'], harmless: isEmpty, means: 'a template that is null is null', ofPlaybooks: true },
  { names: ['ANSIBLE_JINJA2_NATIVE', 'defaults.jinja2_native'], harmless: isFalse, means: 'a template that is one expression keeps its type, as in ansible-core 2.19', ofPlaybooks: true },
  { names: ['ANSIBLE_JINJA2_EXTENSIONS', 'defaults.jinja2_extensions'], harmless: isEmpty, means: 'templates have Ansible\'s own tags', ofPlaybooks: true },
  { names: ['ANSIBLE_STDOUT_CALLBACK', 'defaults.stdout_callback'], harmless: isOneOf('default', 'ansible.builtin.default'), means: 'output is that of the default callback, or --json', ofPlaybooks: true },
  { names: ['ANSIBLE_CALLBACK_WHITELIST', 'ANSIBLE_CALLBACKS_ENABLED', 'defaults.callback_whitelist', 'defaults.callbacks_enabled'], harmless: isEmpty, means: 'there are no callbacks; --events and --junit write files', ofPlaybooks: true },
  { names: ['ANSIBLE_CALLBACK_RESULT_FORMAT', 'defaults.callback_result_format'], harmless: isOneOf('json'), means: 'results are JSON', ofPlaybooks: true },
  { names: ['ANSIBLE_CALLBACK_FORMAT_PRETTY', 'defaults.callback_format_pretty'], harmless: isFalse, means: 'results look as they do without it', ofPlaybooks: true },
  { names: ['ANSIBLE_CHECK_MODE_MARKERS', 'defaults.check_mode_markers'], harmless: isFalse, means: 'lines of --check look like others', ofPlaybooks: true },
  { names: ['ANSIBLE_SHOW_PER_HOST_START', 'defaults.show_per_host_start'], harmless: isFalse, means: 'a host is shown when its task ends', ofPlaybooks: true },
  { names: ['ANSIBLE_DISPLAY_ARGS_TO_STDOUT', 'defaults.display_args_to_stdout'], harmless: isFalse, means: 'the arguments of tasks are not shown', ofPlaybooks: true },
];

/** @param find the setting that counts of these names. @throws FleetTapError kind `input`, code `ansible-config` */
export function checkLimits(find: (names: readonly string[]) => Setting | undefined, warn: (message: string) => void, playsPlaybooks: boolean): void {
  for (const limit of LIMITS) {
    if (limit.ofPlaybooks === true && !playsPlaybooks) continue;
    const setting = find(limit.names);
    if (setting === undefined || limit.harmless(setting.text)) continue;
    const what = limit.isSecret === true ? setting.name : `${setting.name} = ${setting.text}`;
    if ('refused' in limit) throw new FleetTapError('input', 'ansible-config', `${what} is not supported`, { place: setting.place, hint: limit.refused });
    const place = formatPlace(setting.place);
    warn(`${place === '' ? '' : `${place}: `}${what} is passed over: ${limit.means}`);
  }
}
