// What comes in: a value of ssh_config with `%h`, `${NAME}` or `~`. What goes out: the value with them put in. Pure; ssh_config(5) TOKENS.
import { createHash } from 'node:crypto';
import { expandTilde } from '../../base/tilde.js';
import type { LocalMachine } from './machine.js';
import { WrongValue } from './values.js';

/** What stands behind the tokens of one connection. */
export interface TokenSource {
  readonly machine: LocalMachine;
  /** %n: as it was asked for. */
  readonly originalHost: string;
  /** %h */
  readonly host: string;
  readonly port: number;
  /** %r */
  readonly user: string;
  /** %k */
  readonly keyAlias: string;
  /** %j, and (since OpenSSH 9.7) a part of %C; empty without one. */
  readonly jump: string;
}

/** The tokens that most keywords take. */
export function tokensOf(source: TokenSource): Readonly<Record<string, string>> {
  const { machine, originalHost, host, user, keyAlias, jump } = source;
  const port = String(source.port);
  return {
    C: createHash('sha1').update(`${machine.hostName}${host}${port}${user}${jump}`).digest('hex'),
    L: machine.hostName.split('.')[0] ?? '',
    d: machine.home,
    h: host,
    i: String(machine.userId),
    j: jump,
    k: keyAlias,
    l: machine.hostName,
    n: originalHost,
    p: port,
    r: user,
    u: machine.user,
  };
}

/** @throws WrongValue for a token that is not known here */
export function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%(.?)/gs, (_all, letter: string) => {
    if (letter === '%') return '%';
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    if (value === undefined) throw new WrongValue(`has the token %${letter}, which is not known there`);
    return value;
  });
}

/** `${NAME}` from the environment. @throws WrongValue for a name that is not set */
export function expandEnvironment(text: string, machine: LocalMachine): string {
  return text.replace(/\$\{([^}]*)(\}?)/g, (_all, name: string, end: string) => {
    const value = machine.env[name];
    if (end === '' || value === undefined) throw new WrongValue(`has $\{${name}${end}, which is not set in the environment`);
    return value;
  });
}

/** `~`, `~/…`, `~user/…`. */
export function expandHome(path: string, machine: LocalMachine): string {
  return expandTilde(path, machine.home);
}
