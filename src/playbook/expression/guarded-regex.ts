// What comes in: a Python pattern, flags, a text, and what to do with them. What goes out: what that gives, within a time.
// Guaranteed: a pattern that tries too many ways (`(a+)+$`) is stopped: V8 looks at its clock while it matches, and it runs under one here. What
// counts is the time of this process, not of the clock on the wall: where the machine was busy elsewhere, it may go on.
import { createContext, Script } from 'node:vm';
import { pythonPattern as patternOf, RegexMistake } from '../../inventory/python-regex.js';
import { BudgetError } from './budget.js';
import { FilterError } from './filter-error.js';

const LIMIT_MS = 100;
const LIMIT_TRIES = 40;
/** What these match is found in a time that grows with the text only: no part of them can be repeated in two ways. */
const HARMLESS = /^(?:[^\\()[\]{}*+?|]|\\[^1-9]|\[(?:[^\\\]]|\\.)+\])*(?:(?:[^\\()[\]{}*+?|]|\\[^1-9]|\[(?:[^\\\]]|\\.)+\])[*+?])?(?:[^\\()[\]{}*+?|]|\\[^1-9]|\[(?:[^\\\]]|\\.)+\])*$/;
const HARMLESS_LENGTH = 2_000;

let running: (() => void) | undefined;
const context = createContext({ run: () => running?.() });
const script = new Script('run()');
const compiled = new Map<string, RegExp>();
const LIMIT_COMPILED = 500;

/** @param flags of JavaScript: i, m, g, y @throws FilterError for a pattern that Python does not accept, or that is not supported */
export function pythonPattern(pattern: string, flags: string): RegExp {
  const key = `${flags}/${pattern}`;
  let found = compiled.get(key);
  if (found === undefined) {
    try {
      found = patternOf(pattern, flags);
    } catch (error) {
      if (error instanceof RegexMistake) throw new FilterError(`cannot read the pattern ${pattern}: ${error.message}`);
      throw error;
    }
    if (compiled.size >= LIMIT_COMPILED) compiled.clear();
    compiled.set(key, found);
  }
  found.lastIndex = 0;
  return found;
}

/** Runs what matches a pattern. @throws BudgetError when it takes too long */
export function guarded<T>(pattern: string, text: string, match: () => T): T {
  if (text.length <= HARMLESS_LENGTH && HARMLESS.test(pattern)) return match();
  const startedAt = process.cpuUsage();
  for (let tries = 1; ; tries++) {
    let result: { readonly value: T } | undefined;
    running = () => {
      result = { value: match() };
    };
    try {
      script.runInContext(context, { timeout: LIMIT_MS });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const { user, system } = process.cpuUsage(startedAt);
      if (user + system < LIMIT_MS * 1000 && tries < LIMIT_TRIES) continue;
      throw new BudgetError(`takes too long: the pattern ${pattern.slice(0, 60)} tries too many ways on this text (limit: ${LIMIT_MS} ms)`);
    } finally {
      running = undefined;
    }
    if (result !== undefined) return result.value;
  }
}
