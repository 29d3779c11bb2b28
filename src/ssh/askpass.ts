// What comes in: the questions that the system's ssh asks (SSH_ASKPASS). What goes out: their answers, over a private pair of pipes.
// Guaranteed: a secret is in no argument, no environment and no file; each password is given once; the folder is ours alone (0700).
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { quote } from '../base/quote.js';

/** @returns undefined: there is no answer, ssh goes on without */
export type Answer = (question: string) => Promise<string | undefined>;

export interface AskPass {
  readonly env: Readonly<Record<string, string>>;
  close(): void;
}

const QUESTION_LIMIT_BYTES = 10_000;

/** @param folder private (0700); removed by the caller */
export async function startAskPass(folder: string, answer: Answer): Promise<AskPass> {
  const [questions, answers, program] = ['questions', 'answers', 'askpass'].map((name) => join(folder, name)) as [string, string, string];
  await promisify(execFile)('mkfifo', ['-m', '600', questions, answers]);
  // `y` before an answer: an empty one is an answer too.
  const script = `#!/bin/sh
printf '%s\\000' "$1" > ${quote(questions)}
IFS= read -r answer < ${quote(answers)}
case $answer in y*) printf '%s\\n' "\${answer#y}";; *) exit 1;; esac
`;
  writeFileSync(program, script, { mode: 0o700 });
  // Both ends of each, so that neither open nor end waits for the other side.
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const reader = new Socket({ fd: openSync(questions, flags), readable: true, writable: false });
  const writer = openSync(answers, flags);
  let isOpen = true;
  let asked = '';
  reader.on('error', () => {});
  reader.setEncoding('utf8').on('data', (text: string) => {
    asked = (asked + text).slice(-QUESTION_LIMIT_BYTES);
    for (let end = asked.indexOf('\0'); end >= 0; end = asked.indexOf('\0')) {
      const question = asked.slice(0, end);
      asked = asked.slice(end + 1);
      void answer(question)
        .catch(() => undefined)
        .then((given) => {
          if (isOpen) writeSync(writer, `${given === undefined || /[\0\n]/.test(given) ? 'n' : `y${given}`}\n`);
        });
    }
  });
  return {
    env: { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: process.env.DISPLAY ?? ':0' },
    close() {
      isOpen = false;
      reader.destroy();
      closeSync(writer);
    },
  };
}
