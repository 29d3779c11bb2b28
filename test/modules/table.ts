// docs/modules.md, made from the tables of parameters. `FLEET_TAP_WRITE_DOCS=1 npx vitest run --config test/vitest.config.ts test/modules/table.test.ts` writes it.
import { modules } from '../../src/modules/index.js';
import type { Parameter } from '../../src/modules/params.js';

const HEAD = `# Modules

Written by a test from the tables of parameters in \`src/modules\`; do not edit. A module may be written by its short name or with its collection.
A parameter that is not here is refused, with its place, before any host is touched; so is one that is marked *refused* with any other value than its
default. What differs from Ansible is in [ansible-differences.md](ansible-differences.md).
`;

const KINDS: Readonly<Record<Parameter['type'], string>> = {
  string: 'text', path: 'path', boolean: 'yes or no', integer: 'whole number',
  truncated: 'whole number', float: 'number', list: 'list, or text with commas', words: 'list', items: 'list', mapping: 'mapping',
  mode: 'mode', copymode: 'mode, or preserve', raw: 'anything', conditions: 'expressions', expression: 'expression',
};

export function moduleTable(): string {
  const parts = [...modules.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map((module) => {
    const title = `## ${module.name}\n\n\`${module.collection ?? 'ansible.builtin'}.${module.name}\`${module.freeForm === undefined ? '' : `; a plain text stands for \`${module.freeForm}\``}${module.takesAnyName === true ? '; any name is a variable' : ''}\n`;
    const rows = Object.entries(module.parameters).map(([name, parameter]) => `| ${cell(name, parameter)} |`);
    return `${title}${rows.length === 0 ? '' : `\n| parameter | takes | default |\n|---|---|---|\n${rows.join('\n')}\n`}`;
  });
  return `${HEAD}\n${parts.join('\n')}`;
}

function cell(name: string, parameter: Parameter): string {
  const { aliases = [], choices, refused, required } = parameter;
  const names = [name, ...aliases].map((one) => `\`${one}\``).join(', ');
  const takes = choices === undefined || choices.length === 0 ? KINDS[parameter.type] : choices.map((one) => `\`${JSON.stringify(one).slice(1, -1)}\``).join(', ');
  const byDefault = required === true ? '**required**' : parameter.default === undefined || (Array.isArray(parameter.default) && parameter.default.length === 0) ? '' : `\`${JSON.stringify(parameter.default).replace(/^"(.*)"$/, '$1').replaceAll('|', '\\|')}\``;
  return `${names} | ${takes}${refused === undefined ? '' : `; *refused*: ${refused}`} | ${byDefault}`;
}
