// tempfile: a new file or folder with a name that nobody else has. Always a change; not made in check mode. Answer: path.
import type { PlaybookModule } from './module.js';
import type { Parameters } from './params.js';
import { FAIL, planScript } from './plan-script.js';

const parameters = {
  state: { type: 'string', default: 'file', choices: ['file', 'directory'] },
  path: { type: 'path' },
  prefix: { type: 'string', default: 'ansible.' },
  suffix: { type: 'string', default: '' },
} as const satisfies Parameters;

const BODY = `
${FAIL}
case $path in '~') path=$HOME ;; '~/'*) path=$HOME/\${path#??} ;; esac
made=$(mktemp $directory "\${path:-\${TMPDIR:-/tmp}}/\${prefix}XXXXXXXX$suffix" 2>&1) || fail "$made"
answer
say changed true
tell path "$made"
finish
`;

export const tempfile: PlaybookModule<typeof parameters> = {
  name: 'tempfile',
  parameters,
  plan: ({ state, path, prefix, suffix }, context) => {
    // As Ansible, whose module does not know check mode.
    if (context.check) return { kind: 'done', result: { changed: false, skipped: true, msg: 'remote module (tempfile) does not support check mode' } };
    const words = { path: path ?? '', prefix, suffix, directory: state === 'directory' ? '-d' : '' };
    return planScript({ module: 'tempfile', shown: { state, path, prefix, suffix }, words, body: BODY }, context, (answer) => ({
      changed: true,
      values: { path: answer.text('path'), state, uid: undefined, gid: undefined },
    }));
  },
};
