// find: which files are below folders, by name, kind, age, size, mode and content. Never changes anything. The host lists; names and patterns are
// compared here, with Python's regular expressions and fnmatch. Names that hold a newline are left out.
import { posix } from 'node:path';
import { CodecError, decodeText, ENCODINGS, isEncoding } from '../base/python-codec.js';
import { PythonRegexError, pythonRegex, search } from '../base/python-regex.js';
import type { Answer } from './answer.js';
import { type Entry, listedDepth, nameOf, type Root, toldPath, Unexamined, walk, type Walked } from './find-walk.js';
import type { ModulePlan, ModuleResult, PlaybookModule } from './module.js';
import { OWN } from './ownership.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { planScript } from './plan-script.js';
import { quote } from '../base/quote.js';
import { STAT_FORMAT, type StatInfo, statInfo } from './stat-line.js';

const parameters = {
  paths: { type: 'list', required: true, aliases: ['name', 'path'] },
  patterns: { type: 'list', default: [], aliases: ['pattern'] },
  excludes: { type: 'list', default: [], aliases: ['exclude'] },
  contains: { type: 'string' },
  read_whole_file: { type: 'boolean', default: false },
  file_type: { type: 'string', default: 'file', choices: ['any', 'directory', 'file', 'link'] },
  age: { type: 'string' },
  age_stamp: { type: 'string', default: 'mtime', choices: ['atime', 'ctime', 'mtime'] },
  size: { type: 'string' },
  recurse: { type: 'boolean', default: false },
  hidden: { type: 'boolean', default: false },
  follow: { type: 'boolean', default: false },
  get_checksum: { type: 'boolean', default: false },
  checksum_algorithm: { type: 'string', default: 'sha1', choices: ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'], aliases: ['checksum', 'checksum_algo'] },
  use_regex: { type: 'boolean', default: false },
  depth: { type: 'integer' },
  mode: { type: 'mode' },
  exact_mode: { type: 'boolean', default: true },
  encoding: { type: 'string' },
  limit: { type: 'integer' },
} as const satisfies Parameters;

type Params = ParamsOf<typeof parameters>;

/** Files of more bytes are not searched for `contains`. */
const CONTENT_LIMIT_BYTES = 16 * 1024 * 1024;

const LIST = `
answer
say changed false
[ -z "$aged" ] || say now "$(date +%s.%N)"
number=0
for folder; do
  number=$((number + 1))
  expand folder
  tell "root$number" "$folder"
  [ -d "$folder" ] || continue
  say "folder$number" 1
  folder=\${folder%/}
  [ -r "$folder/" ] || tell "closed$number" "$folder"
  find $L "\${folder:-/}" -mindepth 1 $depth ! -name '*
*' -exec stat -c "entry$number>${STAT_FORMAT}/%n" -- {} + 2>/dev/null
  find $L "\${folder:-/}" -mindepth 1 $depth \\( -type d -o -type l \\) ! -name '*
*' -exec sh -c 'for f; do [ ! -d "$f" ] || { [ ! -L "$f" ] || printf "linked%s>%s\\n" "$0" "$f"; [ -r "$f" ] || printf "closed%s>%s\\n" "$0" "$f"; }; done' "$number" {} + 2>/dev/null
done
`;

const READ = `
answer
say changed false
for f; do
  if [ -n "$content" ]; then
    if [ -r "$f" ] && [ "$(stat -c %s -- "$f")" -le ${CONTENT_LIMIT_BYTES} ]; then printf 'content>'; base64 < "$f" | tr -d '\\n'; echo; else echo 'content>-'; fi
  fi
  [ -z "$sum" ] || echo "sum>$("$sum" < "$f" | cut -d' ' -f1)"
done
`;

export const find: PlaybookModule<typeof parameters> = {
  name: 'find',
  parameters,
  ahead: 'looks',
  checkWritten: ({ encoding }) => (typeof encoding !== 'string' || encoding.includes('{{') || isEncoding(encoding) ? undefined : { message: unknownEncoding(encoding), parameter: 'encoding' }),
  plan: (params, context) => {
    if (params.encoding !== undefined && !isEncoding(params.encoding)) throw new ParameterError(unknownEncoding(params.encoding), 'encoding');
    const { contains, checksum_algorithm: algorithm } = params;
    const filter = filterOf(params);
    const regex = contains === undefined || params.file_type !== 'file' ? undefined : regexOf(contains, 'contains');
    const deepest = listedDepth(params);
    const words = { L: params.follow ? '-L' : '', depth: deepest === undefined ? '' : `-maxdepth ${deepest}`, aged: params.age !== undefined };
    return planScript({ module: 'find', shown: { paths: params.paths }, words, body: `set -- ${params.paths.map(quote).join(' ')}\n${OWN}\n${LIST}`, look: 'itself' }, context, (answer) => {
      const nowSec = Number.parseFloat(answer.values.get('now') ?? '');
      const roots = params.paths.map((_, index) => rootOf(answer, index + 1));
      const read = (entries: readonly Entry[], what: { readonly content: boolean; readonly sum: string }, done: (answer: Answer) => ModuleResult | ModulePlan) =>
        planScript({ module: 'find', shown: { files: entries.length }, words: what, body: `set -- ${entries.map(({ path }) => quote(path)).join(' ')}\n${READ}`, look: 'itself' }, context, done);
      const end = (walked: Walked) => {
        const regular = walked.found.filter(({ info }) => info.isreg);
        if (!params.get_checksum || regular.length === 0) return ended(walked, new Map());
        return read(regular, { content: false, sum: `${algorithm}sum` }, (sums) => ended(walked, new Map(sums.text('sum').split('\n').map((sum, index) => [regular[index]?.path ?? '', sum]))));
      };
      const wanted = (entry: Entry) => filter.matches(entry, nowSec);
      if (regex === undefined) return end(walk(roots, { ...params, matches: (entry) => wanted(entry) && filter.hasMode(entry) }));
      const candidates = new Map<string, Entry>();
      walk(roots, { ...params, matches: (entry) => wanted(entry) && candidates.set(entry.path, entry).size === 0 });
      const contentOf = (contents: ReadonlyMap<string, string>) => (entry: Entry) => wanted(entry) && holds(regex, entry.path, contents.get(entry.path), params) && filter.hasMode(entry);
      if (candidates.size === 0) return end(walk(roots, { ...params, matches: () => false }));
      return read([...candidates.values()], { content: true, sum: '' }, (told) => {
        const lines = told.text('content').split('\n');
        return end(walk(roots, { ...params, matches: contentOf(new Map([...candidates.keys()].map((path, index) => [path, lines[index] ?? '-']))) }));
      });
    });
  },
};

function ended({ found, examined, skipped, warnings, msg }: Walked, sums: ReadonlyMap<string, string>): ModuleResult {
  const files = found.map((entry) => ({ path: toldPath(entry), ...told(entry.info), ...(sums.has(entry.path) ? { checksum: sums.get(entry.path) } : {}) }));
  return { changed: false, msg, values: { files, matched: files.length, examined, skipped_paths: skipped }, warnings };
}

function unknownEncoding(name: string): string {
  return `the encoding ${name} is not supported; there are ${ENCODINGS.join(', ')}`;
}

const linesOf = (text: string) => (text === '' ? [] : text.split('\n'));

function rootOf(answer: Answer, number: number): Root {
  const set = (name: string) => new Set(linesOf(answer.text(`${name}${number}`)));
  const entries = linesOf(answer.text(`entry${number}`)).map(entryOf);
  return { path: answer.text(`root${number}`), isFolder: answer.values.has(`folder${number}`), entries, linked: set('linked'), closed: set('closed') };
}

function entryOf(line: string): Entry {
  // The kind is followed by a slash, and the path is absolute or relative behind it.
  const [, stats = '', path = ''] = /^((?:\S+ ){15}[a-z ]+)\/(.*)$/s.exec(line) ?? [];
  return { path, info: statInfo(stats) };
}

function regexOf(pattern: string, parameter: string): RegExp {
  try {
    return pythonRegex(pattern);
  } catch (error) {
    throw error instanceof PythonRegexError ? new ParameterError(error.message, parameter) : error;
  }
}

/** As open() of Python reads: UTF-8, any kind of line end; 8 KiB at a time, so that a line before bytes that are no text is found. */
const CHUNK_BYTES = 8192;

/** @param content in base64; `-`: it cannot be read, or is too long */
function holds(regex: RegExp, path: string, content: string | undefined, { read_whole_file: isWhole, encoding }: Pick<Params, 'read_whole_file' | 'encoding'>): boolean {
  if (content === undefined || content === '-') return false;
  const bytes = Buffer.from(content, 'base64');
  const decode = (part: Buffer) => decodeText(part, encoding ?? 'utf-8');
  const isText = isTextIn(bytes, decode);
  const length = isText ? bytes.length : textBytes(bytes, decode);
  const readable = isText ? bytes : bytes.subarray(0, length - (length % CHUNK_BYTES));
  const text = decode(readable).replace(/\r\n?/g, '\n');
  const whole = isText ? /[^\n]*\n|[^\n]+$/g : /[^\n]*\n/g;
  if (isWhole ? isText && search(regex, text) !== null : (text.match(whole) ?? []).some((line) => search(regex, line)?.index === 0)) return true;
  if (!isText) throw new Unexamined(`Failed to read the file ${posix.normalize(path)} due to an encoding error. current encoding: ${encoding ?? 'None (default determined by the Python built-in function "open")'}`);
  return false;
}

function isTextIn(bytes: Buffer, decode: (part: Buffer) => string): boolean {
  try {
    decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}

/** How many bytes are text before the first that are none. */
function textBytes(bytes: Buffer, decode: (part: Buffer) => string): number {
  let [least, most] = [0, bytes.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    // A character may be cut there.
    if ([0, 1, 2, 3].some((cut) => cut <= middle && isTextIn(bytes.subarray(0, middle - cut), decode))) least = middle;
    else most = middle - 1;
  }
  return least;
}

interface Filter {
  /** All but content and mode. @param nowSec of the host; whole where it knows no parts of seconds */
  readonly matches: (entry: Entry, nowSec: number) => boolean;
  readonly hasMode: (entry: Entry) => boolean;
}

function filterOf(params: Params): Filter {
  const matcher = (pattern: string) => {
    if (!params.use_regex) return fnmatch(pattern);
    const regex = regexOf(pattern, 'patterns');
    return (name: string) => search(regex, name)?.index === 0;
  };
  const wanted = params.patterns.map(matcher);
  const unwanted = params.excludes.map(matcher);
  const ageSec = measure(params.age, 'age', { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 });
  const sizeBytes = measure(params.size, 'size', { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 });
  if (params.limit !== undefined && params.limit <= 0) throw new ParameterError(`limit cannot be ${params.limit} (use None for unlimited)`, 'limit');
  const bits = params.mode === undefined ? undefined : /^[0-7]+$/.test(params.mode) ? Number.parseInt(params.mode, 8) : symbolicBits(params.mode);
  const hasMode = ({ info }: Entry) => {
    if (bits === undefined) return true;
    const own = Number.parseInt(String(info.mode), 8);
    return params.exact_mode ? own === bits : (own & bits) !== 0;
  };
  const matches = (entry: Entry, nowSec: number) => {
    const { info } = entry;
    const name = nameOf(entry);
    const kind = { any: true, directory: info.isdir, file: info.isreg, link: info.islnk }[params.file_type];
    if (kind !== true) return false;
    if (wanted.length > 0 && !wanted.some((like) => like(name))) return false;
    if (unwanted.some((like) => like(name))) return false;
    if (ageSec !== undefined) {
      const stamp = Number(info[params.age_stamp]);
      const old = nowSec - (Number.isInteger(nowSec) ? Math.floor(stamp) : stamp);
      if (ageSec >= 0 ? old < ageSec : old > -ageSec) return false;
    }
    return sizeBytes === undefined || !info.isreg || params.file_type === 'directory' || params.file_type === 'link' || (sizeBytes >= 0 ? info.size >= sizeBytes : info.size <= -sizeBytes);
  };
  return { matches, hasMode };
}

function measure(text: string | undefined, parameter: string, units: Readonly<Record<string, number>>): number | undefined {
  if (text === undefined) return undefined;
  const match = new RegExp(`^(-?\\d+)([${Object.keys(units).join('')}])?$`).exec(text.toLowerCase());
  if (match === null) throw new ParameterError(`failed to process ${parameter}`, parameter);
  return Number(match[1]) * (units[match[2] ?? ''] ?? 1);
}

/** Python's fnmatch on a POSIX system: * and ? match slashes too, [!x] is a set that is not. */
function fnmatch(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '[\\s\\S]*';
    if (part === '?') return '[\\s\\S]';
    if (part.length > 1) return part.replace(/\\/g, '\\\\').replace(/^\[!/, '[^').replace(/^\[(\^?)\]/, '[$1\\]');
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  const regex = new RegExp(`^${source}$`);
  return (name) => regex.test(name);
}

/** Of what stat tells, find leaves these out, and has the names in another place. */
const NOT_HERE = ['blocks', 'block_size', 'device_type', 'pw_name', 'gr_name'];

function told(info: StatInfo): Readonly<Record<string, unknown>> {
  const names = { gr_name: info.gr_name ?? '', pw_name: info.pw_name ?? '' };
  return Object.fromEntries(Object.entries(info).flatMap(([name, value]) => (NOT_HERE.includes(name) ? [] : name === 'ctime' ? [[name, value], ...Object.entries(names)] : [[name, value]])));
}

const PERMISSIONS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };
const CLASSES: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007 };

/** What symbols make of no bits at all (find.py's mode_filter): X, and bits copied from another class, are none then. */
function symbolicBits(mode: string): number {
  let bits = 0;
  for (const clause of mode.split(',')) {
    const [, who = '', steps = ''] = /^([ugoa]*)(.*)$/.exec(clause) ?? [];
    const mask = [...(who === '' || who.includes('a') ? 'ugo' : who)].reduce((sum, one) => sum | (CLASSES[one] ?? 0), 0);
    for (const [, sign = '', letters = ''] of steps.matchAll(/([-+=])([^-+=]*)/g)) {
      const named = [...letters].reduce((sum, letter) => sum | (PERMISSIONS[letter] ?? 0), 0) & mask & (who === '' ? ~0o022 : 0o7777);
      bits = sign === '-' ? bits & ~named : sign === '+' ? bits | named : (bits & ~mask) | named;
    }
  }
  return bits;
}
