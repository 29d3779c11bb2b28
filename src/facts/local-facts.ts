// What comes in: the files *.fact of a folder of the host's: programs are run, others read. What goes out: Ansible's `local`, a value for each file.
// Source: module_utils/facts/system/local.py. A file is JSON, or what Python's configparser reads; of one that is neither, the value says so.
import { isUtf8 } from 'node:buffer';
import { IniError, PythonIni } from '../base/python-ini.js';
import { reprString } from '../base/python-repr.js';
import { quote } from '../base/quote.js';
import type { Fact } from './fact.js';

/** Where they are where nobody says another folder. */
export const LOCAL_FACTS = '/etc/ansible/facts.d';

/** A line for each file: its exit status (`-`: it was read, `?`: it is a link to nothing), its path, and in base64 what it says, and what a program says on standard error. */
export function localFactsCommand(folder: string): string {
  return `
for fact in ${inHome(folder)}/*.fact; do
  if [ ! -e "$fact" ]; then [ -L "$fact" ] && echo "? $fact  "; continue; fi
  if [ -x "$fact" ]; then
    complaint=$({ said=$("$fact" 2>&3 </dev/null; echo "x$?"); ended=\${said##*x}; { printf '%s %s ' "$ended" "$fact"; printf '%s' "\${said%x*}" | base64 | tr -d '\\n'; } >&4; } 3>&1; echo x)
    printf ' '; printf '%s' "\${complaint%x}" | base64 | tr -d '\\n'; echo
  else printf -- '- %s ' "$fact"; base64 <"$fact" | tr -d '\\n'; echo ' '; fi
done 4>&1
`.trim();
}

export const localFacts: Fact = {
  name: 'local-facts',
  command: localFactsCommand(LOCAL_FACTS),
  ansible: (output) => ({
    local: Object.fromEntries(
      output.split('\n').flatMap((line) => {
        const [, ended = '', path = '', coded = '', complaint = ''] = /^([-?]|\d+) (.+) ([A-Za-z0-9+/=]*) ([A-Za-z0-9+/=]*)$/.exec(line) ?? [];
        if (path === '') return [];
        const name = path.slice(path.lastIndexOf('/') + 1).replaceAll('.fact', '');
        if (ended === '?') return [[name, `Could not stat fact (${path}): [Errno 2] No such file or directory: ${reprString(path)}`]];
        if (ended !== '-' && ended !== '0') return [[name, `Failure executing fact script (${path}), rc: ${ended}, err: ${Buffer.from(complaint, 'base64').toString('utf8')}`]];
        const said = Buffer.from(coded, 'base64');
        if (isUtf8(said)) return [[name, factOf(said.toString('utf8'), path)]];
        return [[name, ended === '-' ? {} : `error loading fact - output of running "${path}" was not utf-8`]];
      }),
    ),
  }),
};

/** As a word of the shell, in which `~` and `~name` are that user's home. */
function inHome(folder: string): string {
  const [tilde = ''] = /^~[A-Za-z0-9._-]*(?=\/|$)/.exec(folder) ?? [];
  return `${tilde}${quote(folder.slice(tilde.length))}`;
}

/** @param text of the fact's file or program */
export function factOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return iniFact(text, path);
  }
}

function iniFact(text: string, path: string): unknown {
  const ini = new PythonIni();
  try {
    ini.read(text);
  } catch (error) {
    if (!(error instanceof IniError)) throw error;
    return `error loading facts as JSON or ini - please check content: ${path}`;
  }
  try {
    return Object.fromEntries(ini.sections().map((section) => [section, Object.fromEntries(ini.options(section).map((option) => [option, ini.get(section, option)]))]));
  } catch (error) {
    if (!(error instanceof IniError)) throw error;
    return `error loading facts as ini - please check content: ${path} (${error.message})`;
  }
}
