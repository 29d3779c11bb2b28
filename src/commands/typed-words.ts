// What comes in: the words of a command line. What goes out: which of them are options, their values, and operands; the rules are commander's.
import type { Command, Option } from 'commander';
import { FleetTapError } from '../base/errors.js';

export interface TypedWords {
  /** The option whose value comes next. */
  readonly waiting: Option | undefined;
  readonly operands: number;
  /** Behind --. */
  readonly isOver: boolean;
  readonly inventory: readonly string[];
}

/** @param words behind the command's name */
export function readTypedWords(command: Command, words: readonly string[]): TypedWords {
  let waiting: Option | undefined;
  let operands = 0;
  let isOver = false;
  const inventory: string[] = [];
  for (const word of words) {
    if (waiting !== undefined) {
      if (waiting.long === '--inventory') inventory.push(word);
      waiting = undefined;
    } else if (word === '--') isOver = true;
    else if (!isOver && isOption(word)) {
      const [flag, value] = word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word.slice(0, 2), word.slice(2) || undefined];
      const option = command.options.find(({ short, long }) => short === flag || long === flag);
      if (option?.required === true && value === undefined) waiting = option;
      else if (option?.long === '--inventory' && value !== undefined) inventory.push(value);
    } else operands += 1;
  }
  return { waiting, operands, isOver, inventory };
}

/**
 * What commander would understand as nobody means it.
 * @param words behind the program's name
 * @returns the words to go by
 * @throws FleetTapError
 */
export function checkedWords(program: Command, words: string[]): string[] {
  const [name, ...rest] = words;
  const command = program.commands.find((one) => one.name() === name);
  if (name === 'exec' && command !== undefined) refuseOptionInCommand(command, rest);
  // Of a command that there is not, `help` shows nothing that says so.
  const isHelpless = name === 'help' && rest.length > 0 && !program.commands.some((one) => one.name() === rest[0]);
  return isHelpless ? rest : words;
}

/** `exec all ls -la`: commander takes `--limit a`, and the user means ls. */
function refuseOptionInCommand(exec: Command, words: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    if (word === '--') return;
    const { operands, waiting } = readTypedWords(exec, words.slice(0, index));
    if (operands < 2 || waiting !== undefined || !isOption(word)) continue;
    throw new FleetTapError('input', 'option-in-command', `${word} stands in the command: it could be an option of the command or of fleet-tap`, { hint: 'write -- in front of the command: exec all -- ls -la; options of fleet-tap stand before it' });
  }
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}
