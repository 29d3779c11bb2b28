// Random values as PyYAML prints them by libyaml: the same bytes.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { VaultText } from '../../src/inventory/vault-text.js';
import { yamlDump } from '../../src/inventory/yaml-dump.js';
import { whyNoAnsible } from './oracle.js';

const PYTHON = `
import json, random, sys, yaml
random.seed(int(sys.argv[1]))
pieces = ['a', 'b', ' ', '  ', '\\n', '\\t', ':', ': ', '#', ' #', '-', '- ', '?', '"', "'", '\\\\', 'é', '\\u2028', '\\x85', '\\U0001f600', 'yes', '1', '1.5', '0x1', '~', 'null', '2020-01-01', '<<', '=',
  'word word word word word ', 'long' * 8 + ' ', '[', '{', ',', '&', '*', '!', '|', '>', '%', '@', '\`', '---', '...', '\\r', '\\x07', '\\u00a0', '\\ufeff', '.', 'x' * 130]
def text():
    return ''.join(random.choice(pieces) for _ in range(random.choice([0, 1, 1, 2, 3, 5, 8, 30])))
def value(depth=0):
    r = random.random()
    if r < .45 or depth > 3: return text()
    if r < .5: return random.choice([None, True, False, 0, -3, 1.5, 1.5e-9, 1e-7, 2.5e300, 12345678901])
    if r < .75: return [value(depth + 1) for _ in range(random.choice([0, 1, 2, 3]))]
    return {text(): value(depth + 1) for _ in range(random.choice([0, 1, 2, 3]))}
documents = [{text() or 'k': value() for _ in range(3)} for _ in range(1000)]
print(json.dumps([[one, yaml.dump(one, Dumper=yaml.CSafeDumper, default_flow_style=False, allow_unicode=True)] for one in documents]))
`;

const skipReason = whyNoAnsible();
test.skipIf(skipReason !== undefined)(`a thousand documents${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, () => {
  const pairs = JSON.parse(execFileSync('/usr/bin/python3', ['-c', PYTHON, '7'], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })) as [Record<string, unknown>, string][];
  expect(pairs.length).toBe(1000);
  for (const [value, expected] of pairs) expect(yamlDump(value)).toBe(expected);
});

test('what is met again is an alias, and what is encrypted stays so', () => {
  const [shared, empty] = [['a'], {}];
  const vault = new VaultText('$ANSIBLE_VAULT;1.1;AES256\n3132\n3334\n', {});
  expect(yamlDump({ b: { x: shared, y: empty }, a: [shared, shared, empty], v: [vault], w: vault })).toBe(
    'a:\n- &id001\n  - a\n- *id001\n- &id002 {}\nb:\n  x: *id001\n  y: *id002\nv:\n- !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n  3334\nw: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n  3334\n',
  );
});
