// The lookup `password`: a password that is kept in a file of this machine, and made where the file is not there yet.
// What comes in: terms (`path length=12 chars=digits`) and options. What goes out: passwords, or with `encrypt` their hashes.
// Guaranteed: a file is written only at the task's turn, readable by its owner alone; /dev/null keeps nothing. Source: Ansible's plugins/lookup/password.py.
import { readFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import { hasOpenQuote, splitKeyValues } from '../key-values.js';
import { FilterError } from './filter-error.js';
import { expandUser } from './filters-paths.js';
import { isInteger, typeName } from './kinds.js';
import { newSalt, passwordHash } from './password-hash.js';
import type { PluginContext } from './plugin.js';
import { PythonRandom } from './python-random.js';
import { toText } from './values.js';

type Options = Readonly<Record<string, unknown>>;

interface Kept {
  readonly password: string;
  readonly salt?: string | undefined;
  readonly ident?: string | undefined;
}

export const PASSWORD_OPTIONS = ['length', 'chars', 'encrypt', 'ident', 'seed'];
const NOWHERE = '/dev/null';
const LENGTH_LIMIT = 1_000_000;

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const SPACE = ' \t\n\r\v\f';
/** The names of Python's module string; any other text stands for its own characters. */
const CHARACTERS: ReadonlyMap<string, string> = new Map([
  ['ascii_lowercase', LOWER],
  ['ascii_uppercase', LOWER.toUpperCase()],
  ['ascii_letters', LOWER + LOWER.toUpperCase()],
  ['digits', DIGITS],
  ['hexdigits', `${DIGITS}abcdefABCDEF`],
  ['octdigits', '01234567'],
  ['punctuation', PUNCTUATION],
  ['whitespace', SPACE],
  ['printable', DIGITS + LOWER + LOWER.toUpperCase() + PUNCTUATION + SPACE],
]);

/** @throws FilterError; FleetTapError where a file has to be written before the task's turn */
export function passwordValues(terms: readonly unknown[], given: Options, context: PluginContext): string[] {
  return terms.map((term) => {
    const { path: written, options: own } = readTerm(toText(term));
    // Options in the term take the place of all those behind it.
    const options = own ?? given;
    const path = pathOf(written, context);
    const kept = path === NOWHERE ? undefined : read(path);
    const { password, salt: keptSalt, ident: keptIdent } = kept ?? { password: made(options) };
    const encrypt = optional(options.encrypt);
    const asked = optional(options.ident);
    if (keptIdent !== undefined && asked !== undefined && asked !== keptIdent) throw new FilterError(`finds the ident ${keptIdent} in ${path}, not ${asked}`);
    const salt = keptSalt ?? (encrypt === undefined ? undefined : newSalt(encrypt));
    const ident = keptIdent ?? asked ?? (encrypt === 'bcrypt' ? '2b' : undefined);
    const isChanged = kept === undefined || (encrypt !== undefined && (keptSalt === undefined || (keptIdent === undefined && encrypt === 'bcrypt')));
    if (isChanged && path !== NOWHERE) context.controller().write(path, `${line({ password, salt, ident })}\n`);
    return encrypt === undefined ? password : passwordHash(password, encrypt, { salt, ident });
  });
}

/** A path may hold spaces; options stand behind it. */
function readTerm(term: string): { readonly path: string; readonly options: Options | undefined } {
  const space = term.indexOf(' ');
  if (space === -1) return { path: term, options: undefined };
  const behind = term.slice(space + 1);
  if (hasOpenQuote(behind)) throw new FilterError(`cannot read "${term}": a quote is not closed`);
  const { pairs, rest } = splitKeyValues(behind, false);
  const path = rest === '' ? term.slice(0, space) : `${term.slice(0, space)} ${rest}`;
  if (!term.startsWith(path)) throw new FilterError(`takes the path first, then name=value: "${term}"`);
  const wrong = pairs.find(([name]) => !PASSWORD_OPTIONS.includes(name));
  if (wrong !== undefined) throw new FilterError(`takes no option "${wrong[0]}"; it takes ${PASSWORD_OPTIONS.join(', ')}`);
  if (pairs.length === 0) return { path, options: undefined };
  const options = Object.fromEntries(pairs);
  // Two commas stand for one that is meant; between single ones stand names and characters.
  const { chars } = options;
  return { path, options: chars === undefined || chars === '' ? options : { ...options, chars: [...(chars.includes(',,') ? [','] : []), ...chars.replaceAll(',,', ',').split(',')] } };
}

function pathOf(written: string, context: PluginContext): string {
  const path = expandUser(written);
  if (isAbsolute(path)) return resolve(path);
  const folder = context.variable('playbook_dir');
  return resolve(typeof folder === 'string' ? folder : process.cwd(), path);
}

function read(path: string): Kept | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new FilterError(`cannot read ${path}: ${(error as Error).message}`);
  }
  const [password, behind] = atLast(bytes.toString('utf8').trimEnd(), ' salt=');
  const [salt, ident] = atLast(behind ?? '', ' ident=');
  return { password, salt: optional(salt), ident: optional(ident) };
}

function atLast(text: string, mark: string): [before: string, behind: string | undefined] {
  const at = text.lastIndexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}

function line({ password, salt, ident }: Kept): string {
  if (salt === undefined) return password;
  return `${password} salt=${salt}${ident === undefined ? '' : ` ident=${ident}`}`;
}

function made({ length: givenLength = 20, chars: givenChars = ['ascii_letters', 'digits', '.,:-_'], seed }: Options): string {
  const length = isInteger(givenLength) || (typeof givenLength === 'string' && /^\s*[-+]?\d+\s*$/.test(givenLength)) ? Number(givenLength) : undefined;
  if (length === undefined) throw new FilterError(`takes a whole number as length, not ${typeof givenLength === 'string' ? `"${givenLength}"` : typeName(givenLength)}`);
  if (length > LENGTH_LIMIT) throw new FilterError(`makes a password of ${length} characters; the limit is ${LENGTH_LIMIT}`);
  const names = typeof givenChars === 'string' ? givenChars.split(',').map((name) => name.trim()) : Array.isArray(givenChars) ? givenChars.map(toText) : [toText(givenChars)];
  const characters = [...names.map((name) => CHARACTERS.get(name) ?? name).join('').replace(/["']/g, '')];
  if (characters.length === 0 && length > 0) throw new FilterError('has no characters to choose from: give chars');
  const random = seed === undefined || seed === null ? undefined : new PythonRandom(toText(seed));
  return Array.from({ length: Math.max(0, length) }, () => characters[random === undefined ? randomInt(characters.length) : random.below(characters.length)]).join('');
}

function optional(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : toText(value);
}
