// Text that may be parsed as a template: only what stands in a playbook, in an inventory or behind -e, all of which the user has written.
// Guaranteed: there is no other way to make one. What a host said (facts, registered output) is plain data, and no function that parses
// templates takes plain data (CVE-2016-9587: a host's facts ran commands on the controller).
import { isScalar, type Node } from 'yaml';
import { type ErrorDetails, FleetTapError, type Place } from '../base/errors.js';
import { type YamlFile, yamlPlace } from '../base/yaml.js';

type Locate = (offset: number) => { readonly place: Place; readonly sourceLine?: string };

export class TemplateSource {
  readonly text: string;
  /** Of a template file: it is read when its task runs. */
  readonly isFile: boolean;
  readonly #locate: Locate;

  private constructor(text: string, locate: Locate, isFile = false) {
    this.text = text;
    this.#locate = locate;
    this.isFile = isFile;
  }

  /** A string of a playbook. */
  static fromYaml(yaml: YamlFile, node: Node, text: string): TemplateSource {
    return new TemplateSource(text, (offset) => {
      const place = yamlPlace(yaml, offsetInFile(yaml, node, text, offset));
      return { place, sourceLine: (yaml.text.split('\n')[(place.line ?? 1) - 1] ?? '').replace(/\r$/, '') };
    });
  }

  /** A string that the user gave in an inventory or on the command line. @param where for example `inventory variable "x" of web1` */
  static fromUser(text: string, where: string): TemplateSource {
    return new TemplateSource(text, (offset) => ({ place: { file: where, line: 1, column: offset + 1 }, sourceLine: text.split('\n')[0] ?? '' }));
  }

  /** A template file of the controller. */
  static fromFile(text: string, path: string): TemplateSource {
    return new TemplateSource(text, (offset) => {
      const before = text.slice(0, offset).split('\n');
      return { place: { file: path, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }, sourceLine: text.split('\n')[before.length - 1] ?? '' };
    }, true);
  }

  /** A text inside of an expression of this one. */
  inner(text: string, at: number): TemplateSource {
    return new TemplateSource(text, () => this.#locate(at), this.isFile);
  }

  place(offset = 0): Place {
    return this.#locate(offset).place;
  }

  /** A mistake of the playbook, found before any host is touched. Default code: `playbook-unsupported`. */
  error(offset: number, message: string, options: { readonly code?: string; readonly hint?: string } = {}): FleetTapError {
    return new FleetTapError('input', options.code ?? 'playbook-unsupported', message, this.#details(offset, options.hint));
  }

  /** The expression cannot be evaluated for this host: the host fails, the others go on. */
  failure(offset: number, message: string, code: string, hint?: string): FleetTapError {
    return new FleetTapError('host', code, message, this.#details(offset, hint));
  }

  #details(offset: number, hint: string | undefined): ErrorDetails {
    const { place, sourceLine } = this.#locate(offset);
    return { place, ...(sourceLine === undefined ? {} : { sourceLine }), ...(hint === undefined ? {} : { hint }) };
  }
}

/** Exact where the file holds the text as it is, the line where a block holds it, otherwise where the scalar starts. */
function offsetInFile(yaml: YamlFile, node: Node, text: string, offset: number): number {
  const [start = 0, end = 0] = node.range ?? [];
  if (!isScalar(node)) return start;
  const raw = yaml.text.slice(start, end);
  const at = raw.indexOf(text);
  if (at !== -1) return start + at + offset;
  if (node.type !== 'BLOCK_LITERAL') return start;
  const before = text.slice(0, offset).split('\n');
  const rawLines = raw.split('\n');
  const line = rawLines[before.length] ?? '';
  const indent = line.length - line.trimStart().length;
  const lineStart = rawLines.slice(0, before.length).reduce((sum, rawLine) => sum + rawLine.length + 1, 0);
  return start + lineStart + (before.length === 1 ? indent : Math.min(indent, line.length)) + (before.at(-1)?.length ?? 0);
}
