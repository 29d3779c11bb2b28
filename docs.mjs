// npm run docs: writes what is made from the program itself: docs/commands.md, the table of options in README.md, that of stap, kernels and remedies
// in docs/setup.md, and the remedies in playbooks/setup/probe.yml. Tests compare them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const manual = (kind) => execFileSync(process.execPath, ['--import', 'tsx', join(here, 'src', 'cli.ts'), '__manual', kind], { cwd: here, encoding: 'utf8' });
writeFileSync(join(here, 'docs', 'commands.md'), manual('commands'));
/** Between two marks, which stay. @param indent before each line */
const fill = (path, start, end, text, indent = '') => {
  const file = join(here, ...path);
  const lines = text.replace(/^(?=.)/gm, indent);
  writeFileSync(file, readFileSync(file, 'utf8').replace(new RegExp(`(${start}\\n)[\\s\\S]*?(${end})`), (_, before, after) => `${before}${lines}${after}`));
};
fill(['README.md'], '<!-- options[^>]*-->', '<!-- /options -->', manual('options'));
fill(['docs', 'setup.md'], '<!-- compatibility[^>]*-->', '<!-- /compatibility -->', manual('compatibility'));
fill(['playbooks', 'setup', 'probe.yml'], '# remedies: [^\\n]*', ' *# /remedies', manual('remedies'), ' '.repeat(10));
