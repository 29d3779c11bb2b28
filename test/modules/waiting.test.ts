// reboot, wait_for_connection and pause against a host that is a few functions: what is asked of it in which order, and when they give up.
import { expect, test } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import { modules } from '../../src/modules/index.js';
import { type ActionHost, finishPlan, type ModuleContext } from '../../src/modules/module.js';
import { convertParameters } from '../../src/modules/params.js';

interface Turn {
  readonly status?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** The connection is lost instead. */
  readonly lost?: boolean;
}

/** Answers one script after the other; the last turn stays. */
function hostOf(turns: readonly Turn[], ask?: ActionHost['ask'], isLocal = false) {
  const log: string[] = [];
  let at = 0;
  const host: ActionHost = {
    taskName: 'asked',
    isLocal,
    run: async (script) => {
      const turn = turns[Math.min(at, turns.length - 1)] ?? {};
      at += 1;
      log.push(`run ${script.split('\n').at(-2) ?? ''}`);
      if (turn.lost === true) throw new FleetTapError('unreachable', 'connection-lost', 'gone');
      return { status: turn.status ?? 0, stdout: turn.stdout ?? '', stderr: turn.stderr ?? '' };
    },
    reconnect: async () => void log.push('reconnect'),
    say: () => {},
    gatherFacts: async () => ({ distribution: 'Debian', distribution_release: 'trixie', kernel: '6' }),
    sleep: async (sec) => void log.push(`sleep ${sec}`),
    ask,
  };
  return { host, log };
}

async function run(name: string, params: Readonly<Record<string, unknown>>, host: ActionHost, check = false) {
  const module = modules.get(name);
  if (module === undefined) throw new Error(`no module ${name}`);
  const never = () => Promise.reject(new Error('not asked for here'));
  const context = { check, diff: false, verbosity: 0, noLog: false, hostName: 'here', localFolder: '/', findLocal: never, readLocal: never, renderTemplate: never, readVars: never, variable: () => undefined } satisfies ModuleContext;
  return finishPlan(await module.plan(convertParameters(module.parameters, params) as never, context), host);
}

test('reboot: asks for it, loses the connection, comes back with another boot, and is tested', async () => {
  const { host, log } = hostOf([{ stdout: 'boot-1\n' }, { lost: true }, { lost: true }, { stdout: 'boot-1\n' }, { stdout: 'boot-2\n' }, { stdout: 'root\n' }]);
  expect(await run('reboot', { msg: "it's time" }, host)).toMatchObject({ changed: true, values: { rebooted: true } });
  const boot = 'run cat /proc/sys/kernel/random/boot_id';
  expect(log).toEqual([boot, `run shutdown -r 0 'it'\\''s time' </dev/null`, boot, 'sleep 1', 'reconnect', boot, 'sleep 1', 'reconnect', boot, 'run whoami']);
});

test('reboot: in check mode nothing is asked; a command that fails, and a host that never comes back', async () => {
  const quiet = hostOf([{}]);
  expect(await run('reboot', {}, quiet.host, true)).toMatchObject({ changed: true });
  expect(quiet.log).toEqual([]);
  expect(await run('reboot', {}, hostOf([{ stdout: 'boot-1\n' }, { status: 1, stdout: 'no\n', stderr: 'rights\n' }]).host)).toMatchObject({ changed: false, failed: true, msg: "Reboot command failed. Error was: 'no, rights'", values: { rebooted: false, elapsed: 0 } });
  expect(await run('reboot', { reboot_timeout: 0 }, hostOf([{ stdout: 'boot-1\n' }, { lost: true }]).host)).toMatchObject({ changed: false, failed: true, msg: 'Timed out waiting for last boot time check (timeout=0)', values: { rebooted: true } });
  expect(await run('reboot', {}, hostOf([{ status: 1, stdout: 'out', stderr: 'err' }]).host)).toMatchObject({ failed: true, msg: 'reboot: failed to get host boot time info, rc: 1, stdout: out, stderr: err', values: { reboot: false } });
});

test.each([false, true])('reboot: never of this machine (check mode: %s)', async (check) => {
  const { host, log } = hostOf([{}], undefined, true);
  expect(await run('reboot', {}, host, check)).toEqual({ changed: false, failed: true, msg: 'Running reboot with local connection would reboot the control node.', values: { elapsed: 0, rebooted: false } });
  expect(log).toEqual([]);
});

