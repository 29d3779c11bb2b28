// cron: a named job, or a variable, is in a user's crontab or a file of /etc/cron.d, or not. The steps are those of modules/cron.py.
// Answer: changed, jobs, envs, cron_file; the old and the new table as diff.
import type { ModuleDiff, PlaybookModule } from './module.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  name: { type: 'string', required: true },
  user: { type: 'string' },
  job: { type: 'string', aliases: ['value'] },
  cron_file: { type: 'path' },
  state: { type: 'string', default: 'present', choices: ['absent', 'present'] },
  backup: { type: 'boolean', default: false, refused: 'copy the table with the module command' },
  minute: { type: 'string', default: '*' },
  hour: { type: 'string', default: '*' },
  day: { type: 'string', default: '*', aliases: ['dom'] },
  month: { type: 'string', default: '*' },
  weekday: { type: 'string', default: '*', aliases: ['dow'] },
  special_time: { type: 'string', choices: ['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly'] },
  disabled: { type: 'boolean', default: false },
  env: { type: 'boolean', default: false },
  insertafter: { type: 'string' },
  insertbefore: { type: 'string' },
} as const satisfies Parameters;

type Params = ParamsOf<typeof parameters>;

const LOOK = `
answer
say changed false
if [ -n "$file" ]; then
  if [ -f "$file" ]; then say exists 1; printf 'table='; base64 < "$file" | tr -d '\\n'; echo; fi
else
  command -v crontab >/dev/null || { say failed true; tell msg "Failed to find required executable \\"crontab\\""; finish; }
  [ "$(id -un)" != "$user" ] || user=
  printf 'table='; crontab \${user:+-u "$user"} -l 2>/dev/null | base64 | tr -d '\\n'; echo
fi
`;

const WRITE = `
umask 022
[ "$(id -un)" != "$user" ] || user=
if [ -n "$remove" ]; then rm -f -- "$file"
elif [ -n "$file" ]; then cat > "$file" || fail "Failed to write $file" 1
else
  table=$(mktemp) && cat > "$table" || fail "no temporary file" 1
  err=$(crontab \${user:+-u "$user"} "$table" 2>&1) || { rc=$?; rm -f "$table"; fail "Failed to install new cronfile" "$rc"; }
  rm -f "$table"
fi
answer
say changed true
`;

const TIMES = ['minute', 'hour', 'day', 'month', 'weekday'] as const;
const NOT_BOTH = 'You cannot combine special_time with any of the time or day/date parameters.';
const ONLY_ENV = 'Insertafter and insertbefore parameters are valid only with env=yes';
const NOT_CRONTAB = 'Will not manage /etc/crontab via cron_file, see documentation.';
const MARK = '#Ansible: ';

