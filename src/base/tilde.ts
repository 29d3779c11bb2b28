// What comes in: a path that may begin with `~` or `~name`. What goes out: the path with that user's home folder in it.
// Guaranteed: a user that is not known leaves the path as it is, as a shell does.
import { readFileSync } from 'node:fs';

/**
 * @param home what `~` alone stands for
 * @param userDatabase in the form of passwd(5); users of a directory service are not in it
 */
export function expandTilde(path: string, home: string, userDatabase = '/etc/passwd'): string {
  const match = /^~([^/]*)(.*)$/s.exec(path);
  if (match === null) return path;
  const [, user = '', rest = ''] = match;
  const folder = user === '' ? home : homeOf(user, userDatabase);
  return folder === undefined ? path : `${folder.replace(/\/+$/, '')}${rest}` || '/';
}

function homeOf(user: string, userDatabase: string): string | undefined {
  let lines: string[];
  try {
    lines = readFileSync(userDatabase, 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const folder = lines.find((line) => line.startsWith(`${user}:`))?.split(':')[5];
  return folder?.startsWith('/') === true ? folder : undefined;
}
