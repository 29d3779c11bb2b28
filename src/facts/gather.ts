// What comes in: a session. What goes out: all facts, in one round trip.
// Guaranteed: what the host prints is parsed by pure functions only; an answer without a kernel release is a failure, not a guess.
import { randomBytes } from 'node:crypto';
import { FleetTapError } from '../base/errors.js';
import { lastLines } from '../base/host-text.js';
import type { Session } from '../ssh/session.js';
import { factsScript, splitAnswer } from './answer.js';
import type { Facts } from './facts.js';
import { type FactsAnswer, HostFiles } from './host-files.js';
import { facts } from './index.js';

/** Each command takes milliseconds; this leaves room for a host under heavy load. */
const LIMIT_MS = 60_000;
const LIMIT_BYTES = 4 * 1024 * 1024;

/** Where nothing was found. */
const NOTHING: Facts = {
  distributionId: 'linux',
  distribution: '',
  distributionVersion: 'n/a',
  codename: '',
  baseDistribution: '',
  baseCodename: '',
  osFamily: '',
  kernelRelease: '',
  kernelBuild: '',
  architecture: '',
  debArchitecture: null,
  nodename: '',
  stapVersion: null,
  staprunVersion: null,
  hasHeaders: false,
  symbolsPath: null,
  headersFor: [],
  symbolsFor: [],
  freeBytes: {},
  virtualization: 'unknown',
  isContainer: false,
  moduleLoadingRefused: null,
  lockdown: null,
  secureBoot: null,
  kernelPackages: [],
  symbols: { kibByRelease: {}, isSetUp: false, before: [], fetched: [] },
  hasDebugFolder: false,
  debuginfodUrls: [],
  kernelBuildId: null,
  clockNs: null,
  clockShell: null,
  uid: -1,
  addresses: [],
  serviceManager: 'none',
  memoryTotalMb: 0,
  processors: 1,
  answer: { sections: new Map(), files: new HostFiles('') },
};

/**
 * @param options.become ask as root, who sees more (serial numbers, UUIDs); then `uid` is root's
 * @param options.isOnly nothing else will be asked of the host (RunOptions)
 * @param options.localFrom the folder of the host's own programs that make facts, which are run, and of such files; default: none are asked
 * @param options.signal ends the asking (RunOptions)
 * @throws FleetTapError kind `host`, code `facts-failed`; and whatever the session throws
 */
export async function gatherFacts(session: Session, options: { readonly become?: boolean; readonly isOnly?: boolean; readonly localFrom?: string; readonly signal?: AbortSignal } = {}): Promise<Facts> {
  const nonce = randomBytes(16).toString('hex');
  const { become = false, isOnly = false, localFrom, signal } = options;
  const { stdout, stderr } = await session.run(factsScript(nonce, localFrom), { become, isOnly, signal, timeoutMs: LIMIT_MS, limitBytes: LIMIT_BYTES, idempotent: true });
  const answer = splitAnswer(nonce, stdout);
  const found = answer === undefined ? NOTHING : parseFacts(answer);
  if (found.kernelRelease !== '' && found.uid >= 0) return found;
  const said = lastLines(stderr === '' ? stdout : stderr, 2);
  throw new FleetTapError('host', 'facts-failed', `the host did not say what it is${said === '' ? '' : `; it said: ${said}`}`, {
    place: { host: session.host },
    hint: 'log in by hand and see whether the login gives a POSIX shell that can run `uname -r` and `id -u`',
  });
}

/** Pure. */
export function parseFacts(answer: FactsAnswer): Facts {
  return Object.assign({}, NOTHING, ...facts.map(({ name, parse }) => parse?.(answer.sections.get(name) ?? '', answer.files)), { answer }) as Facts;
}
