// command and shell: a program with its words, or a line for sh. Always changed when it ran, unless the task says otherwise (changed_when).
// Guaranteed: command's words reach the program as they are; nothing in them becomes shell. Standard error is the script's own.
// Answer: rc, stdout (text); or skipped with the reason (creates, removes). In check mode they are skipped, unless creates or removes decides.
import { lastLines } from '../base/host-text.js';
import { quote, shellQuote } from '../base/quote.js';
import type { Answer } from './answer.js';
import type { ModuleContext, ModuleResult, PlaybookModule } from './module.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { programAnswer, programScript } from './program-output.js';
import { assign, moduleScript, part } from './script.js';
import { splitWords } from './words.js';

/** A day: a command may take long, and the user can interrupt. */
const LIMIT_MS = 24 * 60 * 60 * 1000;

const WOULD_RUN = 'Command would have run if not in check mode';

const parameters = {
  cmd: { type: 'string' },
  argv: { type: 'words' },
  chdir: { type: 'string' },
  creates: { type: 'string' },
  removes: { type: 'string' },
  stdin: { type: 'string' },
  stdin_add_newline: { type: 'boolean', default: true },
  strip_empty_ends: { type: 'boolean', default: true },
  warn: { type: 'raw', refused: 'Ansible has it no longer (since 2.14): leave it out' },
} as const satisfies Parameters;

/** The folder is where links lead, as in Python's chdir. IFS is empty here: $creates and $removes are not split, but * and ? in them match. */
const BODY = part(`
skip() { answer; say changed false; say rc 0; tell skipped "$1"; finish; }
if [ -n "$chdir" ]; then cd -P -- "$chdir" 2>/dev/null || { answer; say changed false; say failed true; tell said "cannot go to the directory $chdir"; finish; }; fi
if [ -n "$creates" ]; then for f in $creates; do [ ! -e "$f" ] && [ ! -L "$f" ] || skip "$creates exists"; done; fi
if [ -n "$removes" ]; then found=; for f in $removes; do [ ! -e "$f" ] && [ ! -L "$f" ] || found=1; done; [ -n "$found" ] || skip "$removes does not exist"; fi
[ -z "$check" ] || { answer; say changed true; say rc 0; finish; }
`);

const commandParameters = { ...parameters, expand_argument_vars: { type: 'boolean', default: true } } as const satisfies Parameters;

export const command: PlaybookModule<typeof commandParameters> = {
  name: 'command',
  parameters: commandParameters,
  ahead: 'looks',
  freeForm: 'cmd',
  checkWritten: (written) => {
    const wrong = checkForm(written);
    if (wrong !== undefined) return wrong;
    return typeof written.cmd === 'string' && !written.cmd.includes('{{') ? checkWords(written.cmd) : undefined;
  },
  plan: (params, context) => {
    const words = params.argv ?? splitWords(params.cmd ?? '');
    if (words.length === 0) throw new ParameterError('there is no command');
    // `exec "$@"` takes the words as they are: no keyword, builtin, function or assignment. The space in front keeps `$((` from being arithmetic.
    const isExpanded = params.expand_argument_vars && words.some((word) => /\$\w|\$\{|^~/.test(word));
    // Another sh knows the environment only, not this script's variables.
    const invocation = isExpanded ? ` (exec sh -c ${quote(`set -- ${words.map(expanded).join(' ')}; exec "$@"`)})` : ` (set -- ${words.map((word) => quote(word)).join(' ')}; exec "$@")`;
    return planRun('command', invocation, params, context);
  },
};

/** Set by sh itself: not of the environment. */
const OF_SH = ['IFS', 'LINENO', 'OPTIND', 'PPID', 'PS1', 'PS2', 'PS4'];

/** A word in which $NAME, ${NAME} and a ~ in front stand for what the host says; what it does not know stays (Python's expandvars and expanduser). */
function expanded(word: string): string {
  const [home = ''] = /^~[\w.-]*(?:\/|$)/.exec(word) ?? [];
  const parts = word.slice(home.length).split(/(\$\w+|\$\{[^}]*\})/);
  const quoted = parts.map((part, index) => {
    const name = index % 2 === 1 ? part.replace(/^\$\{?|\}$/g, '') : '';
    if (part === '') return '';
    return /^[A-Za-z_]\w*$/.test(name) && !OF_SH.includes(name) ? `"\${${name}-${part.replaceAll(/[$}]/g, '\\$&')}}"` : quote(part);
  });
  return `${home}${quoted.join('')}`;
}

