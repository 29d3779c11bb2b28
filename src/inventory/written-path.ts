// What comes in: a path as a person writes it. What goes out: the path itself, with `$NAME`, `${NAME}`, `~` and `~user` put in.
// Guaranteed: Ansible's order (utils/path.py, unfrackpath): variables first, then the tilde; what is not known stays as it is written.
import { homedir } from 'node:os';
import { expandTilde } from '../base/tilde.js';

export function expandPath(written: string, home: string = homedir(), env: NodeJS.ProcessEnv = process.env): string {
  const named = written.replace(/\$(?:\{([^}]*)\}|(\w+))/g, (whole, braced?: string, bare?: string) => env[braced ?? bare ?? ''] ?? whole);
  return expandTilde(named, home);
}
