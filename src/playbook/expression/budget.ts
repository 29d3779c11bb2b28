// How much one expression or template may work: steps (about 0.2 microseconds each) and bytes of texts and lists. What an expression asks
// of a variable that is itself a template counts for the one that asked, so a chain of doublings ends as well.
// Guaranteed: counted, not timed: a slow machine does not fail what a fast one does. Not here: regular expressions (guarded-regex.ts), which
// run outside of these steps and have a clock.
import { FilterError } from './filter-error.js';

interface Limits {
  readonly steps: number;
  readonly bytes: number;
}

/** 100 ms of a slow machine, and 10 MB. */
export const EXPRESSION_LIMITS: Limits = { steps: 250_000, bytes: 10_000_000 };
/** A file's template holds many expressions. */
export const FILE_LIMITS: Limits = { steps: 4_000_000, bytes: 20_000_000 };

/** Thrown when the budget is used up; nobody but the outermost evaluator catches it. */
export class BudgetError extends FilterError {}

interface Budget {
  readonly limits: Limits;
  stepsLeft: number;
  bytesLeft: number;
}

let current: Budget | undefined;

/** Runs `work` with a budget of its own, unless it runs for another one that has a budget. */
export function withBudget<T>(limits: Limits, work: () => T): T {
  if (current !== undefined) return work();
  current = { limits, stepsLeft: limits.steps, bytesLeft: limits.bytes };
  try {
    return work();
  } finally {
    current = undefined;
  }
}

/** @throws BudgetError */
export function spend(steps: number): void {
  if (current === undefined) return;
  current.stepsLeft -= steps;
  if (current.stepsLeft < 0) throw new BudgetError(`takes too long: an expression may take ${current.limits.steps} steps (about 0.1 s)`);
}

/** Before something of that size is made: a character is a byte here, an item of a list 8. @throws BudgetError */
export function allocate(bytes: number): void {
  if (current === undefined) return;
  current.bytesLeft -= bytes;
  if (current.bytesLeft < 0 || bytes > current.limits.bytes) throw new BudgetError(`makes too much: an expression may make ${current.limits.bytes / 1_000_000} MB of texts and lists`);
}
