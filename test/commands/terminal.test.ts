// What a person at a real terminal types when fleet-tap asks: nothing is shown of a secret, one question stands for all hosts.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';
import { ACCOUNT, accountSkipped, skipAccount, skipSshd, sshdSkipped, startSshd } from '../hosts/sshd.js';

const noExpect = spawnSync('expect', ['-v']).status === 0 ? undefined : 'no expect here (apt-get install expect)';
const skipped = (why: string | undefined, otherwise: string) => (why === undefined ? otherwise : ` (skipped: ${why})`);
const mayNotSkip = process.env.FLEET_TAP_NO_SKIP === '1';
const skipTerminal = noExpect !== undefined && !mayNotSkip;

const project = resolve(import.meta.dirname, '..', '..');

/** Runs fleet-tap in a terminal of its own (expect(1)) of 100 columns; `answers` are sent a moment after their prompt shows, so that what would be drawn over it is. */
async function atTerminal(words: readonly string[], answers: readonly (readonly [prompt: string, typed: string])[], env: NodeJS.ProcessEnv = {}): Promise<{ status: number; screen: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const program = ['sh', '-c', 'stty rows 40 columns 100; exec "$@"', 'sh', process.execPath, '--import', 'tsx', join(project, 'src', 'cli.ts'), ...words];
  const tcl = (text: string) => `{${text}}`;
  const script = [
    'set timeout 100',
    `spawn -noecho ${program.map(tcl).join(' ')}`,
    ...answers.map(([prompt, typed]) => `expect -exact ${tcl(prompt)} { after 400; send -- "${typed}" } timeout { exit 99 } eof { exit 98 }`),
    'expect eof',
    'exit [lindex [wait] 3]',
  ];
  await writeFile(join(folder, 'script'), script.join('\n'));
  const child = spawn('expect', ['-f', join(folder, 'script')], { cwd: project, env: { ...process.env, HOME: folder, SSH_AUTH_SOCK: '', CI: '', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString('utf8');
  });
  const [status] = await once(child, 'close');
  return { status, screen };
}

const inventoryOf = (connection: { port: number; user?: string | undefined; knownHostsFiles?: readonly string[] | undefined }, hosts: number) =>
  `all:\n  hosts:\n${Array.from({ length: hosts }, (_, index) => `    h${index}:\n`).join('')}  vars:\n    ansible_host: 127.0.0.1\n    ansible_port: ${connection.port}\n    ansible_user: ${connection.user}\n    ansible_ssh_common_args: -o UserKnownHostsFile=${connection.knownHostsFiles?.[0]}\n`;

describe.skipIf(skipAccount || skipTerminal)(`-k${skipped(noExpect, accountSkipped)}`, () => {
  it('asks once for all hosts, shows nothing of the answer, and corrections count', async () => {
    const sshd = await startSshd({ account: {}, config: ['PasswordAuthentication yes'] });
    const inventory = join(sshd.folder, 'inventory.yml');
    await writeFile(inventory, inventoryOf(sshd.connection, 5));
    const { screen } = await atTerminal(['doctor', '-k', '-i', inventory], [['SSH password: ', `wrong\\025${ACCOUNT.password}x\\177\\r`]]);
    expect(screen.match(/SSH password: /g)).toHaveLength(1);
    expect(screen).not.toContain('correct');
    expect(sshd.log().match(/Accepted password for/g)).toHaveLength(5);
    expect(sshd.log()).not.toContain('Failed password');
  });
});

describe.skipIf(skipSshd || skipTerminal)(`an encrypted key${skipped(noExpect, sshdSkipped)}`, () => {
  it('is unlocked by one passphrase for all hosts; Ctrl-C at the question ends the run', async () => {
    const sshd = await startSshd();
    const file = join(sshd.folder, 'locked');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'a phrase', '-f', file]);
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${file}.pub`));
    const inventory = join(sshd.folder, 'inventory.yml');
    await writeFile(inventory, inventoryOf(sshd.connection, 5));
    const words = ['doctor', '-i', inventory, '--private-key', file];
    const { screen } = await atTerminal(words, [[`passphrase of ${file}: `, 'a phrase\\r']]);
    expect(screen.match(/passphrase of /g)).toHaveLength(1);
    expect(screen).not.toContain('a phrase');
    expect(sshd.log().match(/Accepted publickey for/g)).toHaveLength(5);
    const { screen: interrupted, status } = await atTerminal(words, [[`passphrase of ${file}: `, 'a phra\\003']]);
    expect(interrupted).toContain('h[0-4]: the connection was not waited for [interrupted]');
    expect(status).toBe(4);
    expect(sshd.log().match(/Accepted publickey for/g)).toHaveLength(5);
  });

  it('asks about an unknown host key at the terminal, also when standard input is a file', async () => {
    const sshd = await startSshd();
    await writeFile(sshd.knownHostsFile, '');
    const inventory = join(sshd.folder, 'inventory.yml');
    await writeFile(inventory, inventoryOf(sshd.connection, 1));
    const { screen } = await atTerminal(['doctor', '-i', inventory, '--private-key', join(sshd.folder, 'user_key')], [['(yes/no) ', 'yes\\r']]);
    expect(screen).toMatch(/SHA256:[\w+/]{43}/);
    expect(sshd.log()).toContain('Accepted publickey for');
  });

  it('asks in the middle of a playbook: rows make room for the question', async () => {
    const sshd = await startSshd();
    await writeFile(sshd.knownHostsFile, '');
    const inventory = join(sshd.folder, 'inventory.yml');
    await writeFile(inventory, inventoryOf(sshd.connection, 1));
    const playbook = join(sshd.folder, 'site.yml');
    await writeFile(playbook, '- hosts: all\n  gather_facts: false\n  tasks:\n    - { name: look, command: echo here, register: r }\n    - { name: stop, pause: { prompt: Go on }, register: typed }\n    - debug: { msg: "{{ r.stdout }} {{ typed.user_input }}" }\n');
    const { screen, status } = await atTerminal(['run', '-i', inventory, '--private-key', join(sshd.folder, 'user_key'), playbook], [['(yes/no) ', 'yes\r'], ['Go on:', 'further\r']]);
    expect(status, screen).toBe(0);
    // What the terminal shows of the typing stands right behind the question.
    expect(screen).toContain('(yes/no) yes\r\n');
    expect(screen).toContain('[stop]\r\nGo on:\r\nfurther\r\n');
    expect(screen).toContain('  h0: here further\r\n');
  });
});

it('-k says so where there is no terminal', async () => {
  const { stderr, code } = await promisify(execFile)(process.execPath, ['--import', 'tsx', join(project, 'src', 'cli.ts'), 'doctor', '-k', '-i', 'h,'], { cwd: project }).catch((error) => error);
  expect(stderr).toContain('-k asks for a password, and there is no terminal to ask at [no-terminal]');
  expect(code).toBe(1);
});

describe.skipIf(skipTerminal)(`a server's own question${skipped(noExpect, '')}`, () => {
  it('is asked for one host after the other, and its answer is shown where the server says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const hostKey = newKeyPair();
    const received: string[][] = [];
    const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        context.prompt([{ prompt: 'Password: ', echo: false }, { prompt: 'Verification code: ', echo: true }], (answers) => {
          received.push(answers);
          context.accept();
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const known = join(folder, 'known_hosts');
    const inventory = join(folder, 'inventory.yml');
    await writeFile(known, `[127.0.0.1]:${port} ${hostKey.publicLine}\n`);
    await writeFile(inventory, `${inventoryOf({ port, user: 'someone', knownHostsFiles: [known] }, 2)}    ansible_password: the word\n`);
    const code = ['Verification code: ', '246810\\r'] as const;
    const { screen } = await atTerminal(['doctor', '-i', inventory], [code, code]);
    expect(received).toEqual([['the word', '246810'], ['the word', '246810']]);
    expect(screen.match(/h[01]: Verification code: 246810/g)?.sort()).toEqual(['h0: Verification code: 246810', 'h1: Verification code: 246810']);
    expect(screen).not.toContain('the word');
  });
});
