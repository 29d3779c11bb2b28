// npm run docs: writes what is made from the program itself: docs/commands.md, and the table of options in README.md. A test compares them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const manual = (kind) => execFileSync(process.execPath, ['--import', 'tsx', join(here, 'src', 'cli.ts'), '__manual', kind], { cwd: here, encoding: 'utf8' });
writeFileSync(join(here, 'docs', 'commands.md'), manual('commands'));
const readme = join(here, 'README.md');
writeFileSync(readme, readFileSync(readme, 'utf8').replace(/(<!-- options[^>]*-->\n)[\s\S]*?(<!-- \/options -->)/, (_, start, end) => `${start}${manual('options')}${end}`));