export const cron: PlaybookModule<typeof parameters> = {
  name: 'cron',
  parameters,
  checkWritten: (written) => {
    if ('insertafter' in written && 'insertbefore' in written) return { message: 'parameters are mutually exclusive: insertafter|insertbefore', parameter: 'insertafter' };
    if (written.cron_file === '/etc/crontab') return { message: NOT_CRONTAB, parameter: 'cron_file' };
    const isFixed = (name: string) => name in written && !String(written[name]).includes('{{');
    if (isFixed('special_time') && TIMES.some((name) => isFixed(name) && written[name] !== '*')) return { message: NOT_BOTH, parameter: 'special_time' };
    if (written.state === 'absent') return undefined;
    if ('cron_file' in written && !('user' in written)) return { message: 'To use cron_file=... parameter you must specify user=... as well', parameter: 'cron_file' };
    if (!('job' in written)) return { message: "You must specify 'job' to install a new cron job or variable" };
    const beside = ['insertafter', 'insertbefore'].find((name) => name in written && written[name] !== '');
    if (beside !== undefined && (written.env === undefined || written.env === false)) return { message: ONLY_ENV, parameter: beside };
    return undefined;
  },
  plan: (params, context) => {
    const { user, cron_file: cronFile } = params;
    if (cronFile === '/etc/crontab') return { kind: 'done', result: { changed: false, failed: true, msg: NOT_CRONTAB } };
    if (params.special_time !== undefined && TIMES.some((name) => params[name] !== '*')) throw new ParameterError(NOT_BOTH, 'special_time');
    if (params.state === 'present' && !params.env && (params.insertafter || params.insertbefore)) return { kind: 'done', result: { changed: false, failed: true, msg: ONLY_ENV } };
    const file = cronFile === undefined ? undefined : cronFile.startsWith('/') ? cronFile : `/etc/cron.d/${cronFile}`;
    const shown = { name: params.name, user, cron_file: cronFile, state: params.state };
    return planScript({ module: 'cron', shown, words: { user, file }, body: `${FAIL}\n${LOOK}` }, context, (answer) => {
      const read = Buffer.from(answer.values.get('table') ?? '', 'base64').toString('utf8');
      const before = file === undefined ? withoutHeader(read) : read;
      const lines = before.replace(/\n$/, '').split('\n');
      if (before === '') lines.pop();
      const edited = params.env ? editVariable(params, lines) : editJob(params, lines);
      if (typeof edited === 'string') return { changed: false, failed: true, msg: edited };
      let isChanged = edited.changed;
      const isEmpty = edited.lines.every((line) => line.trim() === '');
      const removes = file !== undefined && params.state === 'absent' && !params.env && isChanged && isEmpty;
      if (!isChanged && before !== '' && !before.endsWith('\n')) isChanged = true;
      const rendered = edited.lines.join('\n').replace(/[\r\n]+$/, '');
      const after = removes || rendered === '' ? '' : `${rendered}\n`;
      const header = file ?? (user === undefined ? 'crontab' : `crontab for user "${user}"`);
      const diff: ModuleDiff = { before, after, before_header: header, after_header: removes ? '/dev/null' : header };
      const names = (pattern: RegExp) => edited.lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
      const listed = { jobs: names(/^#Ansible: (.*)$/), envs: names(/^(\S+?)=/) };
      const values = removes ? { cron_file: cronFile, state: params.state } : { ...listed, ...(cronFile === undefined ? {} : { cron_file: cronFile }) };
      const result = { changed: isChanged, values, ...(isChanged ? { diff } : {}) };
      if (!isChanged || context.check) return result;
      return planScript({ module: 'cron', shown, words: { user, file, remove: removes }, body: `${FAIL}\n${WRITE}`, input: Buffer.from(after) }, context, () => result);
    });
  },
};

/** What older crontab programs put above a table. */
function withoutHeader(text: string): string {
  const lines = text.split('\n');
  return lines.filter((line, index) => index > 2 || !/^# (DO NOT EDIT THIS FILE - edit the master and reinstall\.|\(\/tmp\/.*installed on.*\)|\(.*version.*\))/.test(line)).join('\n');
}

function jobLine(params: Params): string {
  const job = (params.job ?? '').replace(/^[\r\n]+|[\r\n]+$/g, '');
  const { minute, hour, day, month, weekday, special_time } = params;
  const when = special_time === undefined ? `${minute} ${hour} ${day} ${month} ${weekday}` : `@${special_time}`;
  return `${params.disabled ? '#' : ''}${when} ${params.cron_file === undefined ? '' : `${params.user} `}${job}`;
}

interface Edited {
  readonly lines: readonly string[];
  readonly changed: boolean;
}

function editJob(params: Params, lines: readonly string[]): Edited {
  const comment = `${MARK}${params.name}`;
  // The first comment of that name that has a line below it.
  let found = -1;
  for (let at = 0; at < lines.length - 1 && found === -1; at += 1) {
    if (!(lines[at] ?? '').startsWith(MARK)) continue;
    if (lines[at] === comment) found = at;
    else at += 1;
  }
  const replaced = (job: string | undefined) => {
    const out: string[] = [];
    for (let at = 0; at < lines.length; at += 1) {
      if (lines[at] !== comment) out.push(lines[at] ?? '');
      else if (at + 1 < lines.length) {
        if (job !== undefined) out.push(comment, job);
        at += 1;
      }
    }
    return out;
  };
  if (params.state === 'absent') return found === -1 ? { lines, changed: false } : { lines: replaced(undefined), changed: true };
  const job = jobLine(params);
  if (found !== -1) return lines[found + 1] === job ? { lines, changed: false } : { lines: replaced(job), changed: true };
  // The job stands there without a name: it gets one.
  const nameless = lines.findIndex((line, at) => line === job && !(lines[at - 1] ?? lines.at(-1) ?? '').startsWith(MARK));
  if (nameless !== -1) return { lines: [...lines.slice(0, nameless), comment, ...lines.slice(nameless)], changed: true };
  return { lines: [...lines, comment, job], changed: true };
}

function editVariable(params: Params, lines: readonly string[]): Edited | string {
  const { name, insertafter, insertbefore } = params;
  if (name.includes(' ')) return 'Invalid name for environment variable';
  const line = `${name}="${params.job ?? ''}"`;
  const indexOf = (wanted: string) => lines.findIndex((one) => one.startsWith(`${wanted}=`));
  const at = indexOf(name);
  if (params.state === 'absent') return { lines: lines.filter((one) => !one.startsWith(`${name}=`)), changed: at !== -1 };
  if (at !== -1) return { lines: lines.map((one) => (one.startsWith(`${name}=`) ? line : one)), changed: lines[at] !== line };
  const other = insertafter || insertbefore;
  if (other === undefined || other === '') return { lines: [line, ...lines], changed: true };
  const beside = indexOf(other);
  if (beside === -1) return `Variable named '${other}' not found.`;
  const place = other === insertafter ? beside + 1 : beside;
  return { lines: [...lines.slice(0, place), line, ...lines.slice(place)], changed: true };
}
