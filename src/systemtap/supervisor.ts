// What comes in: a compiled kernel module in a directory of its own on the host. What goes out: the sh script that runs it there.
// Guaranteed (G10): staprun and the kernel module end when the channel's input ends (we are gone), when no lease line came for
// LEASE_SEC (the network is cut: nothing ends then), or after the absolute limit; the directory is removed, and what staprun
// changes in /proc/sys and never puts back is put back.
// The script reads one line for each renewal from standard input; the kernel's lines are its standard output, untouched.
import { quote } from '../ssh/quote.js';

/** Without a renewal for this long, the host ends the run by itself. */
const LEASE_SEC = 15;
/** Of that, kept for ending staprun: STOP_TENTHS, and unloading. */
const END_SEC = 3;
/** The controller renews this often. */
export const RENEW_MS = 3_000;
const TICK_SEC = 2;
/** Ticks without a renewal. A renewal is noticed up to a tick late, hence one less. */
const TICKS_MISSED = (LEASE_SEC - END_SEC) / TICK_SEC - 1;
/** Tenths of a second from TERM to KILL. */
const STOP_TENTHS = 30;

export interface SupervisorRequest {
  /** Private directory on the host that holds NAME.ko; removed at the end. */
  readonly directory: string;
  readonly name: string;
  /** Our own script: switch on its machine face and leave our own connection out. Other scripts take no such arguments. */
  readonly machineFace: boolean;
  /** Seconds until the run ends in any case. */
  readonly limitSec: number;
  /** Seconds from one look at the lease to the next. Default: 2. Tests give less. */
  readonly tickSec?: number;
  /** Where the host's kernel tells its settings and kernel modules. Default: /proc. */
  readonly proc?: string;
}

/**
 * The kernel prints IPv6 addresses in full and SSH_CONNECTION has them short: this spells them out, and takes the IPv4 address
 * out of ::ffff:a.b.c.d.
 */
const FULL_ADDRESS = `full() {
  printf '%s\\n' "\${1%%%*}" | awk '{
    a = tolower($0); if (a ~ /^::ffff:[0-9.]+$/) { sub(/^::ffff:/, "", a); print a; exit }
    if (a !~ /:/) { print a; exit }
    two = split(a, half, "::"); n = split(half[1], left, ":"); m = two > 1 ? split(half[2], right, ":") : 0
    out = ""; for (i = 1; i <= 8; i++) { v = i <= n ? left[i] : (i > 8 - m ? right[i - 8 + m] : "0"); out = out (i > 1 ? ":" : "") substr("0000" v, length(v) + 1) }
    print out }'
}`;

export function supervisorScript(request: SupervisorRequest): string {
  const tickSec = request.tickSec ?? TICK_SEC;
  const limitTicks = Math.ceil(request.limitSec / tickSec);
  const own = `c=$SSH_CONNECTION
set -- machine=1
if [ -n "$c" ]; then set -- "$@" "own_source=$(full "\${c%% *}")" "own_source_port=$(echo "$c" | cut -d' ' -f2)" "own_port=$(echo "$c" | cut -d' ' -f4)"; fi`;
  return `: fleet-tap supervise ${request.name} ${quote(request.directory)} ${request.machineFace ? 'machine' : 'script'} ${request.limitSec}
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
d=${quote(request.directory)}
n=${request.name}
proc=${quote(request.proc ?? '/proc')}
${FULL_ADDRESS}
${request.machineFace ? own : 'set --'}
cd / || exit
[ -r "$d/$n.ko" ] || { echo "$d/$n.ko is missing" >&2; rm -rf "$d"; exit 1; }
command -v staprun >/dev/null || { echo "staprun: not found" >&2; rm -rf "$d"; exit 127; }
loaded() { grep -q "^$n " "$proc/modules"; }
setting() { cat "$proc/sys/$1" 2>/dev/null; }
restore() { [ -z "$2" ] || [ "$(setting "$1")" = "$2" ] || echo "$2" > "$proc/sys/$1"; }
kptr=$(setting kernel/kptr_restrict)
optimization=$(setting debug/kprobes-optimization)
# A kernel module of a dead run is unused and goes; one in use stays, and staprun says so.
loaded && staprun -d "$n" >/dev/null 2>&1
foreign=; if loaded; then foreign=1; fi
trap '' HUP PIPE
exec 3<&0
staprun "$d/$n.ko" "$@" </dev/null 3<&- &
p=$!
stop() {
  kill -TERM $p 2>/dev/null
  i=0; while [ $i -lt ${STOP_TENTHS} ] && kill -0 $p 2>/dev/null; do sleep 0.1; i=$((i + 1)); done
  kill -KILL $p 2>/dev/null
}
( while read -r _; do : > "$d/lease"; done <&3; stop ) 2>/dev/null &
reader=$!
(
  trap 'kill $s 2>/dev/null; exit' TERM
  missed=0 past=0
  while [ $missed -lt ${TICKS_MISSED} ] && [ $past -lt ${limitTicks} ]; do
    sleep ${tickSec} >/dev/null 2>&1 & s=$!
    wait $s
    past=$((past + 1)) missed=$((missed + 1))
    if [ -e "$d/lease" ]; then rm -f "$d/lease"; missed=0; fi
  done
  if [ $missed -lt ${TICKS_MISSED} ]; then echo "fleet-tap: ended by the limit of ${request.limitSec} s" >&2
  else echo "fleet-tap: ended because the lease was not renewed" >&2; fi
  stop
) 3<&- &
ticker=$!
# Not before: a subshell that is just being made would take our own TERM for this one, and lose it.
trap stop TERM INT
# A signal to this shell ends wait early (over 128); stop may then have seen staprun's end first, and the shell still knows its status.
while :; do wait $p; status=$?; [ $status -gt 128 ] && kill -0 $p 2>/dev/null || break; done
wait $p 2>/dev/null; again=$?
[ $again = 127 ] || status=$again
trap '' TERM INT
kill -TERM $reader $ticker 2>/dev/null
if [ -z "$foreign" ]; then
  i=0; while loaded && [ $i -lt 20 ]; do staprun -d "$n" >/dev/null 2>&1; loaded && sleep 0.1; i=$((i + 1)); done
  loaded && echo "ERROR: the kernel module $n could not be unloaded" >&2
fi
restore kernel/kptr_restrict "$kptr"
restore debug/kprobes-optimization "$optimization"
rm -rf "$d"
exit $status
`;
}
