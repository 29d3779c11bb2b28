// What comes in: a command line. What goes out: its words, as Python's shlex.split(posix) cuts them: quotes and backslashes, no expansion.
import { ParameterError } from './params.js';

/** @throws ParameterError when a quote is not closed */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let mark = '';
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] as string;
    if (mark !== '') {
      if (char === mark) mark = '';
      else if (char === '\\' && mark === '"' && (line[at + 1] === '"' || line[at + 1] === '\\')) word += line[++at] ?? '';
      else word += char;
    } else if (char === "'" || char === '"') {
      mark = char;
      word ??= '';
    } else if (char === '\\') {
      if (at + 1 >= line.length) throw new ParameterError('the command ends with a backslash');
      word = (word ?? '') + line[++at];
    } else if (/[ \t\r\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (mark !== '') throw new ParameterError(`a quote (${mark}) in the command is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}
