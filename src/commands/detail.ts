// What comes in: how often -v was given, and what there is to tell. What goes out: lines for the person, on standard error.
// -v: what was read and how each host ended; -vv: how each host is reached; -vvv: each decision on the way there.
// Guaranteed: no secret at any level: no password, no variable's value but where a host is and as whom, no text of a command (a ProxyCommand
// may hold a password); no control character of a host reaches the terminal.
import type { Writable } from 'node:stream';
import { printable } from '../base/host-text.js';
import type { DialTarget } from '../ssh/target.js';

/** 1 to 3: how often -v must stand for it to be told. */
export type DetailLevel = 1 | 2 | 3;

export class Detail {
  readonly #stderr: Writable;
  readonly #level: number;

  constructor(stderr: Writable, level = 0) {
    this.#stderr = stderr;
    this.#level = level;
  }

  isAt(level: DetailLevel): boolean {
    return this.#level >= level;
  }

  say(level: DetailLevel, line: () => string): void {
    if (this.isAt(level)) this.#stderr.write(`  ${printable(line())}\n`);
  }
}

/** One line: where, as whom, through what, with which keys. */
export function describeTarget(target: DialTarget): string {
  const { login, become } = target;
  const keys = [...login.identityFiles.filter(({ named }) => named).map(({ path }) => path), ...login.certificateFiles];
  const how = [
    ...wayTo(target),
    keys.length === 0 ? 'the usual keys' : `keys ${keys.join(', ')}`,
    ...(login.password === undefined ? [] : ['a password']),
    become.always ? `commands run as ${become.user} by ${become.method}` : `become, where a task wants it: ${become.user} by ${become.method}`,
  ];
  return `${target.host}: ${addressOf(target)}, ${how.join(', ')}`;
}

/** The rules of each hop, the outermost jump host first. */
export function describeRules(target: DialTarget): string[] {
  const { hostKey, login, algorithms } = target;
  const lists = Object.entries({ KexAlgorithms: algorithms.kex, Ciphers: algorithms.ciphers, MACs: algorithms.macs, HostKeyAlgorithms: algorithms.hostKey }).filter(([, list]) => list !== undefined);
  const rules = [
    `host key checking ${hostKey.checking}, known in ${[...hostKey.userFiles, ...hostKey.globalFiles].join(', ') || 'no file'}${hostKey.alias === undefined ? '' : ` as ${hostKey.alias}`}`,
    `agent ${login.agentSocket ?? 'none'}${login.identitiesOnly ? ', but only the keys named' : ''}`,
    `${target.connectTimeoutMs / 1000} s to connect, ${target.connectionAttempts} ${target.connectionAttempts === 1 ? 'attempt' : 'attempts'}`,
    ...lists.map(([name, list]) => `${name} ${list?.join(',')}`),
    ...(target.onlySystemSsh === undefined ? [] : [`the system's ssh, since ${target.onlySystemSsh}`]),
  ];
  return [...(target.via === undefined ? [] : describeRules(target.via)), `${target.host}: ${rules.join('; ')}`];
}

function wayTo(target: DialTarget): string[] {
  if (target.proxyCommand !== undefined) return ['through its ProxyCommand'];
  return target.via === undefined ? [] : [`through ${addressOf(target.via)}`, ...wayTo(target.via)];
}

function addressOf({ user, hostName, port }: DialTarget): string {
  return `${user}@${hostName.includes(':') ? `[${hostName}]` : hostName}:${port}`;
}
