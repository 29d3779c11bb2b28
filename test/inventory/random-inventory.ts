// Random inventories, for the comparison with Ansible: few names, so that they meet again as groups, hosts and children; awkward values; now and
// then a mistake. The same seed gives the same inventory.
import type { Case } from './cases.js';

interface Randomness {
  /** 0 to below the limit. */
  below(limit: number): number;
  one<T>(list: readonly T[]): T;
  /** True in so many of a hundred cases. */
  percent(share: number): boolean;
}

/** mulberry32 */
export function randomness(seed: number): Randomness {
  let state = seed >>> 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  };
  return { below, one: (list) => list[below(list.length)] as (typeof list)[number], percent: (share) => below(100) < share };
}

const GROUPS = ['g1', 'g2', 'g3', 'web', 'db', 'prod', 'a-b', 'x.y', 'Zz', 'all', 'ungrouped', '1st', 'größe'];
const HOSTS = ['h1', 'h2', 'h3', 'web1', 'web2', 'db', 'h1:22', 'web[1:3]', 'h[01:03:2]', 'n[a:c]', '10.0.0.[1:2]', '10.0.0.1', '[::1]:22', 'fe80::1', 'a.b.c', 'hôst', 'h-', 'h2:2222', '[1:2]z', 'localhost', 'e[3:1]'];
const VARS = ['k', 'l', 'x', 'ansible_host', 'ansible_port', 'ansible_group_priority', 'd'];
const LITERALS = [
  '1', '01', '0x1f', '1_0', '-3', '1.5', '1e3', '.5', 'True', 'true', 'None', 'yes', "'a'", '"a b"', "'it''s'", '[1, 2]', "['a',]", '{}', "{'a': 1, 'b': [1]}", '(1,)', '()', '1, 2', 'a b', 'a#b', 'a # b', '1 # b', "'x' # c", '{{ x }}',
  'é', '=', 'a=b', "r'\\n'", "'\\n'", "b'x'", "u'x' 'y'", '[', "'", '"', 'x"y', '\\', 'a\\ b', '10.0.0.1', '2026-11-23', '1:30', '!foo', '- 1', '1 +', 'nan', 'inf', '0', '00', '1.', "{1: 2, 'z': (3, 4)}", '[[1], {}]', "f'x'", '*', '&a', '%x', '@y', '`',
];
const PIECES = ["'", '"', '[', ']', '{', '}', '(', ')', ',', ':', ' ', '#', '1', '0', 'x', 'a', 'True', 'None', '.', 'e', '-', '+', '_', '\\', 'r', 'b', '=', '\t', 'é', 'j'];
const YAML_VALUES = [
  '1', '01', '08', '0x1f', '1_0', '-3', '1.5', '1e3', '1e+3', '1.5e+3', '.5', 'true', 'True', 'yes', 'no', 'on', 'y', 'null', '~', '', "'a'", '"a b"', "'it''s'", '"\\u00e9\\n"', '[1, a, ~]', '[]', '{}', '{a: 1, b: [x, y]}', 'a b', 'a#b', 'a # b', '"{{ x }}"', 'é',
  '1:30', '22:22', '2026-11-23', '2001-12-14 21:59:43', '10.0.0.1', '.inf', '.nan', '!!str 1', '!!int "3"', '&n 5', '|\n__one\n__two', '>-\n__one\n__two', '"one\n__two"', 'one\n__two', '--', 'a:b', '0b1', '0o7', '1__0', 'a,b', '{a, b}', '{a: , b}', '0.', '+1', '1e', '1-2', "''", '""', "'\\n'", '-a', ':a', '?a', '[a b, "c"]', '{"a":1}', '{a:1}', '[a: b]', '[a,]', '#', ' x ', '\t', 'x\ty',
];

/** What YAML, or PyYAML, does not accept, or not everywhere. */
const YAML_MISTAKES = ['a: b', '"a', '- 1', '*n', '-', '?', ':', '%', '@', '`', '!', '{{ x }}', '[a,b', '<<', '=', '"\\q"', '[,]', '!foo 1', '{a', '&', '*', '|x', '"a" b'];

interface RandomInventory extends Pick<Case, 'sources' | 'play' | 'files'> {
  readonly patterns: readonly string[];
}

