// What comes in: dpkg's answer. What goes out: the architecture of packages, which is not always the kernel's (a 32-bit system on a 64-bit kernel).
import type { Fact } from './fact.js';

export const debArchitecture: Fact = {
  name: 'deb-architecture',
  command: `printf '%s\\n' "$deb_architecture"`,
  parse: (output) => ({ debArchitecture: /^[a-z0-9][a-z0-9-]*$/m.exec(output)?.[0] ?? null }),
};
