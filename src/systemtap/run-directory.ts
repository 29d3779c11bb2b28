// What comes in: a session. What goes out: a private directory on the host for one run, and with whose rights the run goes on.
// Guaranteed: only its owner can read or enter it; a start that came to nothing leaves nothing for longer than an hour.
// Root's lie under /run, gone with the boot. Whom sudo refuses, and who is a member of stapusr and stapdev, may run staprun (it is setuid):
// then the directory is the user's own, and the settings that staprun changes cannot be put back (staprun(8), stap(1)).
import { FleetTapError } from '../base/errors.js';
import { lastLines } from '../base/host-text.js';
import type { Session } from '../ssh/session.js';

export interface RunDirectory {
  readonly path: string;
  /** Root's: everything there is done as root. */
  readonly become: boolean;
}

const BASE = '/run/fleet-tap';

/** @param runId lower-case hexadecimal. @throws FleetTapError */
export async function makeRunDirectory(session: Session, runId: string): Promise<RunDirectory> {
  const path = `${BASE}/${runId}`;
  const script = `: fleet-tap prepare ${path}
umask 077
mkdir -p ${BASE} && find ${BASE} -mindepth 1 -maxdepth 1 -type d -mmin +60 ! -exec test -e {}/alive \\; -exec rm -rf {} + 2>/dev/null
mkdir ${path}
`;
  try {
    const made = await session.run(script, { become: true });
    if (made.status === 0) return { path, become: true };
    throw new FleetTapError('host', 'prepare', `${path} could not be made: ${lastLines(made.stderr, 1)}`, { place: { host: session.host } });
  } catch (error) {
    if (!(error instanceof FleetTapError) || !/^(sudo|become)-/.test(error.code)) throw error;
    const own = await ownDirectory(session, runId);
    if (typeof own === 'string') return { path: own, become: false };
    const missing = GROUPS.filter((group) => !own.includes(group));
    // Of no group of SystemTap's: the way to root is what is missing.
    if (missing.length !== 1) throw error;
    throw new FleetTapError('host', 'stap-group-missing', `${WHY_BOTH[missing[0] as 'stapusr' | 'stapdev']}, and there is no way to root: ${error.message}`, { place: { host: session.host }, hint: `make the user a member of ${missing[0]} too (and log in anew), or become root: -K asks for the password` });
  }
}

/** staprun(8): a member of stapusr alone runs what an administrator has put into one folder, or what a compile server has signed. */
const WHY_BOTH = {
  stapdev: 'a member of stapusr who is not in stapdev may load only kernel modules that an administrator has put into /lib/modules/RELEASE/systemtap',
  stapusr: 'a member of stapdev who is not in stapusr may not run staprun',
} as const;
const GROUPS = ['stapusr', 'stapdev'] as const;

/** @returns the directory, or of which of the groups this user is when that is not enough, or nothing can be trusted */
async function ownDirectory(session: Session, runId: string): Promise<string | readonly string[]> {
  const script = `: fleet-tap prepare-own ${runId}
groups=" $(id -Gn) "
got=
for g in ${GROUPS.join(' ')}; do case $groups in *" $g "*) got="$got $g" ;; esac; done
[ "$got" = " ${GROUPS.join(' ')}" ] || { echo "only$got"; exit 1; }
umask 077
b=\${TMPDIR:-/tmp}/fleet-tap-$(id -u)
mkdir "$b" 2>/dev/null
# Whoever was here first with a folder or a link of that name is not trusted.
[ -d "$b" ] && [ ! -L "$b" ] && [ -O "$b" ] && chmod 700 "$b" || exit 1
mkdir "$b/${runId}" && echo "$b/${runId}"
`;
  const made = await session.run(script);
  const path = made.stdout.trimEnd();
  if (made.status !== 0) return GROUPS.filter((group) => path.startsWith('only') && path.split(' ').includes(group));
  return path.startsWith('/') && path.endsWith(`/${runId}`) && !path.includes('\n') ? path : [];
}