export function randomInventory(seed: number): RandomInventory {
  const random = randomness(seed);
  const files: Case['files'][number][] = [];
  const sources: string[] = [];
  const write = (path: string, text: string, mode = 0o644): void => void files.push({ path, text, mode });
  const count = random.one([1, 1, 1, 2, 2, 3]);
  for (let index = 0; index < count; index++) {
    const folder = random.one(['', '', 'one/', `s${index}/`]);
    const { path, text, mode } = randomFile(random, index);
    if (path === '') sources.push(text);
    else if (random.percent(15)) {
      write(`dir${index}/${path}`, text, mode);
      if (random.percent(60)) {
        const other = randomFile(random, index + 10);
        if (other.path !== '') write(`dir${index}/${random.one(['', 'sub/'])}${other.path}`, other.text, other.mode);
      }
      if (random.percent(40)) write(`dir${index}/group_vars/${random.one(GROUPS)}.yml`, yamlVars(random, 0));
      sources.push(`dir${index}`);
    } else {
      write(`${folder}${path}`, text, mode);
      sources.push(`${folder}${path}`);
    }
  }
  const folders = ['', 'one/', 's0/', 's1/', 'play/'];
  for (let number = random.one([0, 0, 0, 1, 2, 4]); number > 0; number--) {
    const kind = random.one(['group_vars', 'group_vars', 'host_vars']);
    const name = kind === 'group_vars' ? random.one(GROUPS) : random.one(['h1', 'h2', 'web1', 'db', '10.0.0.1', 'hôst']);
    const path = `${random.one(folders)}${kind}/${name}${random.one(['', '.yml', '.yaml', '/a.yml', '/b', '/sub/c.yml'])}`;
    const clashes = files.some((file) => file.path === path || file.path.startsWith(`${path}/`) || path.startsWith(`${file.path}/`));
    if (!clashes) write(path, yamlVars(random, 0));
  }
  return { sources, play: 'play', files, patterns: Array.from({ length: 5 }, () => randomPattern(random)) };
}

function randomFile(random: Randomness, index: number): { path: string; text: string; mode: number } {
  const form = random.one(['yaml', 'yaml', 'yaml', 'ini', 'ini', 'ini', 'json', 'program', 'list']);
  if (form === 'list') return { path: '', text: Array.from({ length: 1 + random.below(3) }, () => `${random.one(HOSTS)},`).join(''), mode: 0 };
  if (form === 'ini') return { path: `i${index}${random.one(['', '', '.hosts'])}`, text: randomIni(random), mode: 0o644 };
  if (form === 'yaml') return { path: `y${index}${random.one(['.yml', '.yaml', ''])}`, text: randomYaml(random), mode: 0o644 };
  if (form === 'json') return { path: `j${index}.json`, text: JSON.stringify(jsonGroups(random), undefined, 1), mode: 0o644 };
  return { path: `p${index}`, text: `#!/bin/sh\ncase "$1" in --list)\ncat <<'J'\n${JSON.stringify(programGroups(random))}\nJ\n;; *) echo '{"asked": 1}' ;; esac\n`, mode: 0o755 };
}

function iniValue(random: Randomness): string {
  return random.percent(90) ? random.one(LITERALS) : Array.from({ length: 1 + random.below(7) }, () => random.one(PIECES)).join('');
}

