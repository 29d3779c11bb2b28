// What comes in: `env`, as the login has it. What goes out: Ansible's env. A value's further lines belong to it.
import type { Fact } from './fact.js';

export const environment: Fact = {
  name: 'environment',
  command: 'env',
  ansible: (output) => {
    const variables: Record<string, string> = {};
    let name: string | undefined;
    for (const line of output.replace(/\n$/, '').split('\n')) {
      const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(line);
      if (match?.[1] !== undefined) {
        name = match[1];
        variables[name] = match[2] ?? '';
      } else if (name !== undefined) variables[name] += `\n${line}`;
    }
    return { env: variables };
  },
};
