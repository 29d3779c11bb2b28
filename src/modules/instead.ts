// Modules of Ansible that are not here, and with which of those that are the same is done. A list for people; the rest is in docs/modules.md.

const INSTEAD: Readonly<Record<string, string>> = {
  acl: 'command: setfacl, after a look with getfacl',
  alternatives: 'command: update-alternatives --set NAME PATH',
  archive: 'command: tar, with creates',
  assemble: 'template with a loop over the parts',
  authorized_key: 'copy the file .ssh/authorized_keys, or lineinfile with a key a line',
  expect: 'shell with the answers in stdin',
  git: 'command: git clone URL DIR, with creates; then git -C DIR pull',
  hostname: 'copy to /etc/hostname, and command: hostnamectl set-hostname NAME',
  htpasswd: 'lineinfile, with what openssl passwd prints',
  ini_file: 'lineinfile with regexp and insertafter, or template for the whole file',
  iptables: 'template a file of rules, and a handler that loads it',
  known_hosts: 'lineinfile on /etc/ssh/ssh_known_hosts',
  locale_gen: 'lineinfile on /etc/locale.gen, and command: locale-gen',
  pam_limits: 'copy a file to /etc/security/limits.d',
  pip: 'apt with the package python3-NAME, or command: pip install, with creates',
  synchronize: 'copy of a folder',
  timezone: 'file with state: link from /usr/share/zoneinfo/ZONE to /etc/localtime',
  ufw: 'command: ufw allow PORT; changed_when by what it prints',
  uri: 'get_url for a file; else command: curl',
};

/** @param written with or without its collection */
export function insteadOf(written: string): string | undefined {
  const name = written.slice(written.lastIndexOf('.') + 1);
  return Object.hasOwn(INSTEAD, name) ? `instead: ${INSTEAD[name]}` : undefined;
}
