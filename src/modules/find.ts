// find: which files are below folders, by name, kind, age, size, mode and content. Never changes anything. The host lists; names and patterns are
// compared here, with Python's regular expressions and fnmatch. Names that hold a newline are left out.
import { pythonFloat } from '../base/python-repr.js';
import { PythonRegexError, pythonRegex, search } from '../base/python-regex.js';
import type { Answer } from './answer.js';
import type { ModulePlan, PlaybookModule } from './module.js';
import { OWN } from './ownership.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { planScript } from './plan-script.js';
import { quote } from '../base/quote.js';
import { walkOrder } from './walk-order.js';
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
  encoding: { type: 'string', refused: 'files are read as UTF-8' },
  limit: { type: 'integer' },
} as const satisfies Parameters;

type Params = ParamsOf<typeof parameters>;
type Found = { readonly path: string; readonly info: StatInfo };

/** Files of more bytes are not searched for `contains`. */
const CONTENT_LIMIT_BYTES = 16 * 1024 * 1024;

const LIST = `
answer
say changed false
[ -z "$aged" ] || say now "$(date +%s)"
# Only GNU's stat has parts of seconds.
format='${STAT_FORMAT}'
case $(stat -c %.9X / 2>/dev/null) in ''|*[!0-9.]*) ;; *) format='${STAT_FORMAT.replaceAll(/%(?=[XYZ])/g, '%.9')}' ;; esac
number=0
for folder; do
  number=$((number + 1))
  expand folder
  if [ ! -d "$folder" ]; then say "missing" "$number"; tell missings "$folder"; continue; fi
  folder=\${folder%/}
  tell "root$number" "$folder"
  find $L "\${folder:-/}" -mindepth 1 $depth ! -name '*
*' -exec stat -c "entry$number>$format/%n" -- {} + 2>/dev/null
  [ -n "$L" ] || find "\${folder:-/}" -mindepth 1 $depth -type l ! -name '*
*' -exec sh -c 'for f; do [ ! -d "$f" ] || printf "linked%s>%s\\n" "$0" "$f"; done' "$number" {} + 2>/dev/null
done
`;

const READ = `
answer
say changed false
for f; do
  if [ -n "$content" ]; then
    if [ "$(stat -c %s -- "$f")" -le ${CONTENT_LIMIT_BYTES} ]; then printf 'content>'; base64 < "$f" | tr -d '\\n'; echo; else echo 'content>'; fi
  fi
  [ -z "$sum" ] || echo "sum>$("$sum" < "$f" | cut -d' ' -f1)"
done
`;

