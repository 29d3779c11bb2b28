// What filters, tests and methods throw: the sentence's second half; the evaluator puts name and place in front of it.
import { toText } from './values.js';

export class FilterError extends Error {}

/** A Python pattern as JavaScript's; what the two read differently is refused. */
export function regularExpression(pattern: unknown, flags = ''): RegExp {
  const source = toText(pattern);
  if (/\(\?[aiLmsux-]+[:)]|\(\?P[=>]|\\[AZ]|\(\?\(/.test(source)) throw new FilterError(`does not know this form of pattern: ${source}`);
  try {
    return new RegExp(source.replaceAll('(?P<', '(?<'), `${flags}u`);
  } catch {
    try {
      return new RegExp(source.replaceAll('(?P<', '(?<'), flags); // Python lets `\-` and the like stand; the u flag does not
    } catch {
      throw new FilterError(`cannot read the pattern ${source}`);
    }
  }
}
