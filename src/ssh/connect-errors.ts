// What comes in: how a connection failed. What goes out: one sentence about it, and what the reader can do.
// Pure. Guaranteed: texts of the server or of a ProxyCommand are printable in it, and cut.
import { printable } from '../base/host-text.js';
import { FleetTapError } from '../base/errors.js';
import { type OpenFileLimits, tooManyOpenFiles } from './open-files.js';
import { ConnectFailure } from './ssh2-connect.js';

export interface DialPlace {
  /** The host's name in the inventory. */
  readonly host: string;
  /** For example `10.0.0.1:22`, or `10.0.0.1:22 through bastion`. */
  readonly at: string;
  /** What was asked to resolve. */
  readonly address: string;
  readonly user: string;
  readonly timeoutMs: number;
  readonly openFiles?: OpenFileLimits | undefined;
  /** Labels of what the login was tried with. */
  readonly tried: readonly string[];
  /** Why other things were not. */
  readonly problems: readonly string[];
}

/** The time of a dial is over. */
export class DialTimeout extends Error {}

const SAID_LIMIT = 300;

export function explain(error: unknown, place: DialPlace): FleetTapError {
  if (error instanceof FleetTapError) return error;
  const { at, user } = place;
  const because = (code: string, sentence: string, hint: string) => new FleetTapError('unreachable', code, sentence, { place: { host: place.host }, hint, cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof ConnectFailure && error.stage === 'login') {
    const tried = place.tried.length === 0 ? 'no key, agent or password was there to try' : `tried: ${place.tried.join(', ')}`;
    const unusable = place.problems.length === 0 ? '' : `; could not use ${place.problems.join('; ')}`;
    const rest = `(${tried}${unusable}${error.message.startsWith('it takes') ? `; ${printable(error.message).slice(0, SAID_LIMIT)}` : ''})`;
    if (error.message === 'too many tries') return because('login-refused', `${at} refused the login as ${user} after too many tries ${rest}`, 'name the one key that it knows: --private-key FILE');
    if (error.message.startsWith('the password has expired')) return because('password-expired', `${at}: ${error.message}`, `log in there once with ssh as ${user} and set a new one`);
    return because('login-refused', `${at} refused the login as ${user} ${rest}`, `put your public key into ${user}'s authorized_keys there, name the key (--private-key FILE), or let fleet-tap ask for a password (-k)`);
  }
  if (error instanceof DialTimeout || code === 'ETIMEDOUT') {
    return because('connect-timeout', `${at} did not answer within ${place.timeoutMs / 1000} s`, 'is the host up, and that port open from here? --timeout SECONDS waits longer');
  }
  if (error instanceof ConnectFailure && error.stage === 'busy') {
    const hint = error.isSaidBusy ? 'others log in there at the same time: try again, or raise MaxStartups in its sshd_config' : 'does it let this machine in? compare with: ssh -v (same user, address and port)';
    return because(error.isSaidBusy ? 'server-busy' : 'connection-failed', `${at}: ${error.message}`, hint);
  }
  if (error instanceof ConnectFailure && error.stage === 'host-key') {
    return because(error.message.includes('not known') ? 'host-key-unknown' : 'host-key-changed', `${at}: ${error.message}`, 'ssh itself shows more: ssh -v (same user, address and port)');
  }
  if (error instanceof ConnectFailure && error.stage === 'negotiation') {
    return because('no-common-algorithm', `${at}: ${error.message}`, 'no ssh program is here that may know the server\'s algorithms: apt-get install openssh-client');
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    const { sentence, hint } = tooManyOpenFiles(place.openFiles);
    return because('too-many-open-files', `${at}: ${sentence}`, hint);
  }
  if (code === 'ECONNREFUSED') return because('connect-refused', `nothing listens at ${at}`, 'is sshd running there? ansible_port names another port');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return because('name-unknown', `the name ${place.address} does not resolve`, 'set ansible_host in the inventory');
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return because('no-route', `there is no route to ${place.address}`, 'check the address and this machine\'s network');
  return because('connection-failed', `${at}: ${printable(message).slice(0, SAID_LIMIT)}`, 'compare with: ssh -v (same user, address and port)');
}
