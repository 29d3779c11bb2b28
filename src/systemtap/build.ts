// What comes in: a script, a kernel release, a host with stap. What goes out: the compiled kernel module, back on the controller.
// Guaranteed: nothing of ours stays on the build host but stap's own cache, and a corrected runtime beside it (compat.ts); a failure is one sentence.
// Not here: which host compiles for which kernel (plan-builds.ts).
import { createHash } from 'node:crypto';
import { FleetTapError } from '../base/errors.js';
import type { HostText } from '../base/host-text.js';
import { quote } from '../base/quote.js';
import type { Session } from '../ssh/session.js';
import { compilerLines } from './compat.js';
import { diagnose } from './diagnose.js';

/** Compiling takes 12 to 30 s; under emulation half an hour. */
const DEFAULT_TIMEOUT_MS = 45 * 60_000;
const LIMIT_BYTES = 128 * 2 ** 20;

export interface BuildRequest {
  /** uname -r of the kernel that will load it. */
  readonly release: string;
  readonly script: Buffer;
  /** Arguments of the script ($1, @1, …). */
  readonly scriptArguments: readonly string[];
  /** More options for stap, for example `-g`. */
  readonly options?: readonly string[];
  /** The compiler, where it is another one than the first in the path: its path on the host that compiles. */
  readonly stap?: string | undefined;
  readonly timeoutMs?: number;
  /** Keeps stap's whole output of a failure and says where; undefined when it could not. */
  readonly keepOutput?: (output: HostText) => Promise<string | undefined>;
}

export interface KernelModule {
  /** As compiled: the file must be called NAME.ko where it is loaded. */
  readonly name: string;
  readonly release: string;
  readonly content: Buffer;
}

/** The same script, arguments and kernel always give the same name; at most 55 characters (the kernel's MODULE_NAME_LEN is 56). */
export function kernelModuleName(request: BuildRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([request.release, request.scriptArguments, request.options ?? []])).update(request.script);
  return `fleet_tap_${hash.digest('hex').slice(0, 16)}`;
}

/** @throws FleetTapError kind `host`, with the code of systemtap/diagnose.ts */
export async function build(session: Session, request: BuildRequest): Promise<KernelModule> {
  const name = kernelModuleName(request);
  const result = await session.run(buildScript(request, name), {
    input: request.script,
    timeoutMs: request.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    limitBytes: LIMIT_BYTES,
  });
  if (result.status !== 0) {
    const cause = diagnose(result.stderr, request.release);
    const file = await request.keepOutput?.(result.stderr);
    const hint = file === undefined ? cause.hint : `${cause.hint}; all that stap said is in ${file}`;
    throw new FleetTapError('host', cause.code, cause.sentence, { place: { host: session.host }, hint });
  }
  return { name, release: request.release, content: Buffer.from(result.stdout, 'base64') };
}

function buildScript(request: BuildRequest, name: string): string {
  return `: fleet-tap compile ${quote(request.release)} ${name}
export LC_ALL=C SYSTEMTAP_COLORS=never
stap=${quote(request.stap ?? 'stap')}
release=${quote(request.release)}
command -v "$stap" >/dev/null || { echo "$stap: not found" >&2; exit 127; }
umask 077
d=$(mktemp -d) || exit
trap 'rm -rf "$d"' EXIT
cd "$d" || exit
cat > script.stp
set -- ${(request.options ?? []).map(quote).join(' ')}
${compilerLines()}
"$stap" -p4 -r "$release" -m ${name} "$@" script.stp ${request.scriptArguments.map(quote).join(' ')} >&2 || exit
base64 ${name}.ko
`;
}
