// What comes in: a text with {} places, values, names. What goes out: the text that Python's str.format makes.
// Guaranteed: attributes are not reachable from a format (only items of mappings and lists). Source: the Python library reference,
// "Format String Syntax". Not supported and refused: fields in fields of more than one level.
import { allocate } from './budget.js';
import { FilterError } from './filter-error.js';
import { formatNumber } from './format-number.js';
import { dictGet, dictHas, isDict, isFloat, isNumber, typeName } from './kinds.js';
import type { CallArguments } from './objects.js';
import { repr, toText } from './values.js';

const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** @throws FilterError where Python raises */
export function formatBraces(format: string, args: CallArguments): string {
  let automatic = 0;
  let out = '';
  const field = (inside: string): string => {
    const [, name = '', conversion, spec = ''] = /^([^!:]*)(?:!([rsa]))?(?::([\s\S]*))?$/.exec(inside) ?? refuse(`cannot read the place {${inside}}`);
    const [first = '', ...steps] = name.split(/(?=[.[])/);
    const start = first === '' ? args.positional[automatic++] : /^\d+$/.test(first) ? args.positional[Number(first)] : args.named[first];
    if (start === undefined) throw new FilterError(first === '' || /^\d+$/.test(first) ? 'has more places than values' : `has no value named "${first}"`);
    const value = steps.reduce<unknown>((object, step) => item(object, step), start);
    const full = spec.replace(/\{([^{}]*)\}/g, (_, inner: string) => field(inner));
    return formatValue(conversion === undefined ? value : conversion === 's' ? toText(value) : repr(value), full);
  };
  for (let at = 0; at < format.length; ) {
    const char = format.charAt(at);
    if ((char === '{' || char === '}') && format.charAt(at + 1) === char) {
      out += char;
      at += 2;
    } else if (char === '{') {
      const end = closing(format, at);
      out += field(format.slice(at + 1, end));
      at = end + 1;
    } else if (char === '}') throw new FilterError('has a } without a {');
    else {
      out += char;
      at += 1;
    }
  }
  return out;
}

/** One value by its format, as Python's format() writes it. */
function formatValue(value: unknown, spec: string): string {
  if (spec === '') return toText(value);
  const [, fill, align, sign, alternate, zero, width, grouping, precision, kind] = SPEC.exec(spec) ?? refuse(`cannot read the format "${spec}"`);
  allocate(Number(width ?? 0) + Number(precision ?? 0));
  const digits = precision === undefined ? undefined : Number(precision);
  const isText = !isNumber(value) || (typeof value === 'boolean' && kind === undefined);
  let text: string;
  if (isText) {
    if (typeof value !== 'string' && typeof value !== 'boolean') throw new FilterError(`writes no ${typeName(value)} in the format "${spec}"`);
    if (kind !== undefined && kind !== 's') throw new FilterError(`writes no text as ${kind}; | int makes a number`);
    text = [...toText(value)].slice(0, digits).join('');
  } else text = number(value, kind, digits, sign === '-' ? '' : (sign ?? ''), alternate !== undefined, grouping);
  const missing = Number(width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  const where = align ?? (zero !== undefined && !isText ? '=' : isText ? '<' : '>');
  const filler = fill ?? (zero !== undefined ? '0' : ' ');
  if (where === '<') return text + filler.repeat(missing);
  if (where === '>') return filler.repeat(missing) + text;
  if (where === '^') return filler.repeat(Math.floor(missing / 2)) + text + filler.repeat(Math.ceil(missing / 2));
  const head = /^[-+ ]?(?:0[xXob])?/.exec(text)?.[0] ?? '';
  return head + filler.repeat(missing) + text.slice(head.length);
}

function number(value: Parameters<typeof formatNumber>[0], kind: string | undefined, precision: number | undefined, sign: string, isAlternate: boolean, grouping: string | undefined): string {
  let text: string;
  if (kind === '%') text = `${formatNumber(Number(value) * 100, { kind: 'f', precision, sign })}%`;
  else if (kind === undefined && isFloat(value)) {
    text = precision === undefined ? toText(value) : formatNumber(value, { kind: 'g', precision, sign });
    if (precision === undefined && sign !== '' && !text.startsWith('-')) text = sign + text;
    else if (precision !== undefined && /^[-+ ]?\d+$/.test(text)) text += '.0';
  } else if (kind === 'c') text = String.fromCodePoint(Number(value));
  else if (kind !== undefined && !'dxXobeEfFgGn'.includes(kind)) throw new FilterError(`does not know the format ${kind}`);
  else text = formatNumber(value, { kind: kind === undefined || kind === 'n' ? (isFloat(value) ? 'g' : 'd') : kind, precision, sign, isAlternate });
  if (grouping === undefined) return text;
  const size = kind !== undefined && 'xXob'.includes(kind) ? 4 : 3;
  return text.replace(/^([-+ ]?(?:0[xXob])?)([0-9a-fA-F]+)/, (_, head: string, whole: string) => head + whole.replace(new RegExp(`\\B(?=(?:.{${size}})+$)`, 'g'), grouping));
}

function item(object: unknown, step: string): unknown {
  if (!step.startsWith('[') || !step.endsWith(']')) throw new FilterError(`reaches no attributes (${step}); write [name]`);
  const key = step.slice(1, -1);
  if (Array.isArray(object) && /^\d+$/.test(key) && Number(key) < object.length) return object[Number(key)];
  if (isDict(object)) for (const candidate of /^\d+$/.test(key) ? [Number(key), key] : [key]) if (dictHas(object, candidate)) return dictGet(object, candidate);
  throw new FilterError(`finds no ${step} in a ${typeName(object)}`);
}

function closing(format: string, open: number): number {
  let depth = 0;
  for (let at = open; at < format.length; at++) {
    if (format.charAt(at) === '{') depth += 1;
    if (format.charAt(at) === '}') depth -= 1;
    if (depth === 0) return at;
  }
  throw new FilterError('has a { without a }');
}

function refuse(message: string): never {
  throw new FilterError(message);
}
