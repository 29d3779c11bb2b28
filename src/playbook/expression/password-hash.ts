// What comes in: a password and how to hash it. What goes out: what stands in /etc/shadow: the filter password_hash and `encrypt` of vars_prompt.
// Guaranteed: with a salt, Ansible's text; the same password, salt and rounds are hashed once a run. Not here: the scheme of `ident: 2`, which nobody should use.
// Source: Ansible's utils/encrypt.py; passlib's documentation of these four hashes.
import { hashSync } from 'bcryptjs';
import { randomInt } from 'node:crypto';
import { FilterError } from './filter-error.js';
import { isInteger, typeName } from './kinds.js';
import { CRYPT_CHARACTERS, md5Crypt, shaCrypt } from './sha-crypt.js';
import { toText } from './values.js';

interface Scheme {
  /** Characters of a salt: at most, and of one that is made here. */
  readonly saltLength: number;
  readonly rounds: { readonly default: number; readonly least: number; readonly most: number } | undefined;
  hash(secret: Buffer, salt: string, rounds: number, ident: string): string;
}

const PREFIX = { sha256: '5', sha512: '6' };
/** What glibc takes when nobody says how many; it is not written then. */
const SILENT_ROUNDS = 5000;
/** About half a minute of one processor. Ansible's limit is 999999999. */
const MOST_ROUNDS = 10_000_000;

function sha(algorithm: 'sha256' | 'sha512', rounds: number): Scheme {
  return {
    saltLength: 16,
    rounds: { default: rounds, least: 1000, most: MOST_ROUNDS },
    hash: (secret, salt, count) => `$${PREFIX[algorithm]}$${count === SILENT_ROUNDS ? '' : `rounds=${count}$`}${salt}$${shaCrypt(algorithm, secret, Buffer.from(salt), count)}`,
  };
}

const schemes: Readonly<Record<string, Scheme>> = {
  md5_crypt: { saltLength: 8, rounds: undefined, hash: (secret, salt) => `$1$${salt}$${md5Crypt(secret, Buffer.from(salt))}` },
  bcrypt: { saltLength: 22, rounds: { default: 12, least: 4, most: 18 }, hash: (secret, salt, rounds, ident) => hashSync(secret.toString('utf8'), `$${ident}$${String(rounds).padStart(2, '0')}$${salt}`) },
  sha256_crypt: sha('sha256', 535_000),
  sha512_crypt: sha('sha512', 656_000),
};
const SHORT: Readonly<Record<string, string>> = { md5: 'md5_crypt', blowfish: 'bcrypt', sha256: 'sha256_crypt', sha512: 'sha512_crypt' };
const IDENTS = ['2a', '2b', '2y'];

/** Hashes of this run: a task is evaluated for each host, and one hash takes about a second. */
const known = new Map<string, string>();
const KNOWN_LIMIT = 1000;

/** A salt of the length that a hash takes; 8 characters for names that are none. */
export function newSalt(name: string): string {
  return randomSalt(schemes[name]?.saltLength ?? 8);
}

function randomSalt(length: number): string {
  return Array.from({ length }, () => CRYPT_CHARACTERS[randomInt(CRYPT_CHARACTERS.length)]).join('');
}

/** The last of the 22 characters holds two bits of the salt; the rest is 0. */
const BCRYPT_ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
function repaired(salt: string): string {
  return salt.length === 22 ? salt.slice(0, 21) + (BCRYPT_ALPHABET[BCRYPT_ALPHABET.indexOf(salt[21] ?? '') & 0x30] ?? '') : salt;
}

interface HashOptions {
  readonly salt?: unknown;
  readonly saltSize?: unknown;
  readonly rounds?: unknown;
  readonly ident?: unknown;
}

/** The scheme of a name that the filter takes, `sha512` or `sha512_crypt`. */
export function schemeName(name: string): string {
  return SHORT[name] ?? name;
}

/** @param name `sha512_crypt`, `bcrypt` … @throws FilterError */
export function passwordHash(secret: unknown, name: string, { salt: givenSalt, saltSize, rounds: givenRounds, ident: givenIdent }: HashOptions): string {
  const scheme = schemes[name];
  if (scheme === undefined) throw new FilterError(`does not know the hash ${name}; there are ${Object.keys(schemes).join(', ')}`);
  if (typeof secret !== 'string') throw new FilterError(`takes a text as password, not ${typeName(secret)}: quote it, or put | string behind it`);
  if (secret.includes('\0')) throw new FilterError('takes no password that holds a NUL');
  const isBcrypt = scheme === schemes.bcrypt;
  if (saltSize !== undefined && saltSize !== null && !isInteger(saltSize)) throw new FilterError(`takes a whole number as salt_size, not ${typeName(saltSize)}`);
  const size = saltSize === undefined || saltSize === null || Number(saltSize) === 0 ? scheme.saltLength : Number(saltSize);
  if (size < 0 || size > scheme.saltLength || (isBcrypt && size !== scheme.saltLength)) throw new FilterError(`takes a salt_size of ${isBcrypt ? '' : 'at most '}${scheme.saltLength} for ${name}, not ${size}`);
  const asked = givenSalt === undefined || givenSalt === null ? '' : toText(givenSalt);
  const chosen = asked === '' ? randomSalt(size) : asked;
  const salt = isBcrypt ? repaired(chosen) : chosen;
  if (salt.length > scheme.saltLength || (isBcrypt && salt.length !== scheme.saltLength)) throw new FilterError(`takes a salt of ${isBcrypt ? '' : 'at most '}${scheme.saltLength} characters for ${name}; this one has ${salt.length}`);
  if (!/^[./0-9A-Za-z]*$/.test(salt)) throw new FilterError('takes a salt of letters, digits, . and / only');
  if (givenRounds !== undefined && givenRounds !== null && typeof givenRounds !== 'string' && !isInteger(givenRounds)) throw new FilterError(`takes a whole number of rounds, not ${typeName(givenRounds)}`);
  const rounds = givenRounds === undefined || givenRounds === null || Number(givenRounds) === 0 ? (scheme.rounds?.default ?? 0) : Number(toText(givenRounds));
  if (scheme.rounds === undefined ? rounds !== 0 : !Number.isInteger(rounds) || rounds < scheme.rounds.least || rounds > scheme.rounds.most) throw new FilterError(scheme.rounds === undefined ? `takes no rounds for ${name}` : `takes ${scheme.rounds.least} to ${scheme.rounds.most} rounds for ${name}, not ${toText(givenRounds)}`);
  const ident = givenIdent === undefined || givenIdent === null || givenIdent === '' ? '2b' : toText(givenIdent);
  if (isBcrypt && !IDENTS.includes(ident)) throw new FilterError(`takes ${IDENTS.join(', ')} as ident, not ${ident}`);
  const key = JSON.stringify([name, secret, salt, rounds, ident]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = scheme.hash(Buffer.from(secret, 'utf8'), salt, rounds, ident);
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(key, made);
  return made;
}
