// package: a package is there, or not, by the host's own package manager. So far that is apt on Debian and its relatives; others are told.
import { apt } from './apt.js';
import { convertParameters, type Parameters } from './params.js';
import type { PlaybookModule } from './module.js';

const parameters = {
  name: { type: 'list', required: true, aliases: ['pkg', 'package'] },
  state: { type: 'string', default: 'present', choices: ['absent', 'build-dep', 'fixed', 'latest', 'present'] },
  use: { type: 'string', default: 'auto', choices: ['auto', 'apt', 'ansible.builtin.apt'] },
  update_cache: { type: 'boolean', default: false, aliases: ['update-cache'] },
  cache_valid_time: { type: 'integer', default: 0 },
  install_recommends: { type: 'boolean', aliases: ['install-recommends'] },
  allow_downgrade: { type: 'boolean', default: false, aliases: ['allow-downgrade', 'allow_downgrades', 'allow-downgrades'] },
  purge: { type: 'boolean', default: false },
  autoremove: { type: 'boolean', default: false },
  lock_timeout: { type: 'integer', default: 60 },
} as const satisfies Parameters;

export const packageModule: PlaybookModule<typeof parameters> = {
  name: 'package',
  parameters,
  plan: (params, context) => apt.plan(convertParameters(apt.parameters, params), context),
};
