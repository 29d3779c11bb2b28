// raw: a line for the host's shell, as it is; script: a file of the controller, run there. Always changed when they run. raw is skipped in check mode,
// and so is script where nothing says whether it would run (creates, removes). Answer: rc, stdout, stderr.
import { readFile } from 'node:fs/promises';
import { lastLines } from '../base/host-text.js';
import { quote } from '../base/quote.js';
import type { ModuleContext, ModulePlan, PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { programAnswer, programScript } from './program-output.js';
import { assign, moduleScript } from './script.js';
import { splitWords } from './words.js';

/** A day: the user can interrupt. */
const LIMIT_MS = 24 * 60 * 60 * 1000;

const rawParameters = { cmd: { type: 'string', required: true }, executable: { type: 'string' } } as const satisfies Parameters;

function planCommand(module: string, head: string, invocation: string, context: ModuleContext, shown: Readonly<Record<string, unknown>>, input?: Buffer): ModulePlan {
  const program = programScript(invocation, context);
  const run = `${program.run}\nanswer\nsay changed true\nsay rc "$rc"\ntell stdout "$out"`;
  return {
    kind: 'script',
    script: moduleScript(module, shown, context, `${program.head}\n${head}\n${run}`),
    timeoutMs: LIMIT_MS,
    mayEnd: true,
    shownUntil: program.shownUntil,
    ...(input === undefined ? {} : { input }),
    parse: (result) => {
      const { answer, stdout } = programAnswer(module, result, program);
      const skipped = answer.text('skipped');
      if (skipped !== '') return { changed: false, skipped: true, msg: skipped };
      if (answer.values.get('would') === '1') return { changed: true };
      if (answer.values.get('failed') === 'true') return { changed: false, failed: true, msg: answer.text('msg') };
      const rc = Number(answer.values.get('rc'));
      const values = { rc, stdout, stderr: result.stderr };
      if (rc === 0) return { changed: true, values };
      const said = lastLines(result.stderr.trim() === '' ? values.stdout : result.stderr, 5);
      return { changed: true, failed: true, msg: 'non-zero return code', said: `exit status ${rc}${said === '' ? '' : `: ${said}`}`, values };
    },
  };
}

export const raw: PlaybookModule<typeof rawParameters> = {
  name: 'raw',
  parameters: rawParameters,
  freeForm: 'cmd',
  plan: ({ cmd, executable }, context) => {
    if (context.check) return { kind: 'done', result: { changed: false, skipped: true } };
    return planCommand('raw', '', `${quote(executable ?? '/bin/sh')} -c ${quote(cmd)} </dev/null`, context, { cmd });
  },
};

const scriptParameters = {
  cmd: { type: 'string', required: true },
  chdir: { type: 'string' },
  creates: { type: 'string' },
  removes: { type: 'string' },
  executable: { type: 'string' },
  decrypt: { type: 'boolean', default: true },
} as const satisfies Parameters;

const SCRIPT = `
skip() { answer; say changed false; tell skipped "$1"; finish; }
if [ -n "$creates" ] && { [ -e "$creates" ] || [ -L "$creates" ]; }; then skip "$creates exists, matching creates option"; fi
if [ -n "$removes" ] && [ ! -e "$removes" ] && [ ! -L "$removes" ]; then skip "$removes does not exist, matching removes option"; fi
if [ -n "$check" ]; then answer; say changed true; say would 1; finish; fi
box=
trap '[ -z "$box" ] || rm -rf "$box"' EXIT
# Where folders for temporary files let nothing be run (noexec), the home does; a test for -x asks for that too.
for room in "\${TMPDIR:-/tmp}" /var/tmp "\${HOME:-/}"; do
  [ -z "$box" ] || rm -rf "$box"
  box=$(mktemp -d "$room/.fleet-tap.XXXXXXXX" 2>/dev/null) && : > "$box/$base" && chmod 700 "$box/$base" && [ -x "$box/$base" ] && break
done
[ -n "$box" ] || { answer; say changed false; say failed true; tell msg "no temporary folder"; finish; }
cat > "$box/$base"
if [ -n "$chdir" ]; then cd -- "$chdir" || { answer; say changed false; say failed true; tell msg "directory '$chdir' does not exist, cannot chdir to it"; finish; }; fi
`;

export const script: PlaybookModule<typeof scriptParameters> = {
  name: 'script',
  parameters: scriptParameters,
  freeForm: 'cmd',
  plan: async ({ cmd, chdir, creates, removes, executable, decrypt }, context) => {
    const [path, ...words] = splitWords(cmd);
    if (path === undefined) throw new ParameterError('there is no script', 'cmd');
    const found = await context.findLocal('files', path);
    // Nobody knows what it would do.
    if (context.check && creates === undefined && removes === undefined) return { kind: 'done', result: { changed: false, skipped: true, msg: 'Check mode is not supported for this task.' } };
    const bytes = decrypt ? await context.readLocal(found) : await readFile(found);
    const base = found.slice(found.lastIndexOf('/') + 1);
    const head = `${assign({ chdir, creates, removes, base, check: context.check })}\n${SCRIPT}`;
    const program = executable === undefined ? '' : `${splitWords(executable).map(quote).join(' ')} `;
    return planCommand('script', head, `${program}"$box/$base" ${words.map(quote).join(' ')} </dev/null`, context, { cmd, chdir, creates, removes }, bytes);
  },
};
