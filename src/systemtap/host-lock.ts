// What goes out: the sh functions that say who captures on a host, and take away what dead runs left. Used by supervisor.ts.
// A run's directory holds: alive (locked as long as its supervisor lives), who, capture (which one: of this host, by this fleet-tap), name (of its kernel module), pid (of staprun).
// Beside the directories, in the base: lock (held for moments, while somebody looks and then acts), settings (as the first run found them).
// Guaranteed: a lock is flock's, so that it is gone with its holder, whatever ended it; /run is gone with the boot. Only kernel modules
// whose name is ours and that nobody uses are unloaded. Settings go back with the last run, to what the first one found.

/** sh; knows $b (base), $d (this run's directory) and $proc. */
export const HOST_LOCK = `
hold() { exec 9>"$b/lock" && flock 9; }
release() { exec 9>&-; }
keep_settings() {
  [ ! -e "$b/settings" ] || return 0
  for s in kernel/kptr_restrict debug/kprobes-optimization; do v=; { read -r v < "$proc/sys/$s"; } 2>/dev/null; [ -z "$v" ] || echo "$s $v"; done > "$b/settings.new"
  mv -f "$b/settings.new" "$b/settings"
}
# Members of stapdev may not write them: nothing to be done about that.
restore_settings() {
  [ -e "$b/settings" ] || return 0
  # No process is started for it: on a host that is out of breath each costs a second.
  while read -r s v; do
    now=; { read -r now < "$proc/sys/$s"; } 2>/dev/null
    [ "$now" = "$v" ] || { echo "$v" > "$proc/sys/$s"; } 2>/dev/null || :
  done < "$b/settings"
  rm -f "$b/settings"
}
loaded() { while read -r l _; do [ "$l" != "$1" ] || return 0; done < "$proc/modules"; return 1; }
unload() {
  i=0; while loaded "$1" && [ $i -lt 20 ]; do staprun -d "$1" >/dev/null 2>&1; loaded "$1" && sleep 0.1; i=$((i + 1)); done
  ! loaded "$1"
}
# Ends what a dead run left: its staprun, its kernel module, its directory.
clear_away() {
  m=$(cat "$1/name" 2>/dev/null); q=$(cat "$1/pid" 2>/dev/null)
  case $m in fleet_tap_*) ;; *) m= ;; esac
  if [ -n "$m" ] && [ -n "$q" ] && grep -qs "/$m\\.ko" "/proc/$q/cmdline"; then
    kill -TERM "$q" 2>/dev/null
    i=0; while [ $i -lt 30 ] && grep -qs "/$m\\.ko" "/proc/$q/cmdline"; do sleep 0.1; i=$((i + 1)); done
    ! grep -qs "/$m\\.ko" "/proc/$q/cmdline" || kill -KILL "$q" 2>/dev/null
  fi
  [ -z "$m" ] || unload "$m"
  rm -rf "$1"
}
# Who else captures here, one line each. Dead runs are cleared away on the way. Only while the lock is held.
others() {
  for a in "$b"/*/alive; do
    x=\${a%/alive}
    [ -e "$a" ] && [ "$x" != "$d" ] || continue
    if flock -n "$a" true 2>/dev/null; then clear_away "$x"; else cat "$x/who"; fi
  done
}
# A run of the same capture whose connection was lost, and that does not know it yet: its staprun is ended, and it cleans up after itself.
# Not while the lock is held: it needs it for that.
take_over() {
  for c in "$b"/*/capture; do
    x=\${c%/capture}
    [ -e "$c" ] && [ "$x" != "$d" ] && grep -qsx "$1" "$c" || continue
    i=0
    while [ $i -lt 150 ] && [ -e "$x/alive" ] && ! { ( flock -n 7 ) 7<"$x/alive"; } 2>/dev/null; do
      [ $((i % 30)) != 0 ] || kill -TERM "$(cat "$x/pid" 2>/dev/null)" 2>/dev/null
      sleep 0.1; i=$((i + 1))
    done
    [ -e "$x/alive" ] || rm -rf "$x"
  done
}
# Kernel modules of ours that no run in this base knows: unused ones are a dead run's and go; one in use is another user's capture.
strangers() {
  while read -r m _ uses _; do
    case $m in fleet_tap_*) ;; *) continue ;; esac
    cat "$b"/*/name 2>/dev/null | grep -qx "$m" && continue
    if [ "$uses" = 0 ]; then staprun -d "$m" >/dev/null 2>&1; else echo "somebody whose books cannot be read here (kernel module $m)"; fi
  done < "$proc/modules"
}`;