const shellParameters = { ...parameters, argv: { type: 'words', choices: [] }, executable: { type: 'string', default: '/bin/sh' } } as const satisfies Parameters;

export const shell: PlaybookModule<typeof shellParameters> = {
  name: 'shell',
  parameters: shellParameters,
  ahead: 'looks',
  freeForm: 'cmd',
  checkWritten: checkForm,
  plan: (params, context) => planRun('shell', `${quote(params.executable)} -c ${quote(params.cmd ?? '')}`, params, context),
};

function checkWords(cmd: string): { message: string; parameter: string } | undefined {
  try {
    return splitWords(cmd).length === 0 ? { message: 'there is no command', parameter: 'cmd' } : undefined;
  } catch (error) {
    if (error instanceof ParameterError) return { message: error.message, parameter: 'cmd' };
    throw error;
  }
}

function checkForm(written: Readonly<Record<string, unknown>>): { message: string; parameter?: string; hint?: string } | undefined {
  if (('cmd' in written) === ('argv' in written)) return { message: 'a command is needed: either cmd or argv' };
  const { cmd } = written;
  const option = typeof cmd === 'string' ? /(?:^|\s)(creates|removes|chdir|executable|stdin|strip_empty_ends|stdin_add_newline)=/.exec(cmd) : null;
  return option === null ? undefined : { message: `${option[1]}= inside of the command is not supported`, parameter: 'cmd', hint: 'write it below `args:`, or as a parameter beside `cmd:`' };
}

type RunParams = Pick<ParamsOf<typeof parameters>, 'cmd' | 'chdir' | 'creates' | 'removes' | 'stdin' | 'stdin_add_newline' | 'strip_empty_ends'> & { readonly argv: readonly string[] | undefined };

