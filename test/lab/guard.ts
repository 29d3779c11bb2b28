// What comes in: a machine. What goes out: what its kernel and our folder looked like at every moment of a test, though nobody could ask it
// then: a process of the machine's own writes down each change with its time, and meanwhile sends a datagram to the next machine, one
// every PAUSE_SEC, so that there is something to capture. Python in the guests; it starts no process and stays out of the way of the test.
import { clockAhead } from './clock.js';
import { type Machine, MACHINES } from './places.js';
import { remote } from './remote.js';

/** Of the datagrams; nobody listens there, the kernel receives them all the same. */
export const TRICKLE_PORT = 7010;
const PAUSE_SEC = 0.1;
const FILE = '/run/guard.log';
/** No test lasts longer; then the guard ends by itself. */
const LIMIT_SEC = 1800;

/** One line for each change: time, kernel modules of ours, folders of ours, the two settings. */
const GUARD = `
import os, socket, sys, time
peer, end = sys.argv[1], time.time() + ${LIMIT_SEC}
out = open("${FILE}", "w", 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); before = None; n = 0
def text(path):
    try: return open(path).read().strip()
    except OSError: return "?"
while time.time() < end:
    modules = ",".join(sorted(line.split(" ")[0] for line in open("/proc/modules") if line.startswith("fleet_tap_")))
    try: folders = ",".join(sorted(name for name in os.listdir("/run/fleet-tap") if name != "lock"))
    except OSError: folders = ""
    now = "|".join([modules, folders, text("/proc/sys/kernel/kptr_restrict") + " " + text("/proc/sys/debug/kprobes-optimization")])
    if now != before: out.write("%.3f|%s\\n" % (time.time(), now)); before = now
    try: s.sendto(b"trickle %d" % n, (peer, ${TRICKLE_PORT})); n += 1
    except OSError: pass
    time.sleep(${PAUSE_SEC})
`;

/** Ends an earlier one. Resolves when it has looked for the first time. */
export async function startGuard(machine: Machine): Promise<void> {
  const next = MACHINES[(MACHINES.indexOf(machine) + 1) % MACHINES.length] as Machine;
  await stopGuard(machine);
  const start = `rm -f ${FILE}; cat > /run/guard.py; setsid python3 /run/guard.py ${next.linkAddress} </dev/null >/dev/null 2>&1 & echo $! > /run/guard.pid; while [ ! -s ${FILE} ]; do sleep 0.1; done`;
  await remote(machine, start, { input: GUARD });
}

export async function stopGuard(machine: Machine): Promise<void> {
  await remote(machine, '[ ! -e /run/guard.pid ] || kill "$(cat /run/guard.pid)" 2>/dev/null; rm -f /run/guard.pid');
}

/** What was seen at a moment, and until the next change. */
export interface Seen {
  /** Milliseconds since 1970 by this machine's clock; as good as the guest's clock could be read (`errorMs`). */
  readonly atMs: number;
  readonly modules: readonly string[];
  readonly folders: readonly string[];
  readonly settings: string;
}

export interface Watched {
  readonly seen: readonly Seen[];
  readonly errorMs: number;
}

export async function whatGuardSaw(machine: Machine): Promise<Watched> {
  const clock = await clockAhead(machine);
  const words = (text: string) => text.split(',').filter((word) => word !== '');
  const seen = (await remote(machine, `cat ${FILE}`)).split('\n').filter((line) => line !== '').map((line) => {
    const [time = '', modules = '', folders = '', settings = ''] = line.split('|');
    return { atMs: (Number(time) - clock.seconds) * 1000, modules: words(modules), folders: words(folders), settings };
  });
  return { seen, errorMs: clock.errorSec * 1000 };
}

/**
 * How long after a fault the kernel modules that were loaded then were there. @throws when they still are, or when there were none:
 * then the fault hit nothing
 */
export function goneAfterMs({ seen }: Watched, faultMs: number): number {
  const atFault = seen.findLast((one) => one.atMs <= faultMs);
  if (atFault === undefined || atFault.modules.length === 0) throw new Error(`no kernel module of ours was loaded at the fault: ${JSON.stringify(seen)}`);
  const gone = seen.find((one) => one.atMs > faultMs && !one.modules.some((name) => atFault.modules.includes(name)));
  if (gone === undefined) throw new Error(`${atFault.modules.join()} is still loaded`);
  return gone.atMs - faultMs;
}

/**
 * The same of the settings: until they were again `were`, or the next capture began, which changes them. What they were is not the guard's to say: on a machine that
 * has just booted it may look for the first time when the capture that comes back has changed one already.
 */
export function settingsBackAfterMs({ seen }: Watched, were: string, faultMs: number): number {
  const atFault = seen.findLast((one) => one.atMs <= faultMs);
  const back = seen.find((one) => one.atMs > faultMs && (one.settings === were || one.modules.some((name) => atFault?.modules.includes(name) === false)));
  if (back === undefined || back.settings !== were) throw new Error(`the settings are not what they were, ${were}: ${JSON.stringify(seen)}`);
  return back.atMs - faultMs;
}
