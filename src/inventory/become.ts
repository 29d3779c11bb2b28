// What comes in: a host's become variables and the command line's flags. What goes out: how to become another user there.
// Ansible's names: ansible_become_*, and those of the method (ansible_sudo_pass, ansible_su_exe …), which win (Ansible's become plugins).
import { FleetTapError } from '../base/errors.js';
import { defaultsOf, readBoolean, readList, readText, readWords, type VariableSource, wrong } from './connection-values.js';
import { pythonPattern, RegexMistake } from './python-regex.js';
import { splitWords } from './ssh-args.js';

export type BecomeMethod = 'sudo' | 'su' | 'doas';

export interface Become {
  /** Whether everything runs so unless a task says otherwise. */
  readonly always: boolean;
  readonly method: BecomeMethod;
  /** `root` unless said otherwise. */
  readonly user: string;
  readonly password?: string;
  /** The program in place of the method's own name: a path, or a name in the host's PATH. */
  readonly exe?: string;
  /** Words for the program; undefined: the method's own. One shell word each, unquoted. */
  readonly flags?: readonly string[];
  /** What su may ask with, besides `Password:`. */
  readonly prompts?: readonly RegExp[];
}

export interface BecomeFlags {
  /** -b */
  readonly become?: boolean | undefined;
  /** -K, as typed */
  readonly becomePassword?: string | undefined;
  /** --become-method */
  readonly becomeMethod?: string | undefined;
  /** --become-user */
  readonly becomeUser?: string | undefined;
}

/** @throws FleetTapError kind `input`: `connection-variable`, `connection-unsupported` */
export function becomeOf(source: VariableSource, flags: BecomeFlags): Become {
  const method = methodOf(source, readText(source, ['ansible_become_method']) ?? flags.becomeMethod ?? readText(defaultsOf(source), ['ansible_become_method']) ?? 'sudo');
  const variable = (from: VariableSource, ...names: string[]) => readWords(from, names.flatMap((name) => [`ansible_become_${name}`]).concat(names.map((name) => `ansible_${method}_${name}`)));
  // Variables go before options, and options before ansible.cfg, for each of them.
  const read = (option: string | undefined, ...names: string[]) => variable(source, ...names) ?? option ?? variable(defaultsOf(source), ...names);
  const exe = read(undefined, 'exe');
  const prompts = method === 'su' ? promptsOf(source) : undefined;
  const flagText = read(undefined, 'flags');
  const words = flagText === undefined ? undefined : splitWords(flagText);
  if (flagText !== undefined && words === undefined) throw new FleetTapError('input', 'connection-variable', 'ansible_become_flags has a quote that is not closed', { place: { host: source.host } });
  // Of the two names the later one counts, as in Ansible.
  const password = read(flags.becomePassword, 'password', 'pass');
  return {
    always: readBoolean(source, ['ansible_become']) ?? flags.become ?? false,
    method,
    user: read(flags.becomeUser, 'user') ?? 'root',
    ...(password === undefined ? {} : { password }),
    ...(exe === undefined ? {} : { exe }),
    ...(prompts === undefined ? {} : { prompts }),
    ...(words === undefined ? {} : { flags: words }),
  };
}

/** Regular expressions (Python's) of questions in other languages; a colon follows (plugins/become/su.py). */
function promptsOf(source: VariableSource): readonly RegExp[] | undefined {
  const name = 'ansible_su_prompt_l10n';
  const list = readList(source, [name]) ?? readList(defaultsOf(source), [name]);
  try {
    return list?.map((text) => pythonPattern(`(?:${text}) ?[:：] ?`, 'gi'));
  } catch (error) {
    if (!(error instanceof RegexMistake)) throw error;
    throw wrong(source, name, `has a regular expression that cannot be used here: ${error.message}`);
  }
}

function methodOf(source: VariableSource, text: string): BecomeMethod {
  const name = text.replace(/^(ansible\.builtin|community\.general)\./, '');
  if (name === 'sudo' || name === 'su' || name === 'doas') return name;
  throw new FleetTapError('input', 'connection-unsupported', `ansible_become_method is "${text}"; sudo, su and doas are supported`, {
    place: { host: source.host },
    hint: 'log in as root, or let the user use sudo',
  });
}
