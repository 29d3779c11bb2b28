// What comes in: `path:line` of many files, as one `grep -H ''` prints them, and `ls -ld` of links. What goes out: each file's lines, each link's target.
// Guaranteed: a file's content cannot pass for another file's: every line carries the path that it was read from.
import type { HostText } from '../base/host-text.js';

export class HostFiles {
  readonly #lines = new Map<string, string[]>();
  readonly #targets = new Map<string, string>();

  constructor(output: HostText) {
    for (const line of output.split('\n')) {
      if (!line.startsWith('/')) {
        // `lrwxrwxrwx 1 root root 0 Nov 25 10:00 /sys/class/net/eth0/device -> ../../../virtio1`
        const link = /^l\S+\s.*?\s(\/\S.*?) -> (.+)$/.exec(line);
        if (link?.[1] !== undefined && link[2] !== undefined) this.#targets.set(link[1], link[2]);
        continue;
      }
      const at = line.indexOf(':');
      if (at <= 0) continue;
      const path = line.slice(0, at);
      const known = this.#lines.get(path);
      if (known === undefined) this.#lines.set(path, [line.slice(at + 1)]);
      else known.push(line.slice(at + 1));
    }
  }

  /** Empty for a file that is not there, cannot be read, or holds nothing. */
  lines(path: string): readonly HostText[] {
    return this.#lines.get(path) ?? [];
  }

  /** The whole file, without white space around it; undefined when there is none or it is empty. */
  text(path: string): HostText | undefined {
    const text = this.lines(path).join('\n').trim();
    return text === '' ? undefined : text;
  }

  /** Where a symbolic link leads, as it is written; undefined when it is none, or was not asked for. */
  target(path: string): HostText | undefined {
    return this.#targets.get(path);
  }

  /** All links directly in a folder: name and target. */
  links(folder: string): [name: string, target: HostText][] {
    return [...this.#targets].flatMap(([path, target]): [string, HostText][] => (path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), target]] : []));
  }

  /** Names directly below a folder of which some file was read: `names('/sys/class/net')` is the interfaces. */
  names(folder: string): string[] {
    const names = new Set<string>();
    for (const path of this.#lines.keys()) {
      if (!path.startsWith(`${folder}/`)) continue;
      names.add(path.slice(folder.length + 1).split('/', 1)[0] ?? '');
    }
    return [...names];
  }
}

/** What a host said: each fact's own output by its name, and all facts' files. */
export interface FactsAnswer {
  readonly sections: ReadonlyMap<string, HostText>;
  readonly files: HostFiles;
}

/** As the host would have printed it. For simulated hosts and tests. */
export function renderFiles(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .flatMap(([path, text]) => text.replace(/\n$/, '').split('\n').map((line) => `${path}:${line}\n`))
    .join('');
}
