// What comes in: the files /etc/ansible/facts.d/*.fact: programs are run, others read. What goes out: Ansible's `local`, a value for each file.
// Source: module_utils/facts/system/local.py. A file is JSON, or what Python's configparser reads; of one that is neither, the value says so.
import type { Fact } from './fact.js';

/** A line for each file: its exit status (`-`: it was read), its path, and what it says in base64. */
const COMMAND = `
for fact in /etc/ansible/facts.d/*.fact; do
  [ -e "$fact" ] || continue
  if [ -x "$fact" ]; then said=$("$fact" 2>/dev/null </dev/null; echo "x$?"); ended=\${said##*x}; said=\${said%x*}; else ended=-; said=$(cat "$fact"); fi
  printf '%s %s ' "$ended" "$fact"; printf '%s' "$said" | base64 | tr -d '\\n'; echo
done
`.trim();

export const localFacts: Fact = {
  name: 'local-facts',
  command: COMMAND,
  ansible: (output) => ({
    local: Object.fromEntries(
      output.split('\n').flatMap((line) => {
        const [, ended = '', path = '', coded = ''] = /^(-|\d+) (.+) ([A-Za-z0-9+/=]*)$/.exec(line) ?? [];
        if (path === '') return [];
        const name = path.slice(path.lastIndexOf('/') + 1).replaceAll('.fact', '');
        if (ended !== '-' && ended !== '0') return [[name, `Failure executing fact script (${path}), rc: ${ended}, err: `]];
        return [[name, factOf(Buffer.from(coded, 'base64').toString('utf8'), path)]];
      }),
    ),
  }),
};

/** @param text of the fact's file or program */
export function factOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return iniFact(text) ?? `error loading facts as JSON or ini - please check content: ${path}`;
  }
}

/**
 * As configparser.ConfigParser reads it: names in lower case, what stands in DEFAULT is in every section, further lines of a value are indented.
 * undefined where it refuses the text.
 */
function iniFact(text: string): Record<string, Record<string, string>> | undefined {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let option: string | undefined;
  for (const line of text.split('\n')) {
    const bare = line.trim();
    if (/^[#;]/.test(bare)) continue;
    if (bare === '') {
      if (section !== undefined && option !== undefined) section.set(option, `${section.get(option)}\n`);
      continue;
    }
    const [, header] = /^\[(.+)\]/.exec(bare) ?? [];
    if (/^\s/.test(line) && section !== undefined && option !== undefined) section.set(option, `${section.get(option)}\n${bare}`);
    else if (header !== undefined) {
      if (sections.has(header) && header !== 'DEFAULT') return undefined;
      section = sections.get(header) ?? new Map<string, string>();
      sections.set(header, section);
      option = undefined;
    } else {
      const [, name = '', value] = /^(.*?)\s*[=:]\s*(.*)$/.exec(bare) ?? [];
      if (section === undefined || name === '' || value === undefined || section.has(name.toLowerCase())) return undefined;
      option = name.toLowerCase();
      section.set(option, value);
    }
  }
  const { DEFAULT = new Map<string, string>(), ...own } = Object.fromEntries(sections);
  const facts: Record<string, Record<string, string>> = {};
  for (const [name, options] of Object.entries(own)) {
    const all = new Map([...options, ...[...DEFAULT].filter(([key]) => !options.has(key))]);
    const values = [...all].map(([key, value]) => [key, interpolated(value.trimEnd(), all, 0)] as const);
    if (values.some(([, value]) => value === undefined)) return undefined;
    facts[name] = Object.fromEntries(values) as Record<string, string>;
  }
  return facts;
}

/** `%(name)s` is the value of that name, `%%` is a percent sign; undefined where neither. */
function interpolated(text: string, options: ReadonlyMap<string, string>, depth: number): string | undefined {
  let isWrong = depth > 10;
  const made = text.replace(/%(?:%|\(([^)]+)\)s|)/g, (found, name: string | undefined) => {
    if (found === '%%') return '%';
    const other = name === undefined ? undefined : options.get(name.toLowerCase());
    const value = other === undefined || isWrong ? undefined : interpolated(other, options, depth + 1);
    if (value === undefined) isWrong = true;
    return value ?? '';
  });
  return isWrong ? undefined : made;
}
