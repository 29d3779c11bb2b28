// What comes in: the text of an ansible.cfg. What goes out: its settings, each with its line.
// Guaranteed: what Python's configparser reads with `;` for comments behind values (ansible-core's config/manager.py), nothing put in for `%`;
// what it refuses is an error with file and line: a key or a section twice, a key without a value or before the first section.
import { FleetTapError, type Place } from '../base/errors.js';

export interface WrittenSetting {
  readonly text: string;
  /** Counts from 1. */
  readonly line: number;
}

/** One that counts, from the file or from the environment. */
export interface Setting {
  readonly text: string;
  /** For paths. */
  readonly folder: string;
  readonly name: string;
  readonly place: Place;
}

/** @returns `section.key` → setting. @throws FleetTapError kind `input`, code `ansible-config` */
export function readConfigFile(text: string, file: string): Map<string, WrittenSetting> {
  const settings = new Map<string, WrittenSetting>();
  const sections = new Set<string>();
  let section: string | undefined;
  let last: { readonly name: string; readonly indent: number } | undefined;
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const refuse = (message: string) => new FleetTapError('input', 'ansible-config', message, { place: { file, line: index + 1 }, sourceLine: written });
    const line = written.replace(/^\s*#.*$/, '').replace(/(^|\s);.*$/, '').trimEnd();
    if (line === '') continue;
    const indent = line.length - line.trimStart().length;
    const before = last === undefined ? undefined : settings.get(last.name);
    if (last !== undefined && before !== undefined && indent > last.indent) {
      settings.set(last.name, { ...before, text: `${before.text}\n${line.trim()}`.trim() });
      continue;
    }
    const header = /^\s*\[(.+)\]/.exec(line)?.[1];
    const [, key, value = ''] = /^\s*(.*?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    last = undefined;
    if (header !== undefined) {
      if (sections.has(header)) throw refuse(`the section [${header}] stands here for the second time`);
      sections.add(header);
      section = header;
    } else if (key === undefined || key === '') throw refuse('this line is neither a [section] nor key = value');
    else if (section === undefined) throw refuse('this key stands before the first [section]');
    else {
      const name = `${section}.${key.toLowerCase()}`;
      if (settings.has(name)) throw refuse(`${name} is set twice, here and in line ${settings.get(name)?.line}`);
      settings.set(name, { text: value, line: index + 1 });
      last = { name, indent };
    }
  }
  return settings;
}
