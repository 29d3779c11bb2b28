// What comes in: a text and evaluated arguments. What goes out: it in another coding: base64, checksums, hashes of passwords, UUIDs, parts of URLs.
// Source: Ansible's plugins/filter/core.py, urls.py, urlsplit.py; RFC 4122 (version 5), RFC 3986.
import { createHash, getHashes } from 'node:crypto';
import { FilterError } from './filter-error.js';
import { isDict, makeDict, typeName } from './kinds.js';
import { pairsOf } from './methods-dict.js';
import { passwordHash, schemeName } from './password-hash.js';
import { type Filter, filter } from './plugin.js';
import { toText } from './values.js';

const ENCODINGS: Readonly<Record<string, BufferEncoding>> = { 'utf-8': 'utf8', utf8: 'utf8', 'utf-16-le': 'utf16le', 'utf-16le': 'utf16le', latin1: 'latin1', 'iso-8859-1': 'latin1', ascii: 'latin1' };

function encoding(value: unknown): BufferEncoding {
  const found = ENCODINGS[toText(value ?? 'utf-8').toLowerCase()];
  if (found === undefined) throw new FilterError(`does not know the encoding ${toText(value)}; there are ${Object.keys(ENCODINGS).join(', ')}`);
  return found;
}

function digest(input: unknown, kind: string): string {
  const name = kind.replace(/^sha_?(\d)/, 'sha$1').replace('sha3_', 'sha3-');
  if (!getHashes().some((known) => known.toLowerCase() === name.toLowerCase())) throw new FilterError(`does not know the hash ${kind}`);
  return createHash(name).update(toText(input), 'utf8').digest('hex');
}

function decodeBase64(text: string, coding: BufferEncoding): string {
  const clean = text.replace(/[^A-Za-z0-9+/=]/g, '');
  const [data = ''] = /^[A-Za-z0-9+/]*/.exec(clean) ?? [];
  const padding = clean.slice(data.length).length;
  if (data.length % 4 === 1) throw new FilterError(`cannot read ${data.length} characters of base64: one is left over`);
  if (data.length % 4 !== 0 && padding < 4 - (data.length % 4)) throw new FilterError('finds base64 without its padding (=)');
  const bytes = Buffer.from(data, 'base64');
  const decoded = bytes.toString(coding);
  if (coding === 'utf8' && !Buffer.from(decoded, 'utf8').equals(bytes)) throw new FilterError('finds no UTF-8 in it');
  return decoded;
}

const NAMESPACE = '361E6D51-FAEC-444A-9079-341386DA8E2E';

function uuid(text: string, namespace: string): string {
  const hex = namespace.replace(/^urn:uuid:|[{}-]/g, '');
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) throw new FilterError(`takes a UUID as namespace, not ${namespace}`);
  const hash = createHash('sha1').update(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from(text, 'utf8')])).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** urllib.parse.quote; a query's spaces are +. */
function quoteUrl(value: unknown, isQuery: boolean): string {
  const escaped = encodeURIComponent(toText(value)).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return isQuery ? escaped.replaceAll('%20', '+') : escaped.replaceAll('%2F', '/');
}

function urlParts(url: string): Readonly<Record<string, unknown>> {
  const [, scheme = '', rest = ''] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?([\s\S]*)$/.exec(url.replace(/^[\x00-\x20]+|[\t\r\n]/g, '')) ?? [];
  const [, fragmentless = '', fragment = ''] = /^([^#]*)(?:#([\s\S]*))?$/.exec(rest) ?? [];
  const [, queryless = '', query = ''] = /^([^?]*)(?:\?([\s\S]*))?$/.exec(fragmentless) ?? [];
  const [, netloc = '', path = ''] = /^(?:\/\/([^/]*))?([\s\S]*)$/.exec(queryless) ?? [];
  const [, user, password, host = '', port] = /^(?:([^:@]*)(?::([^@]*))?@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(netloc) ?? [];
  const hostname = host.replace(/^\[|\]$/g, '').toLowerCase();
  return {
    fragment, hostname: hostname === '' ? null : hostname, netloc, password: password ?? null, path, port: port === undefined || port === '' ? null : Number(port),
    query, scheme: scheme.toLowerCase(), username: user ?? null,
  };
}

export const codeFilters: readonly (readonly [string, Filter])[] = [
  ['b64encode', filter(['encoding'], (input, args) => Buffer.from(toText(input), encoding(args.encoding)).toString('base64'))],
  ['b64decode', filter(['encoding'], (input, args) => decodeBase64(toText(input), encoding(args.encoding)))],
  ['hash', filter(['hashtype'], (input, { hashtype = 'sha1' }) => digest(input, toText(hashtype)))],
  ['password_hash', filter(['hashtype', 'salt', 'salt_size', 'rounds', 'ident'], (input, { hashtype = 'sha512', salt, salt_size: saltSize, rounds, ident }) => passwordHash(input, schemeName(toText(hashtype)), { salt, saltSize, rounds, ident }))],
  ['md5', filter([], (input) => digest(input, 'md5'))],
  ['sha1', filter([], (input) => digest(input, 'sha1'))],
  ['checksum', filter([], (input) => digest(input, 'sha1'))],
  ['to_uuid', filter(['namespace'], (input, { namespace = NAMESPACE }) => uuid(toText(input), toText(namespace)))],
  ['urlencode', filter([], (input) => (isDict(input) || Array.isArray(input) ? pairsOf(input).map(([key, value]) => `${quoteUrl(key, true)}=${quoteUrl(value, true)}`).join('&') : quoteUrl(input, false)))],
  ['urldecode', filter([], (input) => {
    try {
      return decodeURIComponent(toText(input).replaceAll('+', ' '));
    } catch {
      return Buffer.from(toText(input).replaceAll('+', ' ').replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString('utf8');
    }
  })],
  ['urlsplit', filter(['query'], (input, { query = '' }) => {
    if (typeof input !== 'string') throw new FilterError(`takes a text, not ${typeName(input)}`);
    const parts = urlParts(input);
    if (query === '') return makeDict(Object.entries(parts));
    if (!Object.hasOwn(parts, toText(query))) throw new FilterError(`does not know the part ${toText(query)}; there are ${Object.keys(parts).join(', ')}`);
    return parts[toText(query)];
  })],
];
