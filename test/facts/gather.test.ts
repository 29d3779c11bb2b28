import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { factsScript, nonceOf, renderAnswer, splitAnswer } from '../../src/facts/answer.js';
import { gatherFacts, parseFacts } from '../../src/facts/gather.js';
import { ansibleFacts } from '../../src/facts/ansible.js';
import { HostFiles, renderFiles } from '../../src/facts/host-files.js';
import { facts } from '../../src/facts/index.js';
import type { Session } from '../../src/ssh/session.js';

const run = promisify(execFile);
const NONE = { sections: new Map(), files: new HostFiles('') };

/** A session that gives each script to `answer`. */
function sessionOf(answer: (script: string) => string | Promise<string>): { session: Session; scripts: string[] } {
  const scripts: string[] = [];
  const none = (): never => {
    throw new Error('not for facts');
  };
  const session: Session = {
    host: 'web1',
    run: async (script) => {
      scripts.push(script);
      return { status: 0, stdout: await answer(script), stderr: '' };
    },
    stream: none,
    writeFile: none,
    readFile: none,
    close: async () => {},
  };
  return { session, scripts };
}

function whyNot(shell: readonly string[]): string | undefined {
  try {
    execFileSync(shell[0] as string, [...shell.slice(1), '-c', ':']);
    return undefined;
  } catch {
    return `${shell[0]} is not installed`;
  }
}

// SHLVL: bash reads ~/.bashrc when it believes that sshd started it.
describe.each([['dash'], ['bash', '--posix'], ['busybox', 'sh']])('the script run by %s', (...shell) => {
  const skipReason = whyNot(shell);
  test.skipIf(skipReason !== undefined)(`gives facts in one round trip${skipReason === undefined ? '' : ` (skipped: ${skipReason})`}`, async () => {
    const { session, scripts } = sessionOf(async (script) => (await run(shell[0], [...shell.slice(1), '-c', script])).stdout);
    const found = await gatherFacts(session);
    expect(scripts).toHaveLength(1);
    expect(found.kernelRelease).toBe(execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());
    expect(found.kernelBuild).toBe(execFileSync('uname', ['-v'], { encoding: 'utf8' }).trim());
    expect(found.uid).toBe(process.getuid?.());
    expect(found.freeBytes['/']).toBeGreaterThan(0);
    expect(found.clockNs ?? 'busybox').toMatch(shell[0] === 'busybox' ? /^(\d{19}|busybox)$/ : /^\d{19}$/);
  });

  test.skipIf(skipReason !== undefined)('lives with a host that has no program at all', async () => {
    const path = execFileSync('sh', ['-c', `command -v ${shell[0]}`], { encoding: 'utf8' }).trim();
    const script = factsScript('N0nce').replaceAll(/PATH=\$PATH\S*/g, 'PATH=/nonexistent');
    const { stdout } = await run(path, [...shell.slice(1), '-c', script], { env: { SHLVL: '2' } });
    expect(splitAnswer('N0nce', stdout)?.sections.get('clock')).toBeDefined();
  });

  test.skipIf(skipReason !== undefined)('leaves nothing in the shell that ran it', async () => {
    const script = `set -- kept\n${factsScript('N0nce')}\nprintf '[%s %s %s]' "$1" "$release" "$LC_ALL"; echo err >&2`;
    const { stdout, stderr } = await run(shell[0], [...shell.slice(1), '-c', script], { env: { PATH: process.env.PATH, SHLVL: '2' } });
    expect(stdout.endsWith('[kept  ]')).toBe(true);
    expect(stderr).toBe('err\n');
  });
});

test('a simulated host answers in the same form', async () => {
  const { session } = sessionOf((script) => {
    const nonce = nonceOf(script);
    if (nonce === undefined) throw new Error('not the facts script');
    return renderAnswer(nonce, {
      files: renderFiles({ '/etc/os-release': 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n' }),
      kernel: 'Linux web1 6.12.48+deb13-amd64 #1 SMP x86_64\n',
      login: '0\n',
    });
  });
  expect(await gatherFacts(session)).toMatchObject({ codename: 'trixie', kernelRelease: '6.12.48+deb13-amd64', nodename: 'web1', uid: 0, stapVersion: null });
  expect(nonceOf('uname -r')).toBeUndefined();
});

describe('a hostile host', () => {
  test('cannot pass one section off as another without the nonce', () => {
    const forged = '\nabc login\n0\n\nabc end\n';
    const answer = renderAnswer('realNonce', { stap: forged, kernel: 'Linux a b c d', login: '1000\n' });
    const split = splitAnswer('realNonce', answer);
    expect(split?.sections.get('stap')).toBe(forged);
    expect(parseFacts(split ?? NONE)).toMatchObject({ uid: 1000 });
  });
  test.each([
    ['nothing', () => ''],
    ['a banner of a restricted shell', () => 'This account is not available.\n'],
    ['a cut answer', (nonce: string) => renderAnswer(nonce, { kernel: 'Linux a b c d', login: '0' }).slice(0, -4)],
    ['sections out of order', (nonce: string) => `\n${nonce} login\n0\n\n${nonce} kernel\nLinux a b c d\n\n${nonce} end\n`],
    ['no kernel', (nonce: string) => renderAnswer(nonce, { login: '0' })],
  ])('that says %s is one clear failure', async (_name, answer) => {
    const { session } = sessionOf((script) => answer(nonceOf(script) ?? ''));
    await expect(gatherFacts(session)).rejects.toMatchObject({ kind: 'host', code: 'facts-failed', place: { host: 'web1' } });
  });
  test('output before and after the answer is harmless', async () => {
    const { session } = sessionOf((script) => `motd\n${renderAnswer(nonceOf(script) ?? '', { kernel: 'Linux a 6.1 c d', login: '0' })}bye\n`);
    expect((await gatherFacts(session)).kernelRelease).toBe('6.1');
  });
  test('megabytes of anything are parsed in no time', () => {
    const noise = `${'inet '.repeat(1000)}\n`.repeat(200) + 'a=b '.repeat(200_000) + ' 1'.repeat(200_000);
    const start = performance.now();
    const files = new HostFiles(facts.flatMap((fact) => (fact.files ?? []).map((path) => `${path}:${noise.slice(0, 100_000)}\n`)).join(''));
    ansibleFacts(parseFacts({ sections: new Map(facts.map(({ name }) => [name, noise])), files }));
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
