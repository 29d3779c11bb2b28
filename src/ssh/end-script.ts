// What comes in: the process id of a shell on the host. What goes out: the sh script that ends what runs below it.
// Guaranteed: TERM, then KILL after two seconds, for every process of that shell's session and every descendant that left the session;
// the shell itself and what it stands on (sudo, the login) stay, unless `withShell`. It answers 0 when nothing is left of them.

/** Tenths of a second from TERM to KILL, and from KILL to giving up. */
const TERM_TENTHS = 20;
const KILL_TENTHS = 10;
/** From asking a host to end a command to giving up: both, on a host under load, and one that is asked for several. */
export const END_LIMIT_MS = 10_000;

export function endScript(pid: number, withShell: boolean): string {
  return `: fleet-tap end ${pid}
# Prints the session of the shell, what stays, and what is to end; asked again, it goes by what it printed first: the shell itself may be gone by then.
look() {
  cat /proc/[0-9]*/stat 2>/dev/null | LC_ALL=C awk -v m=${pid} -v own=${withShell ? 1 : 0} -v s="$s" -v stay="$stay" -v was="$p" '
    !/^[0-9]+ \\(.*\\) [A-Za-z] / { next }
    { pid = $1; sub(/^.*\\) /, ""); if ($1 != "Z" && $1 != "X") { parent[pid] = $2; session[pid] = $4 } }
    END {
      if (s == "") {
        if (!(m in parent)) exit
        s = session[m]
        for (p = m; p > 1 && p in parent; p = parent[p]) if (p != m || !own) stay = stay " " p
      }
      n = split(stay, list, " "); for (i = 1; i <= n; i++) keep[list[i]]
      n = split(was, list, " "); for (i = 1; i <= n; i++) if (list[i] in parent) hit[list[i]]
      if (own && m in parent) hit[m]
      do {
        found = 0
        for (p in parent) if (!(p in keep) && !(p in hit) && (session[p] == s || parent[p] == m || parent[p] in hit)) { hit[p]; found = 1 }
      } while (found)
      printf "%s:%s:", s, stay
      for (p in hit) printf " %s", p
    }'
}
again() { l=$(look); s=\${l%%:*}; l=\${l#*:}; stay=\${l%%:*}; p=\${l#*:}; [ -n "$p" ] || exit 0; }
signal() {
  i=0
  while [ $i -lt $2 ]; do
    [ $1 = TERM ] && [ $i -gt 0 ] || kill -$1 $p 2>/dev/null
    sleep 0.1 2>/dev/null || sleep 1
    again
    i=$((i + 1))
  done
}
s= stay= p=
again
# A stopped process takes no TERM.
kill -CONT $p 2>/dev/null
signal TERM ${TERM_TENTHS}
signal KILL ${KILL_TENTHS}
exit 1
`;
}
