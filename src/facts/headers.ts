// What comes in: the release, and the releases whose build tree is complete. What goes out: whether stap can compile here, and for which kernels.
// A link that leads nowhere (headers removed, kernel kept) does not count.
import type { Fact } from './fact.js';

export const headers: Fact = {
  name: 'headers',
  command: `printf '%s\\n' "$release"; for d in /lib/modules/*/build; do
if [ -e "$d/Makefile" ] || [ -e "$d/.config" ]; then d=\${d%/build}; printf '%s\\n' "\${d##*/}"; fi
done`,
  parse: (output) => {
    const [release = '', ...lines] = output.split('\n');
    const headersFor = [...new Set(lines.filter((line) => /^[\w.+~-]+$/.test(line)))].sort();
    return { hasHeaders: headersFor.includes(release), headersFor };
  },
};
