// What comes in: a module's words and the body of its script. What goes out: a plan of one script, whose failures are read in one way:
// `failed=true`, msg, and where they are given rc, stdout and stderr, or rc_alone.
import { type Answer, parseAnswer } from './answer.js';
import type { ModuleContext, ModulePlan, ModuleResult } from './module.js';
import { assign, moduleScript, part } from './script.js';

type Values = Readonly<Record<string, unknown>>;

export interface ScriptWords {
  readonly module: string;
  /** For the label. */
  readonly shown: Values;
  /** Variables of the script; `check` is added. */
  readonly words: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body: string;
  readonly input?: Buffer;
  readonly timeoutMs?: number;
  /** The plan's `look`: `itself` only looks; `check`: it does in check mode, and then says what it would without, where nothing differs. Default: none. */
  readonly look?: 'itself' | 'check' | undefined;
  /** What a failure's result holds besides. */
  readonly failureValues?: Values | ((answer: Answer) => Values);
}

/** @param done what the answer of a script that has not failed means; pure */
export function planScript({ module, shown, words, body, input, timeoutMs, look, failureValues = {} }: ScriptWords, context: ModuleContext, done: (answer: Answer) => ModuleResult | ModulePlan): ModulePlan {
  const script = (check: boolean) => moduleScript(module, shown, context, `${assign({ ...words, check })}\n${body}`);
  return {
    kind: 'script',
    script: script(context.check),
    ...(look === undefined ? {} : { look: script(look === 'check' || context.check) }),
    ...(input === undefined ? {} : { input }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    parse: (result) => {
      const answer = parseAnswer(module, result);
      return answer.values.get('failed') === 'true' ? failure(answer, typeof failureValues === 'function' ? failureValues(answer) : failureValues) : done(answer);
    },
  };
}

function failure(answer: Answer, more: Values): ModuleResult {
  const alone = answer.values.get('rc_alone');
  if (alone !== undefined) return { changed: false, failed: true, msg: answer.text('msg'), values: { ...more, rc: Number(alone) } };
  const rc = answer.values.get('rc');
  const output = rc === undefined || rc === '' ? {} : { rc: Number(rc), stdout: answer.text('stdout'), stderr: answer.text('stderr') };
  return { changed: false, failed: true, msg: answer.text('msg'), values: { ...more, ...output } };
}

/** \`fail MSG [RC]\` with the variables out and err, for modules that do not own a path. */
export const FAIL = part(`
fail() { answer; say changed false; say failed true; tell msg "$1"; if [ -n "$2" ]; then say rc "$2"; tell stdout "$out"; tell stderr "$err"; fi; finish; }
changed=false; out=; err=
LC_ALL=C; export LC_ALL
`);

/** \`try PROGRAM WORD…\`: what it said is in out and err, line breaks at their ends included. Needs FAIL. */
export const TRY = part(`
try() {
  box=$(mktemp) || fail "no temporary file"
  out=$("$@" 2>"$box"; code=$?; echo .; exit "$code"); code=$?
  err=$(cat "$box"; echo .); rm -f "$box"
  out=\${out%.} err=\${err%.}
  return "$code"
}
`);
