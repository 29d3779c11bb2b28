// The variables that say how a host is reached, each of which has two names (ansible/constants.py, MAGIC_VARIABLE_MAPPING).

export type ConnectionKind = 'user' | 'port' | 'privateKey' | 'timeout';

export const CONNECTION_NAMES: Readonly<Record<string, ConnectionKind | 'host'>> = {
  ansible_host: 'host', ansible_ssh_host: 'host', ansible_user: 'user', ansible_ssh_user: 'user', ansible_port: 'port', ansible_ssh_port: 'port',
  ansible_private_key_file: 'privateKey', ansible_ssh_private_key_file: 'privateKey', ansible_timeout: 'timeout', ansible_ssh_timeout: 'timeout',
};
