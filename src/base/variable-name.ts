// What comes in: a word. What goes out: whether a playbook may give a variable that name.
// Source: ansible-core 2.19, utils/vars.py, validate_variable_name: a name of Python's in ASCII, and none that is a value or `not` in an expression.
const VALUES: readonly string[] = ['true', 'false', 'none', 'True', 'False', 'None', 'not'];

export const VARIABLE_NAME_HINT = 'letters, digits and underscores; not true, false, none or not';

export function isVariableName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text) && !VALUES.includes(text);
}
