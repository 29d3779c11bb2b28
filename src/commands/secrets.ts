// What comes in: the words of a command line. What goes out: the same words, without what may be secret in them, to be kept on disk.
// Only our own options are known: a command that `exec` sends stands as it was typed, as it does in the host's process list.

/** Options whose value may hold a password: variables. A file of variables (`@file`) is only a name. */
const SECRET_OPTIONS = ['-e', '--extra-vars'];
const HIDDEN = '(not kept)';

export function withoutSecrets(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const [own, rest] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end)];
  const kept = own.map((word, index) => {
    if (SECRET_OPTIONS.includes(own[index - 1] ?? '')) return hide(word);
    const joined = /^(--extra-vars=|-e)(.+)$/s.exec(word);
    return joined === null ? word : `${joined[1]}${hide(joined[2] ?? '')}`;
  });
  return [...kept, ...rest];
}

/** `name=(not kept)` for `name=value`; nothing at all of JSON. */
function hide(value: string): string {
  if (value.startsWith('@')) return value;
  const name = /^([A-Za-z_]\w*)=[^\s]*$/.exec(value)?.[1];
  return name === undefined ? HIDDEN : `${name}=${HIDDEN}`;
}
