// What comes in: the words of a command line so far, the last of them unfinished. What goes out: what it may become: commands, options, their
// choices, hosts and groups of the inventory, or files, which the shell completes itself.
// Guaranteed: nothing is run and nobody is asked: inventory programs and encrypted files are passed over; whatever is wrong, there is just nothing to offer.
import { homedir } from 'node:os';
import type { Command, Option } from 'commander';
import { readAnsibleConfig } from '../inventory/ansible-config.js';
import { foldHosts } from '../inventory/fold.js';
import { loadInventory } from '../inventory/load.js';
import { defaultInventory } from './ansible-options.js';
import type { ExitStatus } from './context.js';
import { readTypedWords, type TypedWords } from './typed-words.js';

interface Offer {
  /** `files` and `folders`: the shell knows them better. */
  readonly kind: 'words' | 'files' | 'folders' | 'none';
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

/** A screen holds no more; the next letter narrows them. */
const MOST = 300;
const FOLDERS = ['DIR'];
const FILES = ['FILE', 'FILE...', 'SOURCE', 'RULES', 'PLAYBOOK', 'PLAYBOOK...', 'SCRIPT'];
const NONE: Offer = { kind: 'none', words: [] };

/**
 * Answers a shell: the kind on the first line, then a line for each word: the word, a tab, its description.
 * @param line bash's: the whole line as far as the cursor, in place of `words`
 */
export async function answerShell(program: Command, words: readonly string[], line: string | undefined, stdout: NodeJS.WritableStream): Promise<ExitStatus> {
  const typed = line === undefined ? { words: [...words], isQuoted: true } : wordsOfLine(line);
  const current = typed.words.at(-1) ?? '';
  const { kind, words: offers } = await complete(program, line === undefined ? typed.words : typed.words.slice(1));
  const shown = offers.map(({ word, description }) => `${typed.isQuoted ? word : behindWordBreak(word, current)}\t${description.split('\n', 1)[0] ?? ''}`);
  stdout.write([kind, ...shown].map((text) => `${text}\n`).join(''));
  return 0;
}

/** @param words what stands behind the program's name; the last is the one to complete, and may be empty */
async function complete(program: Command, words: readonly string[]): Promise<Offer> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const name = before.find((word) => !word.startsWith('-'));
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) {
    if (name !== undefined && name !== 'help') return NONE;
    const options = current.startsWith('-') ? optionsOf(program) : [];
    return offer(current, [...options, ...program.commands.filter((one) => !one.name().startsWith('_')).map((one) => ({ word: one.name(), description: one.description() }))]);
  }
  const typed = readTypedWords(command, before.slice(before.indexOf(command.name()) + 1));
  if (typed.waiting !== undefined) return valueOfOption(typed.waiting, current, typed);
  const inline = /^(--[a-z][a-z-]*)=(.*)$/s.exec(current);
  if (inline !== null) {
    const option = command.options.find(({ long }) => long === inline[1]);
    if (option === undefined) return NONE;
    const { kind, words: values } = await valueOfOption(option, inline[2] ?? '', typed);
    return { kind, words: values.map(({ word, description }) => ({ word: `${inline[1]}=${word}`, description })) };
  }
  if (typed.isOver) return NONE;
  if (current.startsWith('-')) return offer(current, optionsOf(command));
  const argument = command.registeredArguments[Math.min(typed.operands, command.registeredArguments.length - 1)];
  if (argument === undefined || (!argument.variadic && typed.operands >= command.registeredArguments.length)) return NONE;
  if (argument.argChoices !== undefined) return offer(current, argument.argChoices.map((word) => ({ word, description: '' })));
  return namedValue(argument.variadic ? `${argument.name()}...` : argument.name(), current, typed);
}

async function valueOfOption(option: Option, current: string, typed: TypedWords): Promise<Offer> {
  if (option.argChoices !== undefined) return offer(current, option.argChoices.map((word) => ({ word, description: '' })));
  return namedValue(/<([^>]+)>/.exec(option.flags)?.[1] ?? '', current, typed);
}

/** By the name that --help shows for the value. */
async function namedValue(name: string, current: string, typed: TypedWords): Promise<Offer> {
  if (FOLDERS.includes(name)) return { kind: 'folders', words: [] };
  if (FILES.includes(name)) return { kind: 'files', words: [] };
  if (!['PATTERN', 'GROUP', 'HOST'].includes(name)) return NONE;
  // Patterns are made of names: the last one is completed.
  const [, start = '', last = ''] = /^(.*[,:&!])?(.*)$/s.exec(current) ?? [];
  const names = (await namesOf(typed.inventory)).filter(({ description }) => name !== 'HOST' || description === 'host');
  return offer(last, names.map(({ word, description }) => ({ word: `${start}${word}`, description })), start);
}

async function namesOf(typed: readonly string[]): Promise<{ word: string; description: string }[]> {
  try {
    const config = readAnsibleConfig({ env: process.env, folder: process.cwd(), home: homedir(), warn: () => {} });
    const sources = typed.length > 0 ? typed : defaultInventory(config);
    const { groups, hosts } = await loadInventory(sources.filter((source) => !source.startsWith('vagrant:')), { rules: config.rules, isForNames: true });
    const named = [...groups.keys()].filter((group) => group !== 'ungrouped').map((word) => ({ word, description: 'group' }));
    return [...named, ...hosts.map(({ name }) => ({ word: name, description: 'host' }))];
  } catch {
    return [];
  }
}

function optionsOf(command: Command): { word: string; description: string }[] {
  return command.createHelp().visibleOptions(command).flatMap(({ long, short, description }) => [long ?? short ?? ''].map((word) => ({ word, description })));
}

/** @param start what stands before the part that is completed */
function offer(current: string, candidates: Offer['words'], start = ''): Offer {
  const words = candidates.filter(({ word }) => word.startsWith(start + current));
  // So many hosts are offered folded, to read, not to take.
  return words.length <= MOST ? { kind: 'words', words } : { kind: 'words', words: [...words.slice(0, MOST), { word: start + current, description: foldHosts(words.slice(MOST).map(({ word }) => word)).slice(0, 80) }] };
}

/** The words of a line as a shell cuts them, as far as the cursor: quotes and backslashes are taken off; the last word may be unfinished. */
function wordsOfLine(line: string): { readonly words: string[]; readonly isQuoted: boolean } {
  const words: string[] = [];
  let word = '';
  let has = false;
  let quote = '';
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line[index + 1] ?? '')) word += line[++index] ?? '';
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      has = true;
    } else if (char === '\\') {
      word += line[++index] ?? '';
      has = true;
    } else if (/\s/.test(char)) {
      if (has) words.push(word);
      word = '';
      has = false;
    } else {
      word += char;
      has = true;
    }
  }
  return { words: [...words, word], isQuoted: quote !== '' };
}

/** Bash cuts words at these too, and wants only what stands behind. */
function behindWordBreak(word: string, current: string): string {
  const cut = Math.max(current.lastIndexOf(':'), current.lastIndexOf('='));
  return word.slice(cut + 1);
}
