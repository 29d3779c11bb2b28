// Documents whose reading differs between YAML 1.2, YAML 1.1 and PyYAML, or that playbooks hold.

const SCALARS = [
  'yes', 'Yes', 'YES', 'yES', 'no', 'on', 'Off', 'true', 'True', 'tRUE', 'y', 'Y', 'n', 'N', '~', 'null', 'Null', 'NULL', 'nULL', '', '0644', '0755', '0o644', '08', '0888', '00', '0', '-0', '+1', '1_000', '_1', '1__0', '0x1F', '0xg', '-0x10', '0b101', '0b2',
  '1:30', '12:30:45', '190:20:30', '1:60', '-1:30', '1:30.5', '52:54:00:12:34:56', '22:22', '1e3', '1E3', '1.0', '1.', '.5', '-.5', '1.5e3', '1.5e+3', '1.5e-3', '1_0.5', '.inf', '-.inf', '+.INF', '.nan', '.NaN', '685.230_15e+03',
  '2024-02-29', '2024-2-9', '2024-02-29 10:20:30', '2024-02-29T10:20:30Z', '2024-02-29 10:20:30.5 +02:00', '2024-13-01x', '20240229', '=', '1.2.3', '1,000', '"0644"', "'yes'", '"a\\nb\\x41\\u00e9"', "'it''s'", 'a: b', 'a:b', 'http://x:80/', 'C:\\x', '@x', '`x', '%x', '!x', '*x', '&x', '- x', '-x', '? x', '?x', ': x', ':x', '# x', 'a #x', 'a#x',
  '[1, 2', '{a: 1', '{{ x }}', '"{{ x }}"', '{{ x }}/y', "'{{ x }}'", 'a {{ b }}: c', '!!str 5', '!!int "5"', '!!float 5', '!!bool "yes"', '!!null ""', '!unsafe "{{ x }}"', '!unsafe 5', '!unsafe', '!unsafe [a, 5, ~, "{{ x }}"]', '!unsafe {a: "{{ x }}", b: 1}', '[!unsafe a, b]', '{!unsafe a: b}', '[a, b,]', '[a, , b]', '{a, b: 1}', '[a: 1]', '{a: }', '"a" b', "'a' 'b'", '>', '|', 'é', '日本', '"\\', '"\\q"',
] as const;

