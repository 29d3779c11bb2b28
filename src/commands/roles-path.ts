// Where roles are besides roles/ beside the playbook: Ansible's DEFAULT_ROLES_PATH.
export const ROLES_PATH = ['~/.ansible/roles', '/usr/share/ansible/roles', '/etc/ansible/roles'];
