// The keys of Ansible that are supported, and those that are not, with what to write instead. A key that is in neither table is a slip of the pen.

/** Keys of every play, role, block and task. */
export const COMMON_KEYS = ['name', 'when', 'tags', 'environment', 'vars', 'become', 'become_user', 'become_method', 'become_flags', 'become_exe', 'ignore_errors', 'ignore_unreachable', 'check_mode', 'diff', 'no_log', 'run_once', 'any_errors_fatal', 'timeout', 'connection', 'throttle', 'remote_user', 'port', 'module_defaults', 'collections'];

/** Keys of tasks, besides those and loops. */
export const OWN_TASK_KEYS = ['action', 'local_action', 'args', 'register', 'loop_control', 'changed_when', 'failed_when', 'until', 'retries', 'delay', 'notify', 'delegate_to', 'delegate_facts'];

const LATER = 'it is not supported yet';

export const unsupportedPlayKeys: Readonly<Record<string, string>> = {
  debugger: 'leave it out',
  include: 'use import_playbook',
  sudo: 'use become',
  sudo_user: 'use become_user',
};

export const unsupportedTaskKeys: Readonly<Record<string, string>> = {
  async: 'a long command needs nothing: leave it out; for one that goes on alone use a service, or systemd-run',
  poll: 'leave it out, with async',
  debugger: 'leave it out',
  rescue: 'it stands in a task with block:, beside it',
  always: 'it stands in a task with block:, beside it',
  sudo: 'use become',
  sudo_user: 'use become_user',
  include: 'Ansible has it no longer (since 2.16): use include_tasks or import_tasks',
  with_url: LATER,
  with_password: 'use loop: with query("password", ...)',
  with_env: 'use loop: with lookup("env", ...)',
  with_dig: LATER,
  with_random_choices: LATER,
};