export const DOCUMENTS: readonly string[] = [
  ...SCALARS.map((scalar) => `k: ${scalar}\n`),
  '', '\n', '# only a comment\n', '---\n', '---\na: 1\n...\n', '--- a\n--- b\n', '%YAML 1.1\n---\na: yes\n', 'a', '- a\n- b\n', '-\n-\n', '- - a\n  - b\n- c\n', 'a:\n- b\n- c\n', 'a:\n  - b\n  -  c\n', 'a:\n b: 1\n c: 2\n', 'a:\n\tb: 1\n', 'a: b\n c: d\n', 'a: b\n  c\n  d\n', 'a:\n  b\n c\n', 'a: 1\na: 2\n', 'y: 1\non: 2\nno: 3\n2: 4\n~: 5\n1.5: 6\n',
  '? a\n: b\n', '? [a, b]\n: c\n', '"a": b\n"c" : d\n', 'a : b\n', 'a:  b  \n', 'a: "b" # c\n', 'a: "b"# c\n', 'a: b # c\n# d\n\nc: d\n', 'a: &x {b: 1}\nc: *x\n', 'a: *x\n', 'a: &x 1\nb: &x 2\nc: *x\n', 'a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n', 'b:\n  l: 3\n  <<: {k: 1, l: 2}\n', 'b:\n  <<: [{k: 1}, {k: 2, m: 3}]\n', 'b:\n  <<: 1\n', 'a: {<<: {b: 1}, c: 2}\n',
  'a: |\n  x\n   y\n\n  z\n', 'a: |-\n  x\n', 'a: |+\n  x\n\n', 'a: >\n  x\n  y\n\n  z\n', 'a: >-\n  x\n   indented\n  y\n', 'a: |2\n   x\n', 'a: |\n\n  x\n', 'a: |\n  x', 'a: |\nb: 1\n', 'a: >\n\n\n  x\n  # y\n', 'a: |  # comment\n  x\n', 'a: | x\n', '- |\n x\n- y\n', 'a: "x\n  y\n\n  z"\n', "a: 'x\n  y'\n", 'a: "x\\\n  y"\n', 'a:\n  b: \'x\n\t\ty\'\n  c: 1\n', 'a:\n  - b: "x\n y\n\n }}"\n    c: 1\n', "a:\n  b: 'it''s\nx'\n", 'a:\n  b: "x\n---\n y"\n', 'a:\n  b: "x\n', 'a: x\n  y: z\n', 'a: [\n  1,\n  2\n]\n', 'a: {b: 1,\n  c: 2}\n',
  'a: [1,\n2]\n', 'a: [\n# c\n"x",\n# d\n"y"\n]\nb: 1\n', 'p:\n  a: [ {x: 1,\ny: 2},\n  3\n ]\n  b: 1\n', '- a: [1,\n2]\n', 'a: {\nb: 1,\nc: [\n1\n]\n}\n', 'a:\n- [1,\n2]\n- 3\n', 'a: ["x\ny",\nz]\n', 'a: [x\ny,\nz]\n', 'a: [\nx\nb: 2\n', 'a: [\n---\n]\n', 'a: [\n- x\n]\n', 'a: [1,\n\t2]\n', 'a: [\n\n1]\n', 'a: [1,\n2\nb: 3\n', 'a: {b: [1,\n2}\n',
  'a: [1,\n2]\n', 'x:\n  a: {\n  b: 1,\n  c: [1,\n2]\n}\n  d: 1\n', 'a: [1, "x\ny", # c ]\n]\nb: 2\n', "a: [don't,\n'it''s ]', # ]\n\"\\\"]\"\n]\nb: 2\n", '- [a,\nb]\n- c\n', 'a: [1, 2\nb: 3\n', 'a: [1, 2\nb: [3]\n', 'a: [1,\n---\n2]\n', 'a: [1,\n2]: 3\n', 'a:\n- [\n]\n', 'a: {true: 1, 12: 2, 11: 3, "12": 4, 1.5: 5, ~: 6}\n',
  '- hosts: all\n  tasks:\n    - name: x\n      command: echo "a b"\n      when: a == "b"\n', '- name: "a: b"\n  shell: |\n    set -e\n    echo {{ x }}\n  args: {chdir: /tmp, creates: "/x y"}\n', '- copy: src=a dest=b mode=0644\n', '- file: {path: /x, mode: 0644, state: directory}\n', 'a: "\t"\n', 'a: b\t\n', 'a:\tb\n', '\ufeffa: 1\n', 'a: 1\r\nb: 2\r\n', 'a: \u00a0b\n', 'a: "\u0001"\n', 'key with spaces: 1\n', '"k": 1\n\'l\': 2\n', '- a: 1\n  b: 2\n-  c: 3\n   d: 4\n', '- a: 1\n b: 2\n', ' a: 1\nb: 2\n', 'a: 1\n b: 2\n', '[a, b]: c\n', '{a: b}\n', '[]\n', '{}\n', '"x"\n', 'x: y: z\n', 'a: - b\n', '- - - a\n', '!!map {a: 1}\n', 'a: !foo b\n', 'a: 😀\n',
];

/** Documents that we read otherwise, and why. */
export const LISTED: ReadonlyMap<string, string> = new Map([
  ['k: !!set {a, b}\n', 'sets are refused: no parameter and no variable of a playbook is one'],
  ['k: !unsafe {a: [b]}\n', 'what is nested below !unsafe is empty there; ansible-core 2.19 has it, and so do we'],
  ['a: !!binary aGVsbG8=\n', 'bytes are refused: JSON, and so a registered value, holds none'],
  ['a: 9007199254740992\n', 'a number that JavaScript does not hold exactly is refused'],
  ['a: &+1 b\n', 'names of anchors may hold more than letters and digits here, as in YAML 1.2'],
  ['...', 'a document that ends before it begins is empty here, and a mistake there'],
  ['a: b\u0085c\n', 'U+0085 is a character here, and a line break there'],
  ['a: "\\ud83d\\ude00"\n', 'JSON writes characters beyond U+FFFF as two escapes; we read them in YAML, too'],
]);
