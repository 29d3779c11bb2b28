// The keys of Ansible that are not supported, with what to write instead. A key that is in neither table is a slip of the pen.

const LATER = 'it is not supported yet';

export const unsupportedPlayKeys: Readonly<Record<string, string>> = {
  debugger: 'leave it out',
  include: 'use import_playbook',
};

export const unsupportedTaskKeys: Readonly<Record<string, string>> = {
  async: 'a long command needs nothing: leave it out; for one that goes on alone use a service, or systemd-run',
  poll: 'leave it out, with async',
  debugger: 'leave it out',
  include: 'Ansible has it no longer (since 2.16): use include_tasks or import_tasks',
  with_url: LATER,
  with_password: 'use loop: with query("password", ...)',
  with_env: 'use loop: with lookup("env", ...)',
  with_dig: LATER,
  with_random_choices: LATER,
};
