// What comes in: a text that is to stand in YAML. What goes out: in which forms it may stand there: plain, in single quotes, or in double quotes only.
// Guaranteed: what libyaml's emitter finds (yaml_emitter_analyze_scalar), which is PyYAML's `analyze_scalar`.
import { isImplicit } from '../../base/yaml-scalars.js';

interface Analysis {
  readonly isMultiline: boolean;
  readonly allowsFlowPlain: boolean;
  readonly allowsBlockPlain: boolean;
  readonly allowsSingle: boolean;
}

export const BREAKS = '\n\x85\u2028\u2029';
const WHITE = '\0 \t\r\n\x85\u2028\u2029';

function analyze(chars: readonly string[], allowsUnicode: boolean): Analysis {
  if (chars.length === 0) return { isMultiline: false, allowsFlowPlain: false, allowsBlockPlain: true, allowsSingle: true };
  const text = chars.join('');
  let [block, flow] = [/^(?:---|\.\.\.)/.test(text), /^(?:---|\.\.\.)/.test(text)];
  let [breaks, special, spaceBreak, breakSpace] = [false, false, false, false];
  let [afterSpace, afterBreak] = [false, false];
  const isWhite = (char: string | undefined): boolean => char === undefined || WHITE.includes(char);
  for (const [index, char] of chars.entries()) {
    const followed = isWhite(chars[index + 1]);
    if (index === 0 ? '#,[]{}&*!|>\'"%@`'.includes(char) : false) [block, flow] = [true, true];
    if (index === 0 ? '?:'.includes(char) : ',?[]{}:'.includes(char)) flow = true;
    if ((index === 0 ? '?:'.includes(char) : char === ':') && followed) block = true;
    if (index === 0 && char === '-' && followed) [block, flow] = [true, true];
    if (index > 0 && char === '#' && isWhite(chars[index - 1])) [block, flow] = [true, true];
    const isBreak = BREAKS.includes(char);
    if (isBreak) breaks = true;
    if (char !== '\n' && !/[ -~]/.test(char)) special ||= !allowsUnicode || !/[\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u.test(char);
    if (char === ' ' && afterBreak) breakSpace = true;
    if (isBreak && afterSpace) spaceBreak = true;
    [afterSpace, afterBreak] = [char === ' ', isBreak];
  }
  const isBordered = [chars[0], chars.at(-1)].some((char) => char === ' ' || BREAKS.includes(char ?? ' '));
  const cannotBePlain = isBordered || breakSpace || spaceBreak || special || breaks;
  return {
    isMultiline: breaks,
    allowsFlowPlain: !cannotBePlain && !flow,
    allowsBlockPlain: !cannotBePlain && !block,
    allowsSingle: !breakSpace && !spaceBreak && !special,
  };
}

export interface ScalarPlace {
  readonly isKey: boolean;
  readonly isInFlow: boolean;
  readonly allowsUnicode: boolean;
}

/** A key that can stand without a `?`: one line, at most 128 bytes of UTF-8 (libyaml, yaml_emitter_check_simple_key). */
export function isSimpleKey(text: string): boolean {
  return Buffer.byteLength(text) <= 128 && !/[\n\x85\u2028\u2029]/.test(text);
}

/** @param isText the value is a text, so it must not read as a number or the like */
export function scalarStyle(text: string, isText: boolean, { isKey, isInFlow, allowsUnicode }: ScalarPlace): 'plain' | 'single' | 'double' {
  const analysis = analyze([...text], allowsUnicode);
  const isFit = !isKey || (text !== '' && !analysis.isMultiline);
  if ((!isText || !isImplicit(text)) && isFit && (isInFlow ? analysis.allowsFlowPlain : analysis.allowsBlockPlain)) return 'plain';
  return analysis.allowsSingle && !(isKey && analysis.isMultiline) ? 'single' : 'double';
}
