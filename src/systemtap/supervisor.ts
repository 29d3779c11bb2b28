// What comes in: a compiled kernel module in a directory of its own on the host. What goes out: the sh script that runs it there.
// Guaranteed (G10): staprun and the kernel module end when the channel's input ends (we are gone), within LEASE_SEC of the last lease line
// (the network is cut: nothing ends then), or after the absolute limit, whichever of the processes here is killed; the directory
// is removed, and what staprun changes in /proc/sys and never puts back is put back with the last capture of the host (host-lock.ts).
// The script reads one line for each renewal from standard input; the kernel's lines are its standard output, untouched.
import { quote } from '../base/quote.js';
import { COALESCE } from './coalesce.js';
import { HOST_LOCK } from './host-lock.js';

/** This long after the last renewal the host has ended the run by itself. */
const LEASE_SEC = 15;
/** Of that, kept for ending staprun (STOP_SEC), for unloading, and for slow hosts, which look later than they should. */
const END_SEC = 6;
/** The controller renews this often. */
export const RENEW_MS = 3_000;
const TICK_SEC = 1;
/** So many ticks' time after a renewal was noticed the lease is over. A renewal is noticed up to a tick late, hence one less. */
const TICKS_MISSED = (LEASE_SEC - END_SEC) / TICK_SEC - 1;
/**
 * The time is the clock's, since on a starved host a tick takes many times its seconds. Yet nobody is taken for gone after one look: where all
 * stood still (a paused machine), the ticker may wake before the reader of renewals.
 */
const LOOKS_MISSED = 2;
/** From TERM to KILL, by the clock, when nobody may be there any more. */
const STOP_SEC = 3;
/** When we ask: a busy host has many lines in its buffers, and staprun reads them all before it ends. Still within LEASE_SEC if we are dead. */
const DRAIN_SEC = 10;

/** Memory of staprun beyond which it is ended: its own, and the stacks of its reader for each CPU. */
const MEMORY_MIB = 256;
const MEMORY_PER_CPU_MIB = 10;
/** The supervisor's exit status when somebody else captures here (EX_TEMPFAIL). */
export const BUSY_STATUS = 75;

export interface SupervisorRequest {
  /** Private directory on the host that holds NAME.ko; removed at the end. Its parent is where captures of this host know of each other. */
  readonly directory: string;
  readonly name: string;
  /** Our own script: switch on its machine face and leave our own connection out. Other scripts take no such arguments. */
  readonly machineFace: boolean;
  /** Seconds until the run ends in any case. */
  readonly limitSec: number;
  /** Who captures, from where, since when: told to whom comes second. One line. */
  readonly who: string;
  /** Lower-case hexadecimal: an earlier run of the same capture here, whose connection was lost, is ended first. */
  readonly captureId?: string | undefined;
  /** Captures beside another one. Default: false, it is refused. */
  readonly join?: boolean | undefined;
  /** MiB of the kernel's buffer for each CPU (staprun -b). Default: staprun's own, 16. */
  readonly bufferMib?: number | undefined;
  /** Seconds from one look at the lease to the next. Default: 1. Tests give less. */
  readonly tickSec?: number;
  /** Where the host's kernel tells its settings and kernel modules. Default: /proc. */
  readonly proc?: string;
  /** Where systemd says that it runs. Default: /run. */
  readonly run?: string;
}

/**
 * The kernel prints IPv6 addresses in full and SSH_CONNECTION has them short: this spells them out, and takes the IPv4 address
 * out of ::ffff:a.b.c.d.
 */
const FULL_ADDRESS = `full() {
  case $1 in *:*) ;; *) echo "$1"; return ;; esac
  printf '%s\\n' "\${1%%%*}" | awk '{
    a = tolower($0); if (a ~ /^::ffff:[0-9.]+$/) { sub(/^::ffff:/, "", a); print a; exit }
    two = split(a, half, "::"); n = split(half[1], left, ":"); m = two > 1 ? split(half[2], right, ":") : 0
    out = ""; for (i = 1; i <= 8; i++) { v = i <= n ? left[i] : (i > 8 - m ? right[i - 8 + m] : "0"); out = out (i > 1 ? ":" : "") substr("0000" v, length(v) + 1) }
    print out }'
}`;

