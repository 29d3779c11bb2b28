// What copy takes, as Ansible's: the table that its three ways share.
import { ownership } from './ownership.js';
import type { Parameters } from './params.js';

export const copyParameters = {
  dest: { type: 'path', required: true },
  content: { type: 'raw' },
  src: { type: 'path' },
  backup: { type: 'boolean', default: false },
  force: { type: 'boolean', default: true },
  follow: { type: 'boolean', default: false },
  validate: { type: 'string' },
  directory_mode: { type: 'mode' },
  remote_src: { type: 'boolean', default: false },
  local_follow: { type: 'boolean' },
  checksum: { type: 'string' },
  decrypt: { type: 'boolean', default: true },
  ...ownership,
  mode: { type: 'copymode' },
} as const satisfies Parameters;
