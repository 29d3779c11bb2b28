// What comes in: `id`, and the login's line of the user database. What goes out: who we are there; uid 0 needs no sudo.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';

export const login: Fact = {
  name: 'login',
  command: `id; getent passwd "\${LOGNAME:-\${USER:-root}}" || while IFS= read -r line; do case $line in "\${LOGNAME:-\${USER:-root}}:"*) printf '%s\\n' "$line" ;; esac; done </etc/passwd`,
  parse: (output) => {
    const uid = numberAfter(output, 'uid');
    return uid === undefined ? {} : { uid };
  },
  ansible: (output) => {
    const uid = numberAfter(output, 'uid');
    const gid = numberAfter(output, 'gid');
    const entry = /^([^:\s]+):[^:\n]*:(\d+):(\d+):([^:\n]*):([^:\n]*):([^:\n]*)$/m.exec(output);
    const ids = { real_user_id: uid, effective_user_id: uid, real_group_id: gid, effective_group_id: gid };
    if (entry === null) return { user_uid: uid, user_gid: gid, ...ids };
    const [, name, ownUid, ownGid, gecos, home, shell] = entry;
    return { user_id: name, user_uid: Number(ownUid), user_gid: Number(ownGid), user_gecos: gecos, user_dir: home, user_shell: shell, ...ids };
  },
};

/** `uid=0(root) gid=0(root) …`, or a bare number. */
function numberAfter(output: HostText, name: 'uid' | 'gid'): number | undefined {
  const digits = new RegExp(`(?:^|\\s)${name}=(\\d{1,10})(?!\\d)`).exec(output)?.[1] ?? (name === 'uid' ? /^\d{1,10}$/m.exec(output)?.[0] : undefined);
  return digits === undefined ? undefined : Number(digits);
}