function randomIni(random: Randomness): string {
  const lines: string[] = [];
  let kind = 'hosts';
  for (let number = 2 + random.below(14); number > 0; number--) {
    if (random.percent(30)) {
      kind = random.one(['hosts', 'hosts', 'vars', 'children']);
      lines.push(`[${random.one(GROUPS)}${kind === 'hosts' ? '' : `:${kind}`}]${random.one(['', '', ' # c', ' '])}`);
    } else if (random.percent(8)) lines.push(random.one(['', '# c', '; c', '  # c']));
    else if (kind === 'children') lines.push(random.one(GROUPS));
    else if (kind === 'vars') lines.push(`${random.one(VARS.filter((name) => name !== 'ansible_group_priority' || random.percent(30)))}${random.one(['=', ' = '])}${iniValue(random)}`);
    else {
      const vars = Array.from({ length: random.below(3) }, () => {
        const value = random.percent(90) ? iniValue(random).replace(/['"\\]/g, '') : iniValue(random);
        return ` ${random.one(['k', 'l', 'x', 'ansible_host'])}=${random.percent(50) ? `"${value.replaceAll('"', "'")}"` : value.replaceAll(' ', '')}`;
      });
      lines.push(`${random.one(random.percent(95) ? HOSTS : ['h[1:', 'h[c:a]', 'a b', 'h[1-3]', 'x:', 'h[a:3]'])}${vars.join('')}${random.one(['', '', '', ' # c'])}`);
    }
  }
  // Mostly, every group that is named is declared in the end.
  if (random.percent(85)) lines.push(...GROUPS.map((group) => `[${group}]`));
  return `${lines.join('\n')}\n`;
}

function yamlVars(random: Randomness, indent: number): string {
  const pad = ' '.repeat(indent);
  return Array.from({ length: random.below(4) }, () => {
    const name = random.one(VARS.filter((one) => one !== 'ansible_group_priority' || random.percent(20)));
    const value = random.one(random.percent(3) ? YAML_MISTAKES : YAML_VALUES).replaceAll('__', `${pad}  `);
    return `${pad}${name}: ${value}\n`;
  }).join('');
}

function randomYaml(random: Randomness): string {
  // Mostly from different names on each level, or nearly every tree would hold a loop.
  const shift = random.below(GROUPS.length);
  const nameOf = (depth: number): string => (random.percent(15) ? random.one(GROUPS) : GROUPS[(shift + depth * 4 + random.below(4)) % (GROUPS.length - 1)] ?? 'g1');
  const group = (indent: number, depth: number): string => {
    const pad = ' '.repeat(indent);
    const parts: string[] = [];
    if (random.percent(50)) parts.push(`${pad}vars:\n${yamlVars(random, indent + 2)}`);
    if (random.percent(60)) parts.push(`${pad}hosts:\n${Array.from({ length: random.below(4) }, () => `${pad}  ${quoted(random, random.one(HOSTS))}:\n${random.percent(50) ? yamlVars(random, indent + 4) : ''}`).join('')}`);
    if (depth < 3 && random.percent(45)) parts.push(`${pad}children:\n${Array.from({ length: random.below(4) }, () => `${pad}  ${nameOf(depth + 1).replace(/^all$/, 'g1')}:\n${random.percent(60) ? group(indent + 4, depth + 1) : ''}`).join('')}`);
    if (random.percent(3)) parts.push(`${pad}${random.one(['host', 'foo'])}: ${random.one(['1', '{a: }', ''])}\n`);
    if (random.percent(40)) parts.reverse();
    return parts.join('');
  };
  const top = Array.from({ length: 1 + random.below(3) }, () => `${random.percent(50) ? 'all' : nameOf(0)}:\n${group(2, 0)}`).join('');
  return random.percent(5) ? top.slice(0, random.below(top.length)) : top;
}

function quoted(random: Randomness, name: string): string {
  return /^\[|::/.test(name) || random.percent(20) ? `"${name}"` : name;
}

function jsonVars(random: Randomness): Record<string, unknown> {
  const values = [1, 1.5, 'a', null, true, [1, 'b', {}], { a: 1 }, '', '{{ x }}', 'é', 0, -1, '1'];
  return Object.fromEntries(Array.from({ length: random.below(3) }, () => [random.one(['k', 'l', 'x']), random.one(values)]));
}

function jsonGroups(random: Randomness, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: 1 + random.below(3) }, () => {
      const group: Record<string, unknown> = {};
      if (random.percent(60)) group.hosts = Object.fromEntries(Array.from({ length: random.below(3) }, () => [random.one(HOSTS), random.one([null, jsonVars(random)])]));
      if (random.percent(40)) group.vars = jsonVars(random);
      if (depth < 2 && random.percent(40)) group.children = jsonGroups(random, depth + 1);
      return [random.one(GROUPS), random.percent(10) ? null : group];
    }),
  );
}

function programGroups(random: Randomness): Record<string, unknown> {
  const hosts = (): string[] => Array.from({ length: random.below(3) }, () => random.one(HOSTS));
  const groups = Array.from({ length: 1 + random.below(4) }, () => {
    const group: Record<string, unknown> = {};
    if (random.percent(60)) group.hosts = hosts();
    if (random.percent(40)) group.vars = jsonVars(random);
    if (random.percent(30)) group.children = [random.one(GROUPS), random.one(GROUPS)];
    return [random.one(GROUPS), random.percent(25) ? hosts() : group] as const;
  });
  const meta = random.percent(70) ? { _meta: { hostvars: Object.fromEntries(hosts().map((host) => [host, jsonVars(random)])) } } : {};
  return { ...Object.fromEntries(groups), ...meta };
}

/** Words that Ansible and fleet-tap take alike: what is no name of host or group is a glob, so that it may match nothing. */
function randomPattern(random: Randomness): string {
  const word = (): string => random.one(['all', 'ungrouped', '*', 'web*', 'h*', '*1', '~h.', '~(web|db)', 'all[0]', 'all[1:2]', 'all[0:]', 'h?', '*b*', 'h1*', '?1', 'db*', 'web*[0]']);
  return Array.from({ length: 1 + random.below(3) }, (_, index) => (index === 0 ? '' : random.one(['', '&', '!'])) + word()).join(random.one([':', ',']));
}
