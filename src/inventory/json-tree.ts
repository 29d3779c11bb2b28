// What comes in: JSON text, as an inventory program prints it. What goes out: Map for an object, array, string, number, boolean, null.
// Guaranteed: keys keep their order (an object of JavaScript moves numbers to the front, and group names may be numbers); as Python's json
// module, the last of equal keys counts and NaN and Infinity are numbers; an integer that a JavaScript number cannot hold is an error.
import { type PythonFloat, pythonFloat } from '../base/python-repr.js';
import { Mistake } from './mistake.js';

export type JsonTree = Map<string, JsonTree> | JsonTree[] | string | number | PythonFloat | boolean | null;

const TOKEN = /[ \t\r\n]*(?:("(?:[^"\\\u0000-\u001f]|\\.)*")|([[\]{},:])|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z.]))|(-?[A-Za-z]+))/y;
const WORDS: ReadonlyMap<string, JsonTree> = new Map<string, JsonTree>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const LIMIT_DEPTH = 500;

/** @throws Mistake with line and column in its sentence */
export function parseJson(text: string): JsonTree {
  const reader = new Reader(text);
  const value = reader.value(reader.next(), 0);
  if (!/^[ \t\r\n]*$/.test(text.slice(reader.at))) throw reader.failure('more follows after the end of the JSON value');
  return value;
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string {
    TOKEN.lastIndex = this.at;
    const found = TOKEN.exec(this.#text);
    if (found === null) throw this.failure('this is not JSON');
    this.at = TOKEN.lastIndex;
    return found[1] ?? found[2] ?? found[3] ?? found[4] ?? '';
  }

  value(token: string, depth: number): JsonTree {
    if (depth > LIMIT_DEPTH) throw this.failure('this is nested too deeply');
    if (token === '{') return this.#object(depth);
    if (token === '[') return this.#array(depth);
    if (token.startsWith('"')) return this.#string(token);
    if (/^-?[0-9]/.test(token)) return this.#number(token);
    const word = WORDS.get(token);
    if (word === undefined) throw this.failure(`"${token}" is not JSON`);
    return word;
  }

  failure(what: string): Mistake {
    const before = this.#text.slice(0, this.at).split('\n');
    return new Mistake(`${what} (line ${before.length}, column ${(before.at(-1) ?? '').length + 1} of the output)`);
  }

  #object(depth: number): JsonTree {
    const object = new Map<string, JsonTree>();
    let token = this.next();
    if (token === '}') return object;
    for (;;) {
      if (!token.startsWith('"')) throw this.failure('a key in quotes is missing');
      const key = this.#string(token);
      if (this.next() !== ':') throw this.failure('a colon is missing');
      object.set(key, this.value(this.next(), depth + 1));
      const end = this.next();
      if (end === '}') return object;
      if (end !== ',') throw this.failure('a comma or } is missing');
      token = this.next();
    }
  }

  #array(depth: number): JsonTree {
    const array: JsonTree[] = [];
    let token = this.next();
    if (token === ']') return array;
    for (;;) {
      array.push(this.value(token, depth + 1));
      const end = this.next();
      if (end === ']') return array;
      if (end !== ',') throw this.failure('a comma or ] is missing');
      token = this.next();
    }
  }

  #string(token: string): string {
    if (!token.includes('\\')) return token.slice(1, -1);
    try {
      return JSON.parse(token) as string;
    } catch {
      throw this.failure('this string has an escape that JSON does not know');
    }
  }

  #number(token: string): number | PythonFloat {
    const value = Number(token);
    if (/^-?\d+$/.test(token) && !Number.isSafeInteger(value)) throw this.failure(`the number ${token} is too big to be kept exactly`);
    return /^-?\d+$/.test(token) ? value : pythonFloat(value);
  }
}