function planRun(name: string, invocation: string, params: RunParams, context: ModuleContext) {
  const { cmd, argv, chdir, creates, removes, stdin } = params;
  const decides = creates !== undefined || removes !== undefined;
  const shown = name === 'shell' ? cmd : (argv ?? (cmd === undefined ? undefined : splitWords(cmd)));
  const empty = { stdout: '', stderr: '', stdout_lines: [], stderr_lines: [], start: null, end: null, delta: null };
  const unchecked: ModuleResult = { changed: false, skipped: true, msg: WOULD_RUN, said: 'it would run if this were not check mode', values: { cmd: shown, rc: 0, ...empty } };
  // A directory that is not there is a failure even then.
  if (context.check && !decides && chdir === undefined) return { kind: 'done' as const, result: unchecked };
  const program = programScript(`${invocation}${stdin === undefined ? ' </dev/null' : ''}`, context);
  const run = `began=$(date '+%F %T.%N')\nIFS=' \t\n'\nset +f\n${program.run}`;
  const script = (check: boolean) => moduleScript(name, { cmd, argv, chdir, creates, removes }, context, `${program.head}\n${assign({ chdir, creates, removes, check })}\nIFS=\n${BODY}\n${run}\nended=$(date '+%F %T.%N')\nanswer\nsay changed true\nsay start "$began"\nsay end "$ended"\nsay rc "$rc"\ntell stdout "$out"`);
  return {
    kind: 'script' as const,
    script: script(context.check),
    // Whether there is anything to run can be looked at.
    ...(decides ? { look: script(true) } : {}),
    isAlone: true,
    mayEnd: true,
    shownUntil: program.shownUntil,
    ...(stdin === undefined ? {} : { input: Buffer.from(params.stdin_add_newline ? `${stdin}\n` : stdin) }),
    timeoutMs: LIMIT_MS,
    parse: (result: { status: number; stdout: string; stderr: string }): ModuleResult => {
      const { answer, stdout: printed } = programAnswer(name, result, program);
      const skipped = answer.text('skipped');
      if (answer.values.get('failed') === 'true') return { changed: false, failed: true, msg: 'Unable to change directory before execution.', said: answer.text('said'), values: { cmd: shown, rc: null, ...empty } };
      if (context.check && !decides) return unchecked;
      const rc = Number(answer.values.get('rc'));
      const notRun = name === 'command' ? whyNotRun(rc, result.stderr) : undefined;
      if (notRun !== undefined) {
        const all = words(argv, cmd);
        return { changed: false, failed: true, msg: 'Error executing command.', said: `${notRun.said} ${all[0] ?? ''}`, values: { cmd: all.map(shellQuote).join(' '), rc: notRun.errno, stdout: '', stderr: '', stdout_lines: [], stderr_lines: [] } };
      }
      const strip = (text: string) => (params.strip_empty_ends ? text.replace(/[\r\n]+$/, '') : text);
      const stdout = skipped === '' ? strip(printed) : `skipped, since ${skipped}`;
      const stderr = strip(result.stderr);
      const values = { cmd: shown, rc, stdout, stderr, stdout_lines: lines(stdout), stderr_lines: lines(stderr), ...timesOf(answer) };
      if (skipped !== '') return { changed: false, msg: `${context.check ? 'Would' : 'Did'} not run command since ${skipped.replace(/^([\s\S]*) (exists|does not exist)$/, "'$1' $2")}`, values };
      if (rc === 0) return { changed: true, msg: context.check ? WOULD_RUN : '', values };
      const last = lastLines(stderr === '' ? stdout : stderr, 5);
      return { changed: true, failed: true, msg: 'non-zero return code', said: `exit status ${rc}${last === '' ? '' : `: ${last}`}`, values };
    },
  };
}

/** What sh says of exec; Ansible's rc is the call's errno. */
function whyNotRun(rc: number, stderr: string): { readonly errno: number; readonly said: string } | undefined {
  if (rc === 127 && /exec: .*: not found\s*$/.test(stderr)) return { errno: 2, said: 'the host has no program' };
  return rc === 126 && /exec: .*: Permission denied\s*$/.test(stderr) ? { errno: 13, said: 'the host may not execute' } : undefined;
}

function words(argv: readonly string[] | undefined, cmd: string | undefined): readonly string[] {
  return argv ?? splitWords(cmd ?? '');
}

/** The host's clock, in microseconds where it tells them. */
function timesOf(answer: Answer): { start: string | null; end: string | null; delta: string | null } {
  const stamp = (name: string) => /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6})?/.exec(answer.values.get(name) ?? '');
  const [start, end] = [stamp('start'), stamp('end')];
  if (start === null || end === null) return { start: null, end: null, delta: null };
  const micros = (found: RegExpExecArray) => Date.parse(`${found[1]}T${found[2]}Z`) * 1000 + Number(found[3] ?? 0);
  const delta = Math.max(0, micros(end) - micros(start));
  const seconds = Math.floor(delta / 1e6);
  const two = (value: number) => String(value).padStart(2, '0');
  const text = (found: RegExpExecArray) => `${found[1]} ${found[2]}.${found[3] ?? '000000'}`;
  return { start: text(start), end: text(end), delta: `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(delta % 1e6).padStart(6, '0')}` };
}

function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/(\r\n|\n|\r)$/, '').split(/\r\n|\n|\r/);
}
