/**
 * One word for a POSIX shell, in single quotes (POSIX.1-2024, Shell 2.2.2); plain words stay as they are.
 * zx's own quote writes bash-only `$'…'`, which dash does not read.
 */
export function quote(word: string): string {
  if (/^[A-Za-z0-9_/:=.,@%+-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same as Python's shlex.quote writes it, for texts that Ansible shows. */
export function shellQuote(value: string): string {
  return value !== '' && /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\"'\"'")}'`;
}
