// The program's description, in the forms that people read it in: a man page, and tables for docs/. From the same commands and options as --help.
import type { Argument, Command, Option } from 'commander';
import { FleetTapError } from '../base/errors.js';
import { compatibilityTable, compilerLines } from '../systemtap/compat.js';
import type { ExitStatus } from './context.js';
import { version } from './version.js';

/** `fleet-tap __manual man|commands|options|remedies|compatibility`: for the build, and `npm run docs`. */
export async function printManual(program: Command, kind: string, stdout: NodeJS.WritableStream): Promise<ExitStatus> {
  const forms: Readonly<Record<string, () => string>> = { man: () => manPage(program, version), commands: () => commandPages(program), options: () => `${sharedOptions(program)}\n`, remedies: () => `${compilerLines()}\n`, compatibility: compatibilityTable };
  const form = forms[kind];
  if (form === undefined) throw new FleetTapError('input', 'options', `there is no manual of the kind ${kind}`, { hint: `there are ${Object.keys(forms).join(', ')}` });
  stdout.write(form());
  return 0;
}

interface Described {
  readonly command: Command;
  /** What --help says behind the options. */
  readonly after: string;
}

/** Commands that people type. */
function described(program: Command): Described[] {
  return program.commands.filter((command) => !command.name().startsWith('_')).map((command) => ({ command, after: textAfter(command) }));
}

/** commander keeps what `addHelpText` was given to itself: it stands behind what it gives out. */
function textAfter(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => {
    text += part;
  } });
  command.outputHelp();
  return text.slice(command.helpInformation().length).trim();
}

const usage = (command: Command) => `${command.name()} ${command.usage()}`.trim();
const optionsOf = (command: Command): Option[] => command.createHelp().visibleOptions(command);
const argumentsOf = (command: Command): readonly Argument[] => command.registeredArguments.filter(({ description }) => description !== '');

/** Choices and default, as --help shows them. */
function optionText(option: Option, command: Command): string {
  return command.createHelp().optionDescription(option);
}

/** @returns roff for man(7) */
function manPage(program: Command, release: string): string {
  const out = [
    `.TH FLEET\\-TAP 1 "" "fleet\\-tap ${release}" "User Commands"`,
    '.SH NAME', `fleet-tap \\- ${roff(program.description())}`,
    '.SH SYNOPSIS', '.B fleet-tap', '.I COMMAND', '[\\fIOPTIONS\\fR]',
    '.SH COMMANDS',
  ];
  for (const { command, after } of described(program)) {
    out.push(`.SS "${roffWord(usage(command))}"`, roffLine(command.description()));
    for (const argument of argumentsOf(command)) out.push('.TP', `.I ${roffWord(argument.name())}`, roffLine(argument.description));
    for (const option of optionsOf(command)) out.push('.TP', `.B ${roffWord(option.flags)}`, roffLine(optionText(option, command)));
    if (after !== '') out.push('.PP', '.nf', ...after.split('\n').map(roffLine), '.fi');
  }
  out.push('.SH EXIT STATUS', '.TP', '.B 0', 'All well.', '.TP', '.B 1', 'Wrong input: options, inventory or playbook. Nothing was touched.', '.TP', '.B 2', 'A host failed, or a line was lost.', '.TP', '.B 4', 'A host was unreachable.', '.TP', '.B 130', 'Interrupted before the work was done.');
  return `${out.join('\n')}\n`;
}

function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/\s*\n\s*/g, ' ').replaceAll(/[^\x20-\x7e]/gu, (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`);
}

const roffWord = (text: string) => roff(text).replaceAll('"', '\\(dq');

/** A line of text may not begin as a request does. */
function roffLine(text: string): string {
  const line = roff(text);
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** docs/commands.md: every command with its options. */
function commandPages(program: Command): string {
  const parts = ['# Commands', '', 'Made from `--help` by `npm run docs`.', '', '| command | does |', '|---|---|', ...described(program).map(({ command }) => `| [\`${command.name()}\`](#${command.name()}) | ${cell(command.description())} |`), ''];
  for (const { command, after } of described(program)) {
    parts.push(`## ${command.name()}`, '', `    fleet-tap ${usage(command)}`, '', `${command.description()}.`, '');
    const rows = [
      ...argumentsOf(command).map((argument) => `| \`${argument.name()}\` | ${cell(argument.description)} |`),
      ...optionsOf(command).map((option) => `| \`${option.flags}\` | ${cell(optionText(option, command))} |`),
    ];
    parts.push('| option | meaning |', '|---|---|', ...rows, '');
    if (after !== '') parts.push(...after.split('\n').map((line) => (line === '' ? '' : `    ${line}`)), '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

/** README's table: the options that several commands share. */
function sharedOptions(program: Command): string {
  const commands = described(program).map(({ command }) => command);
  const uses = new Map<string, { readonly option: Option; readonly command: Command; count: number }>();
  for (const command of commands) {
    for (const option of optionsOf(command).filter(({ long }) => long !== '--help')) {
      const known = uses.get(option.flags);
      if (known === undefined) uses.set(option.flags, { option, command, count: 1 });
      else known.count += 1;
    }
  }
  const most = Math.max(...[...uses.values()].map(({ count }) => count));
  const shared = [...uses.values()].filter(({ count, option }) => count >= most - 2 && option.short !== undefined);
  return ['| option | meaning |', '|---|---|', ...shared.map(({ option, command }) => `| \`${option.flags}\` | ${cell(optionText(option, command))} |`)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
