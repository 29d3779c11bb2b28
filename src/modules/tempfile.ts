// tempfile: a new file or folder with a name that nobody else has. Always a change; not made in check mode. Answer: path.
import type { PlaybookModule } from './module.js';
import { OWN, pathInfo } from './ownership.js';
import type { Parameters } from './params.js';
import { planScript } from './plan-script.js';

const parameters = {
  state: { type: 'string', default: 'file', choices: ['file', 'directory'] },
  path: { type: 'path' },
  prefix: { type: 'string', default: 'ansible.' },
  suffix: { type: 'string', default: '' },
} as const satisfies Parameters;

const BODY = `
${OWN}
expand path
made=$(mktemp $directory "\${path:-\${TMPDIR:-/tmp}}/\${prefix}XXXXXXXX$suffix" 2>&1) || {
  case $made in *"'/"*'No such file'*) number=2 ;; *"'/"*denied) number=13 ;; *"'/"*'Not a directory') number=20 ;; *) give_up "$made" ;; esac
  said=\${made##*: }; made=\${made%"': $said"}
  give_up "[Errno $number] $said: '/\${made#*/}'"
}
answer
say changed true
tell path "$made"
info "$made"
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
      values: { ...pathInfo(answer), path: answer.text('path') },
    }));
  },
};
