// The words that Ansible takes as true and as false where a boolean is wanted (module_utils/parsing/convert_bool.py). Pure.

export const TRUE_WORDS: readonly string[] = ['y', 'yes', 'on', '1', 'true', 't'];
export const FALSE_WORDS: readonly string[] = ['n', 'no', 'off', '0', 'false', 'f'];

/** Whatever its case, with blanks around it. Undefined: it is neither. */
export function booleanOf(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : undefined;
}