export function supervisorScript(request: SupervisorRequest): string {
  const tickSec = request.tickSec ?? TICK_SEC;
  const hundredths = (seconds: number) => Math.ceil(seconds * 100);
  // Client's address and port, server's address and port.
  const own = `set -f; set -- $SSH_CONNECTION; set +f
if [ $# -ge 4 ]; then set -- machine=1 "own_source=$(full "$1")" "own_source_port=$2" "own_port=$4"; else set -- machine=1; fi`;
  return `: fleet-tap supervise ${request.name} ${quote(request.directory)} ${request.machineFace ? 'machine' : 'script'} ${request.limitSec}
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
umask 077
d=${quote(request.directory)}
b=\${d%/*}
n=${request.name}
proc=${quote(request.proc ?? '/proc')}
${FULL_ADDRESS}
${request.machineFace ? own : 'set --'}
cd / || exit
give_up() { echo "$2" >&2; rm -rf "$d"; exit "$1"; }
# Hundredths of a second since boot; without leading zeros, which would make it octal.
clock() { read -r now _ </proc/uptime; now=\${now%.*}\${now#*.}; now=\${now#"\${now%%[!0]*}"}; }
[ -r "$d/$n.ko" ] || give_up 1 "$d/$n.ko is missing"
command -v staprun >/dev/null || give_up 127 "staprun: not found"
command -v flock >/dev/null || give_up 127 "flock: not found"
${HOST_LOCK}
trap '' HUP PIPE
exec 3<&0
${request.captureId === undefined ? '' : `take_over ${request.captureId}
echo ${request.captureId} > "$d/capture"
`}hold || give_up 1 "$b/lock could not be locked"
busy=$(others; strangers)
${request.join === true ? '' : `[ -z "$busy" ] || give_up ${BUSY_STATUS} "fleet-tap: busy: $busy"`}
# What a dead run changed goes back before this one looks.
[ -n "$busy" ] || restore_settings
keep_settings
echo "$n" > "$d/name"
echo ${quote(request.who)} > "$d/who"
exec 8>"$d/alive"
flock -n 8
release
coalescer=
if command -v perl >/dev/null && mkfifo "$d/lines" 2>/dev/null; then
  # Both ends are opened here, before anybody writes or the folder goes; open both ways meanwhile, so that neither waits for the other.
  exec 7<>"$d/lines"
  exec 5<"$d/lines" 6>"$d/lines" 7>&-
  ${COALESCE} <&5 3<&- 5<&- 6>&- 8>&- &
  coalescer=$!
  exec 5<&-
else exec 6>&1
fi
scope=
if [ "$(id -u)" = 0 ] && [ -d ${quote(request.run ?? '/run')}/systemd/system ] && command -v systemd-run >/dev/null; then
  scope="systemd-run --scope --quiet --collect -p MemoryMax=${MEMORY_MIB}M -p CPUWeight=50"
  # Without a bus it cannot; that must not cost the capture.
  $scope true </dev/null >/dev/null 2>&1 6>&- || scope=
fi
(
  [ -n "$scope" ] || ulimit -d $(( (${MEMORY_MIB} + ${MEMORY_PER_CPU_MIB} * $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 64)) * 1024 )) 2>/dev/null
  exec $scope nice -n 5 staprun${request.bufferMib === undefined ? '' : ` -b ${request.bufferMib}`} "$d/$n.ko" "$@" </dev/null >&6 3<&- 6>&- 8>&-
) &
p=$!
echo $p > "$d/pid"
exec 6>&-
stop() {
  kill -TERM $p 2>/dev/null
  # Not by counting naps: on a starved host each takes many times its tenth of a second.
  clock; until=$((now + $1 * 100))
  while kill -0 $p 2>/dev/null && [ $now -lt $until ]; do sleep 0.1; clock; done
  kill -KILL $p 2>/dev/null
}
clean_up() {
  unload "$n" || echo "ERROR: the kernel module $n could not be unloaded" >&2
  hold
  [ -n "$(others)" ] || restore_settings
  rm -rf "$d"
  release
}
( while read -r _; do : > "$d/lease"; done <&3; : > "$d/lease"; stop ${DRAIN_SEC} ) 2>/dev/null 8>&- &
reader=$!
(
  trap 'kill $s 2>/dev/null; exit' TERM
  clock; start=$now renewed=$now missed=0 reason=
  while [ -z "$reason" ]; do
    sleep ${tickSec} >/dev/null 2>&1 & s=$!
    wait $s
    clock; missed=$((missed + 1))
    if [ -e "$d/lease" ]; then rm -f "$d/lease"; renewed=$now missed=0; fi
    if [ $((now - renewed)) -ge ${hundredths(TICKS_MISSED * tickSec)} ] && [ $missed -ge ${LOOKS_MISSED} ]; then reason="because the lease was not renewed"
    elif [ $((now - start)) -ge ${hundredths(request.limitSec)} ]; then reason="by the limit of ${request.limitSec} s"
    elif [ -n "$coalescer" ] && ! kill -0 $coalescer 2>/dev/null; then reason="because its output had no way out"
    elif ! kill -0 $$ 2>/dev/null; then reason="because its supervisor was killed"
    fi
  done
  echo "fleet-tap: ended $reason" >&2
  stop ${STOP_SEC}
  # Whoever was killed cannot clean up.
  kill -0 $$ 2>/dev/null || { kill -TERM $reader 2>/dev/null; clean_up; }
) 3<&- 8>&- &
ticker=$!
# Not before: a subshell that is just being made would take our own TERM for this one, and lose it.
trap 'stop ${STOP_SEC}' TERM INT
# A signal to this shell ends wait early (over 128); stop may then have seen staprun's end first, and the shell still knows its status.
while :; do wait $p; status=$?; [ $status -gt 128 ] && kill -0 $p 2>/dev/null || break; done
wait $p 2>/dev/null; again=$?
[ $again = 127 ] || status=$again
trap '' TERM INT
kill -TERM $reader $ticker 2>/dev/null
clean_up
# The kernel module is gone; its last lines may still be on their way.
if [ -n "$coalescer" ] && kill -0 $coalescer 2>/dev/null; then
  wait $coalescer; [ $? -le 1 ] || echo "ERROR: the last lines found no way out" >&2
fi
exit $status
`;
}
