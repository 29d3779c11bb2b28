// slurp: a file of the host, in base64, into a variable. Never changes anything. Answer: content, encoding, source.
import type { PlaybookModule } from './module.js';
import { OWN } from './ownership.js';
import type { Parameters } from './params.js';
import { planScript } from './plan-script.js';
import { part } from './script.js';

const parameters = { src: { type: 'path', required: true, aliases: ['path'] } } as const satisfies Parameters;

/** Also of fetch. */
export const READ_FILE = part(`
expand src
if [ ! -r "$src" ] || [ -d "$src" ]; then
  case $(head -c 0 -- "$src" 2>&1 >/dev/null) in
  *': No such file or directory') give_up "File not found: $src" ;;
  *': Permission denied') give_up "File is not readable: $src" ;;
  esac
  [ ! -d "$src" ] || give_up "Source is a directory and must be a file: $src"
  give_up "Unable to slurp file: {source}"
fi
answer
say changed false
tell src "$src"
coded content "$src"
`);

export const slurp: PlaybookModule<typeof parameters> = {
  name: 'slurp',
  parameters,
  ahead: 'looks',
  plan: ({ src }, context) =>
    planScript({ module: 'slurp', shown: { src }, words: { src }, body: `${OWN}\n${READ_FILE}`, look: 'itself' }, context, (answer) => ({
      changed: false,
      values: { content: answer.values.get('content') ?? '', encoding: 'base64', source: answer.text('src') },
    })),
};
