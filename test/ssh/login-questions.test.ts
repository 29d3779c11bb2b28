// A server that asks for more than the password (keyboard-interactive), made with ssh2's own Server: who answers what.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type KeyboardAuthContext } from 'ssh2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatError } from '../../src/base/errors.js';
import { newKeyPair } from '../../src/demo/keys.js';
import type { Connection } from '../../src/inventory/connection.js';
import { ConfigFiles } from '../../src/ssh/config/files.js';
import { thisMachine } from '../../src/ssh/config/machine.js';
import { Dialer } from '../../src/ssh/dialer.js';
import { asksForPassword } from '../../src/ssh/login-questions.js';
import { resolveTarget } from '../../src/ssh/resolve-target.js';
import { skipSshd, sshdSkipped } from '../hosts/sshd.js';

const PASSWORD = 'the password';
const CODE = '123456';
const PASSWORD_QUESTION = { prompt: 'Password: ', echo: false };
const CODE_QUESTION = { prompt: 'Verification code: ', echo: true };
type Question = typeof PASSWORD_QUESTION;

interface Asked {
  readonly prompt: string;
  readonly isHidden: boolean;
}

/** @param rounds the questions of one request after the other */
async function login(rounds: readonly (readonly Question[])[], options: { password?: string; person?: boolean; systemSsh?: boolean; instructions?: string }) {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
  const hostKey = newKeyPair();
  const received: { prompt: string; answer: string | undefined }[] = [];
  const put = (context: KeyboardAuthContext, round: number): void => {
    const questions = rounds[round];
    if (questions === undefined) return context.accept();
    context.prompt([...questions], 'Two steps', options.instructions ?? '', (answers) => {
      received.push(...questions.map(({ prompt }, index) => ({ prompt, answer: answers[index] })));
      const isRight = questions.every(({ prompt }, index) => answers[index] === (asksForPassword(prompt) ? PASSWORD : CODE));
      if (isRight) put(context, round + 1);
      else context.reject(['keyboard-interactive']);
    });
  };
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => (context.method === 'keyboard-interactive' ? put(context, 0) : context.reject(['keyboard-interactive'])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const known = join(folder, 'known_hosts');
  await writeFile(known, `[127.0.0.1]:${port} ${hostKey.publicLine}\n`);
  const words = { UserKnownHostsFile: known, GlobalKnownHostsFile: 'none', PubkeyAuthentication: 'no' };
  const machine = thisMachine({ ...process.env, SSH_AUTH_SOCK: undefined });
  const sshArgsBefore = Object.entries(words).map(([keyword, value]) => ({ keyword, value, from: 'the test' }));
  const password = options.password === undefined ? {} : { password: options.password };
  const connection: Connection = { host: 'web1', address: '127.0.0.1', port, user: 'someone', identityFiles: [], configFile: 'none', become: { always: false, method: 'sudo', user: 'root' }, sshArgsBefore, ...password };
  const target = resolveTarget(connection, machine, new ConfigFiles());
  const asked: Asked[] = [];
  const askPerson = async (prompt: string, isHidden: boolean) => {
    asked.push({ prompt, isHidden });
    return CODE;
  };
  const dialer = new Dialer(options.person === true ? { askPerson } : {});
  const outcome = await dialer.dial(options.systemSsh === true ? { ...target, onlySystemSsh: 'the test says so' } : target).then(
    async (transport) => {
      await transport.close();
      return 'in';
    },
    (error: Error & { code?: string }) => ({ code: error.code, text: formatError(error as Parameters<typeof formatError>[0]) }),
  );
  await dialer.close();
  return { outcome, received, asked };
}

const RIGHT = { 'Password: ': PASSWORD, 'Verification code: ': CODE } as Readonly<Record<string, string>>;

describe.each([
  ['first the password, then the code', [[PASSWORD_QUESTION], [CODE_QUESTION]], 1],
  ['first the code, then the password', [[CODE_QUESTION], [PASSWORD_QUESTION]], 0],
  ['both in one request', [[PASSWORD_QUESTION, CODE_QUESTION]], 0],
  ['both in one request, the code first', [[CODE_QUESTION, PASSWORD_QUESTION]], 0],
])('a server that wants %s', (_name, rounds, answeredAlone) => {
  it('gets the password for its own question, and the code from the person', async () => {
    const { outcome, received, asked } = await login(rounds, { password: PASSWORD, person: true });
    expect(outcome).toBe('in');
    expect(received).toEqual(rounds.flat().map(({ prompt }) => ({ prompt, answer: RIGHT[prompt] })));
    expect(asked).toEqual([{ prompt: 'web1: Two steps\nweb1: Verification code: ', isHidden: false }]);
  });

  it('gets no answer to the code without a terminal, nor anything beside it', async () => {
    const { outcome, received } = await login(rounds, { password: PASSWORD });
    expect(outcome).toMatchObject({ code: 'login-question', text: expect.stringMatching(/web1.*"Verification code:".*terminal/s) });
    expect(received).toHaveLength(answeredAlone);
    expect(received.filter(({ prompt }) => prompt === CODE_QUESTION.prompt)).toEqual([]);
  });
});

describe('a question', () => {
  it('is asked in printable words and hidden as the server says, also without a password', async () => {
    const { outcome, asked } = await login([[{ prompt: 'Passcode\u001b[2J: ', echo: false }]], { person: true, instructions: 'Duo\u0007\nenter it' });
    expect(outcome).toBe('in');
    expect(asked).toEqual([{ prompt: 'web1: Two steps\nweb1: Duo\\x07\nweb1: enter it\nweb1: Passcode\\x1b[2J: ', isHidden: true }]);
  });

  it('for a password that is wrong or missing is a refusal, and the password is sent once', async () => {
    const wrong = await login([[PASSWORD_QUESTION]], { password: 'not the word', person: true });
    expect(wrong).toMatchObject({ outcome: { code: 'login-refused' }, asked: [], received: [{ answer: 'not the word' }] });
    const twice = await login([[PASSWORD_QUESTION], [PASSWORD_QUESTION]], { password: PASSWORD, person: true });
    expect(twice).toMatchObject({ outcome: { code: 'login-refused' }, asked: [], received: [{ answer: PASSWORD }] });
    expect(await login([[PASSWORD_QUESTION]], { person: true })).toMatchObject({ outcome: { code: 'login-refused' }, asked: [], received: [] });
  });

  it.skipIf(skipSshd)(`of both kinds gets its answer by the system's ssh${sshdSkipped}`, async () => {
    const { outcome, received, asked } = await login([[PASSWORD_QUESTION, CODE_QUESTION]], { password: PASSWORD, person: true, systemSsh: true });
    expect(outcome).toBe('in');
    expect(received.map(({ answer }) => answer)).toEqual([PASSWORD, CODE]);
    expect(asked).toEqual([{ prompt: 'web1: Verification code: ', isHidden: true }]);
  });

  it.skipIf(skipSshd)("ends the system's ssh in the same words, before it sends an empty answer", async () => {
    const { outcome, received } = await login([[CODE_QUESTION], [PASSWORD_QUESTION]], { password: PASSWORD, systemSsh: true });
    expect(outcome).toMatchObject({ code: 'login-question', text: expect.stringMatching(/web1.*"Verification code:"/s) });
    expect(received).toEqual([]);
  });

  it.each([
    ...['Password: ', "bob@web1's password: ", 'Password for bob@EXAMPLE.COM:', 'Passphrase:', 'Passwort: ', 'Contraseña: ', 'パスワード: '].map((text) => [text, true] as const),
    ...['Verification code: ', 'Passcode or option (1-3): ', 'One-time password (OATH) for `bob\': ', 'Password & verification code: ', 'New password: ', 'OTP password:', 'Einmalpasswort:', 'ワンタイムパスワード:', 'bypass? '].map((text) => [text, false] as const),
  ])('%j is for the password: %s', (text, expected) => {
    expect(asksForPassword(text)).toBe(expected);
  });
});
