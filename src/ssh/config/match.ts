// What comes in: the words of a Match line, and how far a host's options are known. What goes out: does it match. ssh_config(5) Match.
// Guaranteed: criteria are taken from left to right; `exec` runs only if all before it matched.
import { isIP } from 'node:net';
import type { LocalMachine } from './machine.js';
import { matchHostList, matchPatternList } from './pattern.js';
import { expandTokens, tokensOf } from './tokens.js';
import { WrongValue } from './values.js';

export interface MatchState {
  readonly machine: LocalMachine;
  readonly originalHost: string;
  /** With HostName put in, as far as it is known. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyAlias: string;
  readonly tag: string;
  /** The second pass over the files: the host name is final. */
  readonly isFinalPass: boolean;
  /** Within an Include that is not active: nothing is run. */
  readonly isParseOnly: boolean;
}

export interface MatchResult {
  readonly matches: boolean;
  /** `Match final` stands there: a second pass is wanted. */
  readonly wantsFinalPass: boolean;
}

/** @throws WrongValue */
export function matchCriteria(words: readonly string[], state: MatchState): MatchResult {
  let matches = true;
  let wantsFinalPass = false;
  let count = 0;
  const left = [...words];
  for (let word = left.shift(); word !== undefined && word !== '' && !word.startsWith('#'); word = left.shift()) {
    const negated = word.startsWith('!');
    const name = (negated ? word.slice(1) : word).toLowerCase();
    if (name === 'all') {
      const next = left[0];
      if (count > 1 || (next !== undefined && next !== '' && !next.startsWith('#'))) throw new WrongValue('has "all" together with other criteria');
      return { matches: matches && !negated, wantsFinalPass };
    }
    count++;
    if (name === 'final' || name === 'canonical') {
      if (name === 'final') wantsFinalPass = true;
      if (state.isFinalPass === negated) matches = false;
      continue;
    }
    const argument = left.shift();
    if (argument === undefined || argument === '' || argument.startsWith('#')) throw new WrongValue(`has "${name}" without a value`);
    if (name === 'exec' && (!matches || state.isParseOnly)) continue;
    if (criterion(name, argument, state) === negated) matches = false;
  }
  if (count === 0) throw new WrongValue('has no criterion');
  return { matches, wantsFinalPass };
}

function criterion(name: string, argument: string, state: MatchState): boolean {
  switch (name) {
    case 'host':
      return matchHostList(state.host, argument);
    case 'originalhost':
      return matchHostList(state.originalHost, argument);
    case 'user':
      return matchPatternList(state.user, argument);
    case 'localuser':
      return matchPatternList(state.machine.user, argument);
    case 'tagged':
      return argument === '""' ? state.tag === '' : matchPatternList(state.tag, argument);
    case 'exec': {
      const command = expandTokens(argument, tokensOf({ ...state, jump: '' }));
      const status = state.machine.exec(command);
      if (status === undefined) throw new WrongValue(`has exec "${command}", which could not be run to its end`);
      return status === 0;
    }
    default:
      throw new WrongValue(`has the criterion "${name}", which is not supported`);
  }
}

/** As ssh: addresses keep their letters until they are made canonical, names are lower case. */
export function canonicalHost(host: string): string {
  const family = isIP(host.split('%')[0] ?? '');
  // Not those that need an interface to mean something.
  if (family === 6 && /^fe[89ab]/i.test(host)) return host;
  if (family === 6 && !host.includes('%') && !host.includes('.')) return new URL(`http://[${host}]/`).hostname.slice(1, -1);
  if (family === 0 && /^[\d.]+$/.test(host) && URL.canParse(`http://${host}/`)) return new URL(`http://${host}/`).hostname;
  return host.includes('%') ? host : host.toLowerCase();
}
