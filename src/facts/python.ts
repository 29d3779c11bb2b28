// What comes in: where python3 leads. What goes out: Ansible's python, as far as it can be known without starting one; nothing when there is none.
// Not here: the third number of the version, and everything inside the interpreter.
import type { Fact } from './fact.js';

export const python: Fact = {
  name: 'python',
  links: ['/usr/bin/python3', '/etc/alternatives/python3'],
  // All of /usr/bin need be looked through only where no link says it.
  command: `[ -h /usr/bin/python3 ] || for f in /usr/bin/python3.* /usr/local/bin/python3.*; do [ -x "$f" ] && [ /usr/bin/python3 -ef "$f" ] && printf '%s\\n' "$f"; done; [ -x /usr/bin/python3 ] && echo python3`,
  ansible: (output, files) => {
    if (!/^python3$/m.test(output)) return {};
    const link = files.target('/usr/bin/python3') ?? '';
    const match = /(?:^|\/)python(3)\.(\d+)$/m.exec(`${output}\n${files.target(link) ?? link}`);
    const about = { executable: '/usr/bin/python3', type: 'cpython' };
    if (match === null) return { python: about };
    return { python: { ...about, version: { major: 3, minor: Number(match[2]) } }, python_version: `3.${match[2]}` };
  },
};