test('reboot: delays lose their fraction, and one below zero is none', async () => {
  const turns = [{ stdout: 'boot-1\n' }, {}, { stdout: 'boot-2\n' }, {}];
  const { host, log } = hostOf(turns);
  await run('reboot', { pre_reboot_delay: 119.9, post_reboot_delay: 2.7 }, host);
  expect(log.slice(1, 3)).toEqual(["run shutdown -r 1 'Reboot initiated by Ansible' </dev/null", 'sleep 2']);
  const none = hostOf(turns);
  await run('reboot', { pre_reboot_delay: -60, post_reboot_delay: -1 }, none.host);
  expect(none.log.slice(1)).toEqual(["run shutdown -r 0 'Reboot initiated by Ansible' </dev/null", 'run cat /proc/sys/kernel/random/boot_id', 'run whoami']);
});

test('wait_for_connection: until a script is answered', async () => {
  const { host, log } = hostOf([{ lost: true }, { lost: true }, {}]);
  expect(await run('wait_for_connection', { delay: 5, sleep: 2 }, host)).toMatchObject({ changed: false });
  expect(log.filter((entry) => !entry.startsWith('run'))).toEqual(['sleep 5', 'sleep 2', 'reconnect', 'sleep 2', 'reconnect']);
  expect(await run('wait_for_connection', { timeout: 0 }, hostOf([{ lost: true }]).host)).toMatchObject({ failed: true, msg: 'timed out waiting for ping module test: gone' });
});

test('pause: for a time, for a person, and where there is nobody', async () => {
  const { host, log } = hostOf([{}], async (prompt, hidden) => `${prompt}${hidden ? ' (hidden)' : ''}`);
  expect(await run('pause', { minutes: 2 }, host)).toMatchObject({ changed: false });
  expect(log).toEqual(['sleep 120']);
  expect(await run('pause', { prompt: 'Sure?', echo: false }, host)).toMatchObject({ values: { user_input: '[asked]\nSure? (output is hidden):\n (hidden)' } });
  expect(await run('pause', {}, hostOf([{}]).host)).toMatchObject({ changed: false, warnings: ['Not waiting for response to prompt as stdin is not interactive'] });
});

test('wait_for: asks again until it is so, or the time is over', async () => {
  const answer = (lines: string) => ({ stdout: `fleet-tap-answer 1\nchanged=false\n${lines}end\n` });
  const { host, log } = hostOf([answer(''), answer(''), answer('there=1\n')]);
  expect(await run('wait_for', { port: 80, sleep: 3 }, host)).toMatchObject({ changed: false, values: { state: 'started', port: 80 } });
  expect(log.filter((entry) => entry === 'sleep 3')).toHaveLength(2);
  const text = Buffer.from('x\nready 42\n').toString('base64');
  expect(await run('wait_for', { path: '/log', search_regex: '^ready \\d+$' }, hostOf([answer(`there=1\ntext=${text}\n`)]).host)).toMatchObject({ changed: false });
  expect(await run('wait_for', { path: '/log', search_regex: '^(re)ady (?P<many>\\d)(x)?' }, hostOf([answer(`there=1\ntext=${text}\nuid=0\ngid=0\nmode=644\nowner=root\ngroup=root\nsize=9\nnlink=1\nkind=regular file\n`)]).host)).toMatchObject({ values: { match_groups: ['re', '4', null], match_groupdict: { many: '4' }, state: 'file', mode: '0644', size: 9 } });
  expect(await run('wait_for', { port: 80, timeout: 0 }, hostOf([answer('')]).host)).toMatchObject({ failed: true, msg: 'Timeout when waiting for 127.0.0.1:80' });
  expect(await run('wait_for', { port: 80, state: 'stopped', timeout: 0, msg: 'still there' }, hostOf([answer('there=1\n')]).host)).toMatchObject({ failed: true, msg: 'still there' });
});

test('setup: facts under both names, by pattern', async () => {
  expect(await run('setup', { filter: 'ansible_distribution*' }, hostOf([{}]).host)).toMatchObject({ changed: false, values: { ansible_facts: { ansible_distribution: 'Debian', ansible_distribution_release: 'trixie' } }, effects: [{ kind: 'ansible-facts', facts: { distribution: 'Debian', distribution_release: 'trixie' } }] });
});
