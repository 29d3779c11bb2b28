// What comes in: the questions of a keyboard-interactive login (RFC 4256). What goes out: their answers, from the known password or from a person.
// Guaranteed: the password goes only to a question that plainly asks for it; nothing is answered in part: where one question of a
// request has no answer, none is sent. What a server says is printable in what a person sees, and cut.
// Not here: how often a password may be sent (login.ts).
import { FleetTapError } from '../base/errors.js';
import { printable } from '../base/host-text.js';

/** Puts a question to the person at the terminal. @param isHidden the answer must not be shown */
export type AskPerson = (prompt: string, isHidden: boolean) => Promise<string>;

export interface LoginQuestions {
  readonly host: string;
  readonly user: string;
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly prompt: string; readonly echo?: boolean }[];
}

const SAID_LIMIT = 300;

const PASSWORD = /\bpass(?:word|wd|phrase)\b/i;
/** A one-time code is often called a password as well (`One-time password (OATH)`), and a new password is not the one that is known. */
const OTHER_SECRET = /one.?time|\b(?:otp|code|passcode|token|verification|duo|oath|totp|hotp|2fa|mfa|pin|new|retype|second)\b/i;
/** Linux-PAM's `Password: ` in other languages: only where the question is this and nothing else. */
const LOCALISED = /^(?:passwort|kennwort|mot de passe|contraseña|contrasenya|senha|palavra-passe|parola|password|wachtwoord|hasło|heslo|jelszó|salasana|lösenord|passord|adgangskode|пароль|şifre|密码|密碼|口令|パスワード|암호|비밀번호)\s*[::]?$/iu;

/** A question for the login's own password; whatever may be one for a one-time code is not. */
export function asksForPassword(question: string): boolean {
  return LOCALISED.test(question.trim()) || (PASSWORD.test(question) && !OTHER_SECRET.test(question));
}

/** What only a person can answer, and there is none. */
export function nobodyToAnswer(host: string, user: string, question: string): FleetTapError {
  const quoted = `"${cut(question).trim().replace(/\s+/g, ' ')}"`;
  return new FleetTapError('unreachable', 'login-question', `the login at ${host} as ${user} asks ${quoted}, and nobody can be asked here (no terminal, or BatchMode)`, {
    place: { host },
    hint: 'run it at a terminal, or let the server take a key without that question',
  });
}

/**
 * @param password undefined: there is none, or it was sent already
 * @returns undefined: it asks for a password that is not there
 * @throws FleetTapError `login-question` when a person is needed and `ask` is undefined
 */
export async function answersTo(questions: LoginQuestions, password: string | undefined, ask: AskPerson | undefined): Promise<{ readonly answers: string[]; readonly isPasswordUsed: boolean } | undefined> {
  const { host, user, name, instructions, prompts } = questions;
  const forPassword = prompts.map(({ prompt, echo }) => echo !== true && asksForPassword(prompt));
  const passwords = forPassword.filter((is) => is).length;
  const other = prompts.find((_prompt, index) => forPassword[index] === false);
  if (other !== undefined && ask === undefined) throw nobodyToAnswer(host, user, other.prompt);
  if (passwords > (password === undefined ? 0 : 1)) return undefined;
  const answers: string[] = [];
  const introduction = [name, instructions].flatMap((text) => cut(text).split('\n')).filter((line) => line.trim() !== '').map((line) => `${host}: ${line}\n`).join('');
  let isIntroduced = introduction === '';
  for (const [index, { prompt, echo }] of prompts.entries()) {
    if (forPassword[index] === true) answers.push(password ?? '');
    else {
      const said = isIntroduced ? '' : introduction;
      isIntroduced = true;
      answers.push((await ask?.(`${said}${host}: ${cut(prompt)}`, echo !== true)) ?? '');
    }
  }
  return { answers, isPasswordUsed: passwords > 0 };
}

function cut(text: string): string {
  return printable(text).slice(0, SAID_LIMIT);
}
