// What comes in: settings of ansible.cfg and ANSIBLE_* that change what an inventory or a run means, and that this program does not honour.
// What goes out: a refusal where hosts or variables would be others than with Ansible, a warning where it matters less. Never silence.
import { FleetTapError, formatPlace } from '../base/errors.js';
import type { Setting } from './config-file.js';

interface Limit {
  readonly names: readonly string[];
  /** Values that ask for nothing that is not done anyway. */
  readonly harmless: (text: string) => boolean;
  /** What to do instead; undefined: a warning is enough. */
  readonly refused?: string;
  /** It concerns playbooks of the user and nothing else. */
  readonly ofPlaybooks?: true;
}

const isFalse = (text: string): boolean => ['n', 'no', 'off', '0', 'false', 'f', ''].includes(text.trim().toLowerCase());
const isTrue = (text: string): boolean => ['y', 'yes', 'on', '1', 'true', 't'].includes(text.trim().toLowerCase());
const isEmpty = (text: string): boolean => text.trim() === '';
const isOneOf = (...words: readonly string[]) => (text: string): boolean => words.includes(text.trim().toLowerCase());
const words = (text: string): string[] => text.split(',').map((word) => word.trim().replace(/^ansible\.builtin\./, ''));

/** Those of Ansible's own inventory plugins that are built in here. */
const SOURCES = ['host_list', 'script', 'yaml', 'ini'];

const LIMITS: readonly Limit[] = [
  { names: ['ANSIBLE_HASH_BEHAVIOUR', 'defaults.hash_behaviour'], harmless: isOneOf('replace'), refused: 'mappings replace each other here: set it to replace, or write each mapping out where it is used' },
  { names: ['ANSIBLE_PRECEDENCE', 'defaults.precedence'], harmless: (text) => words(text).join() === 'all_inventory,groups_inventory,all_plugins_inventory,all_plugins_play,groups_plugins_inventory,groups_plugins_play', refused: 'variables have Ansible\'s own order here: remove the setting' },
  { names: ['ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS', 'defaults.force_valid_group_names'], harmless: isOneOf('never', 'ignore'), refused: 'group names stay as they are written: set it to never' },
  { names: ['ANSIBLE_INVENTORY_ENABLED', 'inventory.enable_plugins'], harmless: (text) => SOURCES.every((one) => words(text).includes(one)) },
  { names: ['ANSIBLE_YAML_FILENAME_EXT', 'defaults.yaml_valid_extensions'], harmless: (text) => words(text).sort().join() === '.json,.yaml,.yml' },
  { names: ['ANSIBLE_VAULT_ID_MATCH', 'defaults.vault_id_match'], harmless: isFalse },
  { names: ['ANSIBLE_VARS_ENABLED', 'defaults.vars_plugins_enabled'], harmless: isOneOf('host_group_vars', 'ansible.builtin.host_group_vars') },
  { names: ['ANSIBLE_RUN_VARS_PLUGINS', 'defaults.run_vars_plugins'], harmless: isOneOf('demand') },
  { names: ['ANSIBLE_EXECUTABLE', 'defaults.executable'], harmless: (text) => /(^|\/)sh$/.test(text.trim()) },
  { names: ['ANSIBLE_NO_LOG', 'defaults.no_log'], harmless: isFalse, refused: 'write no_log: true at the tasks or plays that need it' },
  { names: ['ANSIBLE_LOG_PATH', 'defaults.log_path'], harmless: isEmpty },
  { names: ['ANSIBLE_BECOME_ALLOW_SAME_USER', 'privilege_escalation.become_allow_same_user'], harmless: isFalse },
  { names: ['ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD', 'paramiko_connection.host_key_auto_add'], harmless: isFalse },
  { names: ['ANSIBLE_ANY_ERRORS_FATAL', 'defaults.any_errors_fatal'], harmless: isFalse, refused: 'write any_errors_fatal: true in the plays that need it', ofPlaybooks: true },
  { names: ['ANSIBLE_STRATEGY', 'defaults.strategy'], harmless: isOneOf('linear', 'ansible.builtin.linear'), refused: 'write the strategy in the plays that need it', ofPlaybooks: true },
  { names: ['ANSIBLE_ERROR_ON_UNDEFINED_VARS', 'defaults.error_on_undefined_vars'], harmless: isTrue, refused: 'a variable that is not defined is an error here: give it a default', ofPlaybooks: true },
  { names: ['defaults.ansible_managed'], harmless: (text) => !/[{%]/.test(text), refused: 'it would change a file with every run or machine: write a text without { and %', ofPlaybooks: true },
  { names: ['ANSIBLE_INJECT_FACT_VARS', 'defaults.inject_facts_as_vars'], harmless: isTrue, ofPlaybooks: true },
  { names: ['ANSIBLE_JINJA2_NATIVE', 'defaults.jinja2_native'], harmless: isFalse, ofPlaybooks: true },
  { names: ['ANSIBLE_JINJA2_EXTENSIONS', 'defaults.jinja2_extensions'], harmless: isEmpty, ofPlaybooks: true },
  { names: ['ANSIBLE_STDOUT_CALLBACK', 'defaults.stdout_callback'], harmless: isOneOf('default', 'ansible.builtin.default'), ofPlaybooks: true },
  { names: ['ANSIBLE_CALLBACK_WHITELIST', 'ANSIBLE_CALLBACKS_ENABLED', 'defaults.callback_whitelist', 'defaults.callbacks_enabled'], harmless: isEmpty, ofPlaybooks: true },
  { names: ['ANSIBLE_CALLBACK_RESULT_FORMAT', 'defaults.callback_result_format'], harmless: isOneOf('json'), ofPlaybooks: true },
  { names: ['ANSIBLE_CALLBACK_FORMAT_PRETTY', 'defaults.callback_format_pretty'], harmless: isFalse, ofPlaybooks: true },
  { names: ['ANSIBLE_CHECK_MODE_MARKERS', 'defaults.check_mode_markers'], harmless: isFalse, ofPlaybooks: true },
  { names: ['ANSIBLE_SHOW_PER_HOST_START', 'defaults.show_per_host_start'], harmless: isFalse, ofPlaybooks: true },
  { names: ['ANSIBLE_DISPLAY_ARGS_TO_STDOUT', 'defaults.display_args_to_stdout'], harmless: isFalse, ofPlaybooks: true },
  { names: ['ANSIBLE_PARAMIKO_PROXY_COMMAND', 'paramiko_connection.proxy_command'], harmless: isEmpty },
];

/** @param find the setting that counts of these names. @throws FleetTapError kind `input`, code `ansible-config` */
export function checkLimits(find: (names: readonly string[]) => Setting | undefined, warn: (message: string) => void, playsPlaybooks: boolean): void {
  for (const { names, harmless, refused, ofPlaybooks } of LIMITS) {
    if (ofPlaybooks === true && !playsPlaybooks) continue;
    const setting = find(names);
    if (setting === undefined || harmless(setting.text)) continue;
    if (refused !== undefined) throw new FleetTapError('input', 'ansible-config', `${setting.name} = ${setting.text} is not supported`, { place: setting.place, hint: refused });
    const place = formatPlace(setting.place);
    warn(`${place === '' ? '' : `${place}: `}${setting.name} = ${setting.text} is passed over`);
  }
}
