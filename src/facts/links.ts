// What comes in: `ls -ld` of symbolic links. What goes out: where each one leads, as it is written. One process for all of them.

const PATTERNS = ['/sys/block/*', '/dev/disk/by-id/*', '/dev/disk/by-uuid/*', '/dev/disk/by-label/*'];

/** For a command of a fact. */
export const LINKS_COMMAND = `ls -ld ${PATTERNS.join(' ')}`;

/** Keys are paths. */
export function linksOf(output: string): ReadonlyMap<string, string> {
  return new Map(
    output.split('\n').flatMap((line): [string, string][] => {
      const match = /^l\S+\s.*?\s(\/\S.*?) -> (.+)$/.exec(line);
      return match?.[1] === undefined || match[2] === undefined ? [] : [[match[1], match[2]]];
    }),
  );
}