export const find: PlaybookModule<typeof parameters> = {
  name: 'find',
  parameters,
  ahead: 'looks',
  plan: (params, context) => {
    const matches = filterOf(params);
    const deepest = params.recurse ? params.depth : 1;
    const words = { L: params.follow ? '-L' : '', depth: deepest === undefined ? '' : `-maxdepth ${deepest}`, aged: params.age !== undefined };
    return planScript({ module: 'find', shown: { paths: params.paths }, words, body: `set -- ${params.paths.map(quote).join(' ')}\n${OWN}\n${LIST}`, look: 'itself' }, context, (answer) => {
      const now = Number(answer.values.get('now'));
      const entries = params.paths.flatMap((_, index) => entriesOf(answer, index));
      const missing = linesOf(answer.text('missings'));
      let found = entries.filter((entry) => matches(entry, now));
      const { contains } = params;
      const end = (kept: readonly (Found & { readonly checksum?: string })[]) => {
        const limited = params.limit === undefined ? kept : kept.slice(0, params.limit);
        const files = limited.map(({ path, info, checksum }) => ({ path, ...told(info), ...(checksum === undefined ? {} : { checksum }) }));
        const skipped = Object.fromEntries(missing.map((path) => [path, `'${path}' is not a directory`]));
        const msg = missing.length > 0 ? 'Not all paths examined, check warnings for details' : params.limit !== undefined && limited.length === params.limit ? 'Limit of matches reached' : 'All paths examined';
        return { changed: false, msg, values: { files, matched: files.length, examined: entries.length, skipped_paths: skipped }, warnings: missing.map((path) => `Skipped '${path}' path due to this access issue: '${path}' is not a directory\n`) };
      };
      const regular = found.filter(({ info }) => info.isreg);
      const wantsContent = contains !== undefined && params.file_type === 'file';
      if (!(wantsContent || params.get_checksum) || regular.length === 0) return end(found);
      const reading = { content: wantsContent, sum: params.get_checksum ? `${params.checksum_algorithm}sum` : '' };
      return planScript({ module: 'find', shown: { files: regular.length }, words: reading, body: `set -- ${regular.map(({ path }) => quote(path)).join(' ')}\n${READ}`, look: 'itself' }, context, (read) => {
        const contents = read.text('content').split('\n');
        const sums = read.text('sum').split('\n');
        const sumOf = new Map(regular.map(({ path }, index) => [path, sums[index] ?? '']));
        if (wantsContent) {
          const regex = regexOf(contains, 'contains');
          const holds = new Set(regular.filter((_, index) => contentMatches(regex, Buffer.from(contents[index] ?? '', 'base64').toString('utf8'), params.read_whole_file)).map(({ path }) => path));
          found = found.filter(({ path }) => holds.has(path));
        }
        return end(found.map((entry) => (params.get_checksum && entry.info.isreg ? { ...entry, checksum: sumOf.get(entry.path) ?? '' } : entry)));
      }) satisfies ModulePlan;
    });
  },
};

const linesOf = (text: string) => (text === '' ? [] : text.split('\n'));

/** Of the folder at a place of `paths`, as os.walk gives them: a link to a folder stands among the folders. */
function entriesOf(answer: Answer, index: number): readonly Found[] {
  const linked = new Set(linesOf(answer.text(`linked${index + 1}`)));
  const entries = linesOf(answer.text(`entry${index + 1}`)).map(entryOf);
  return walkOrder(answer.text(`root${index + 1}`), entries.map((entry) => ({ ...entry, isFolder: entry.info.isdir || linked.has(entry.path) })));
}

function entryOf(line: string): Found {
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

function contentMatches(regex: RegExp, text: string, isWhole: boolean): boolean {
  if (isWhole) return search(regex, text) !== null;
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).some((line) => search(regex, line)?.index === 0);
}

function filterOf(params: Params): (entry: Found, nowSec: number) => boolean {
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
  return ({ path, info }, nowSec) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith('.') && !params.hidden) return false;
    const kind = { any: true, directory: info.isdir, file: info.isreg, link: info.islnk }[params.file_type];
    if (kind !== true) return false;
    if (wanted.length > 0 && !wanted.some((matches) => matches(name))) return false;
    if (unwanted.some((matches) => matches(name))) return false;
    if (ageSec !== undefined) {
      const old = nowSec - Number(info[params.age_stamp]);
      if (ageSec >= 0 ? old < ageSec : old > -ageSec) return false;
    }
    if (sizeBytes !== undefined && info.isreg && params.file_type !== 'directory' && params.file_type !== 'link' && (sizeBytes >= 0 ? info.size < sizeBytes : info.size > -sizeBytes)) return false;
    if (bits === undefined) return true;
    const own = Number.parseInt(String(info.mode), 8);
    return params.exact_mode ? own === bits : (own & bits) !== 0;
  };
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

/** Of what stat tells, find leaves out some, and tells the rest in this order: it shows where a file is the item of a loop. */
function told({ blocks: _blocks, block_size: _size, device_type: _device, pw_name, gr_name, ...info }: StatInfo): Readonly<Record<string, unknown>> {
  const times = (name: string) => name === 'atime' || name === 'mtime' || name === 'ctime';
  return Object.fromEntries(Object.entries(info).flatMap(([name, value]) => [[name, times(name) ? pythonFloat(Number(value)) : value] as const, ...(name === 'ctime' ? [['gr_name', gr_name] as const, ['pw_name', pw_name] as const] : [])]));
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
