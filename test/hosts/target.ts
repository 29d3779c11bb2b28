// A test's sshd as the dialer's target.
import { thisMachine } from '../../src/ssh/config/machine.js';
import { ConfigFiles } from '../../src/ssh/config/files.js';
import { resolveTarget } from '../../src/ssh/resolve-target.js';
import type { DialTarget } from '../../src/ssh/target.js';
import type { Sshd } from './sshd.js';

export function targetOf(sshd: Pick<Sshd, 'connection'>, changes: Partial<DialTarget> = {}): DialTarget {
  const target = resolveTarget(sshd.connection, thisMachine({ ...process.env, SSH_AUTH_SOCK: undefined }), new ConfigFiles());
  return { ...target, ...changes };
}
