// Mode, owner and group of a path: the parameters that file and copy share, and the sh function that compares and sets them.
import type { Parameters } from './params.js';

export const ownership = {
  mode: { type: 'mode' },
  owner: { type: 'string' },
  group: { type: 'string' },
} as const satisfies Parameters;

/**
 * `own PATH` sets `changed=true` where mode, owner or group differ, and sets them unless `check` is set.
 * Needs the variables mode, owner, group (empty: leave alone), check. An owner may be a name or a number.
 * A name that the host does not know stops with an answer. The mode comes last: chown takes the setuid bit away.
 */
export const OWN = `
own() {
  if [ -n "$owner" ]; then
    uid=$(id -u -- "$owner" 2>/dev/null) || uid=$owner
    case $uid in *[!0-9]*) give_up "the host has no user $owner";; esac
    if [ "$(stat -c %u -- "$1")" != "$uid" ]; then changed=true; [ -n "$check" ] || chown -h -- "$uid" "$1" || give_up "cannot set the owner of $1"; fi
  fi
  if [ -n "$group" ]; then
    gid=$(getent group -- "$group" | cut -d: -f3); gid=\${gid:-$group}
    case $gid in *[!0-9]*) give_up "the host has no group $group";; esac
    if [ "$(stat -c %g -- "$1")" != "$gid" ]; then changed=true; [ -n "$check" ] || chgrp -h -- "$gid" "$1" || give_up "cannot set the group of $1"; fi
  fi
  if [ -n "$mode" ] && [ ! -L "$1" ] && [ "$(stat -c %a -- "$1")" != "$mode" ]; then
    changed=true; [ -n "$check" ] || chmod -- "$mode" "$1" || give_up "cannot set the mode of $1"
  fi
}
give_up() {
  answer; say changed "$changed"; say failed true; tell msg "$1"; finish
}
changed=false
`.trim();
