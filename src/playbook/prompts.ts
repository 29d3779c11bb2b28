// vars_prompt: questions before a play; what -e has given is not asked. Without a person the defaults count, as in Ansible.
import { FleetTapError } from '../base/errors.js';
import type { PlaybookReporter } from '../base/playbook-events.js';
import { UnsafeText } from '../base/unsafe-text.js';
import type { Vars } from '../inventory/host.js';
import { FilterError } from './expression/filter-error.js';
import { passwordHash } from './expression/password-hash.js';
import { isTrue, toText } from './expression/values.js';
import { NamesOf } from './names-of.js';
import type { Play, VarsPrompt } from './playbook.js';
import type { PlayVars } from './task-scope.js';
import { INVALID } from './read-keys.js';
import { compileUserData, render } from './template.js';

/** @throws FleetTapError kind `input` where nobody can be asked and there is no default */
export async function askPrompts(play: Play, ask: ((prompt: string, hidden: boolean) => Promise<string>) | undefined, extraVars: Vars, reporter: PlaybookReporter): Promise<PlayVars> {
  const names = new NamesOf([compileUserData(extraVars, 'extra variables (-e)') as Vars, play.vars]);
  const answers: Record<string, unknown> = {};
  const keep = (question: VarsPrompt, plain: string): void => {
    const { name, isUnsafe } = question;
    const answer = hashed(question, plain, names, play);
    answers[name] = compileUserData(isUnsafe ? new UnsafeText(answer) : answer, `answer for ${name}`);
  };
  for (const question of play.varsPrompt) {
    if (Object.hasOwn(extraVars, question.name)) continue;
    const preset = question.default === undefined || question.default === null ? undefined : toText(render(question.default, names));
    if (ask === undefined) {
      if (preset === undefined) throw new FleetTapError('input', 'no-terminal', `the play asks for "${question.name}", and there is no terminal to ask at`, { place: play.place, hint: `give it with -e ${question.name}=…` });
      reporter.warning(`nobody can be asked for "${question.name}": its default counts`);
      keep(question, preset);
      continue;
    }
    const shown = `${toText(render(question.prompt, names))}${preset === undefined ? '' : ` [${preset}]`}: `;
    let answer = await ask(shown, question.isPrivate);
    while (question.confirm && (await ask(`confirm ${shown}`, question.isPrivate)) !== answer) answer = await ask(`***** VALUES ENTERED DO NOT MATCH ****\n${shown}`, question.isPrivate);
    keep(question, answer === '' ? (preset ?? '') : answer);
  }
  return [answers];
}

/** @throws FleetTapError kind `input` for a hash or a salt that there is not */
function hashed({ name, encrypt, salt, saltSize }: VarsPrompt, answer: string, names: NamesOf, play: Play): string {
  const scheme = render(encrypt, names) ?? '';
  if (!isTrue(scheme)) return answer;
  try {
    return passwordHash(answer, toText(scheme), { salt: render(salt, names), saltSize: render(saltSize, names) });
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new FleetTapError('input', INVALID, `encrypt of the question for "${name}" ${error.message}`, { place: play.place });
  }
}
