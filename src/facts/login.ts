// What comes in: the ids of a process of ours, and the login's line of the user database. What goes out: who we are there; uid 0 needs no sudo.
import type { HostText } from '../base/host-text.js';
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

export const login: Fact = {
  name: 'login',
  files: ['/proc/self/status'],
  // The database beyond the file (LDAP) is a process away.
  command: `[ -r /proc/self/status ] || id
user=\${LOGNAME:-\${USER:-root}}; entry=; while IFS= read -r line; do case $line in "$user:"*) entry=$line; break ;; esac; done </etc/passwd
if [ -n "$entry" ]; then printf '%s\\n' "$entry"; else getent passwd "$user"; fi`,
  parse: (output, files) => {
    const uid = idOf(output, files, 'uid');
    return uid === undefined ? {} : { uid };
  },
  ansible: (output, files) => {
    const uid = idOf(output, files, 'uid');
    const gid = idOf(output, files, 'gid');
    const entry = /^([^:\s]+):[^:\n]*:(\d+):(\d+):([^:\n]*):([^:\n]*):([^:\n]*)$/m.exec(output);
    const ids = { real_user_id: uid, effective_user_id: uid, real_group_id: gid, effective_group_id: gid };
    if (entry === null) return { user_uid: uid, user_gid: gid, ...ids };
    const [, name, ownUid, ownGid, gecos, home, shell] = entry;
    return { user_id: name, user_uid: Number(ownUid), user_gid: Number(ownGid), user_gecos: gecos, user_dir: home, user_shell: shell, ...ids };
  },
};

/** Of `Uid:\t0\t0\t0\t0` (real, effective, …), `uid=0(root) gid=0(root) …`, or a bare number. */
function idOf(output: HostText, files: HostFiles, name: 'uid' | 'gid'): number | undefined {
  const line = files.lines('/proc/self/status').find((one) => one.toLowerCase().startsWith(`${name}:`));
  const effective = /^\w+:\s+\d+\s+(\d{1,10})\s/.exec(line ?? '')?.[1];
  if (effective !== undefined) return Number(effective);

  const digits = new RegExp(`(?:^|\\s)${name}=(\\d{1,10})(?!\\d)`).exec(output)?.[1] ?? (name === 'uid' ? /^\d{1,10}$/m.exec(output)?.[0] : undefined);
  return digits === undefined ? undefined : Number(digits);
}
