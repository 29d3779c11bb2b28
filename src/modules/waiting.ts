// What waits: pause for time or a person, wait_for for a port or a file, wait_for_connection for the host, reboot for the host's next boot.
// Guaranteed: nothing here changes a host but reboot, which in check mode does nothing and says that it would.
import { FleetTapError } from '../base/errors.js';
import { PythonRegexError, pythonRegex, search } from '../base/python-regex.js';
import { quote } from '../base/quote.js';
import { parseAnswer } from './answer.js';
import type { ActionHost, ModuleContext, ModuleResult, PlaybookModule } from './module.js';
import { OWN, pathInfo } from './ownership.js';
import { ParameterError, type Parameters, type ParamsOf } from './params.js';
import { assign, moduleScript } from './script.js';

const pauseParameters = {
  seconds: { type: 'truncated' },
  minutes: { type: 'truncated' },
  prompt: { type: 'string' },
  echo: { type: 'boolean', default: true },
} as const satisfies Parameters;

export const pause: PlaybookModule<typeof pauseParameters> = {
  name: 'pause',
  parameters: pauseParameters,
  runsOnce: true,
  checkWritten: (written) => ('seconds' in written && 'minutes' in written ? { message: 'parameters are mutually exclusive: minutes|seconds', parameter: 'seconds' } : undefined),
  plan: ({ seconds, minutes, prompt, echo }) => ({
    kind: 'action',
    run: async (host) => {
      const started = Date.now();
      const waitSec = seconds ?? (minutes === undefined ? undefined : minutes * 60);
      const hidden = echo ? '' : ' (output is hidden)';
      let typed = '';
      if (waitSec !== undefined) {
        host.say(`Pausing for ${Math.max(1, waitSec)} seconds${hidden}`);
        // At a terminal Ctrl-C ends the run, so this would not be true there.
        if (prompt !== undefined) host.say(host.ask === undefined ? "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r" : `[${host.taskName}]\n${prompt}${hidden}:`);
        await host.sleep(Math.max(1, waitSec));
      } else if (host.ask !== undefined) typed = await host.ask(`[${host.taskName}]\n${prompt ?? 'Press enter to continue, Ctrl+C to interrupt'}${hidden}:\n`, !echo);
      const durationSec = (Date.now() - started) / 1000;
      const duration = Math.round((seconds === undefined ? durationSec / 60 : durationSec) * 100) / 100;
      const paused = `Paused for ${Number.isInteger(duration) ? `${duration}.0` : duration} ${seconds === undefined ? 'minutes' : 'seconds'}`;
      const warnings = waitSec === undefined && host.ask === undefined ? ['Not waiting for response to prompt as stdin is not interactive'] : [];
      return { changed: false, values: { user_input: typed, echo, delta: Math.floor(durationSec), rc: 0, stdout: paused, stderr: '', start: timeText(started), stop: timeText(Date.now()) }, hasNoLines: true, warnings };
    },
  }),
};

/** str(datetime.datetime.now()), to the millisecond. */
function timeText(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().replace('T', ' ').replace('Z', '000');
}

const waitForParameters = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'integer' },
  path: { type: 'path' },
  search_regex: { type: 'string' },
  state: { type: 'string', default: 'started', choices: ['absent', 'drained', 'present', 'started', 'stopped'] },
  timeout: { type: 'integer', default: 300 },
  delay: { type: 'integer', default: 0 },
  sleep: { type: 'integer', default: 1 },
  connect_timeout: { type: 'integer', default: 5 },
  active_connection_states: { type: 'list', default: ['ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'SYN_RECV', 'SYN_SENT', 'TIME_WAIT'] },
  exclude_hosts: { type: 'list', refused: 'wait without it' },
  msg: { type: 'string' },
} as const satisfies Parameters;

type WaitFor = ParamsOf<typeof waitForParameters>;

const PROBE = `
answer
say changed false
case $path in '~/'*) path=$HOME\${path#'~'} ;; esac
if [ -n "$path" ]; then
  if [ -e "$path" ]; then say there 1; [ -z "$content" ] || { printf 'text='; base64 < "$path" 2>/dev/null | tr -d '\\n'; echo; }; fi
elif [ -n "$states" ]; then
  awk -v port="$port" -v states="$states" 'BEGIN { want = sprintf("%04X", port) } { n = split($2, a, ":"); if (a[n] == want && index(states, " " $4 " ")) found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null && say there 1
elif [ -n "$content" ]; then
  # What a server says first, in so many pieces as they arrive; the + tells that it has been reached.
  if command -v bash >/dev/null 2>&1; then
    heard=$(timeout "$limit" bash -c 'exec 3<>"/dev/tcp/$0/$1" || exit; printf +; dd bs=1024 count="$2" <&3' "$host" "$port" "$pieces" 2>/dev/null | base64 | tr -d '\\n')
    [ -z "$heard" ] || { say there 1; say text "$heard"; }
  else say nobody 1; fi
else
  connect() {
    if command -v nc >/dev/null 2>&1; then nc -z -w "$limit" "$host" "$port" >/dev/null 2>&1 </dev/null
    elif command -v bash >/dev/null 2>&1; then timeout "$limit" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" >/dev/null 2>&1
    elif command -v busybox >/dev/null 2>&1; then timeout "$limit" busybox nc "$host" "$port" >/dev/null 2>&1 </dev/null
    else case $host in 127.*|localhost|::1) awk -v port="$port" 'BEGIN { want = sprintf("%04X", port) } $4 == "0A" { n = split($2, a, ":"); if (a[n] == want) found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null ;; *) say nobody 1; return 1 ;; esac; fi
  }
  connect && say there 1
fi
[ -z "$path" ] || info "$path"
:
`;

/** The kernel's numbers (include/net/tcp_states.h). */
const TCP_STATES: Readonly<Record<string, string>> = { ESTABLISHED: '01', SYN_SENT: '02', SYN_RECV: '03', FIN_WAIT1: '04', FIN_WAIT2: '05', TIME_WAIT: '06' };

export const waitFor: PlaybookModule<typeof waitForParameters> = {
  name: 'wait_for',
  parameters: waitForParameters,
  checkWritten: (written) => {
    if ('port' in written && 'path' in written) return { message: 'port and path parameter can not both be passed to wait_for', parameter: 'path' };
    if (written.state === 'stopped' && 'path' in written) return { message: 'state=stopped should only be used for checking a port in the wait_for module', parameter: 'state' };
    if (written.state === 'drained' && 'path' in written) return { message: 'state=drained should only be used for checking a port in the wait_for module', parameter: 'state' };
    return undefined;
  },
  plan: (params, context) => {
    if (context.check) return { kind: 'done', result: { changed: false, skipped: true, msg: 'remote module (wait_for) does not support check mode' } };
    return { kind: 'action', run: (host) => waitOn(params, host, context) };
  },
};

async function waitOn(params: WaitFor, host: ActionHost, context: ModuleContext) {
  const { port, path, state, search_regex: pattern } = params;
  const started = Date.now();
  const elapsed = () => Math.floor((Date.now() - started) / 1000);
  const values = (found?: RegExpExecArray | null) => ({ state, port: port ?? null, path: path ?? null, search_regex: pattern ?? null, elapsed: elapsed(), match_groups: (found ?? []).slice(1).map((group: string | undefined) => group ?? null), match_groupdict: Object.fromEntries(Object.entries(found?.groups ?? {}).map(([name, group]) => [name, group ?? null])) });
  if (params.delay > 0) await host.sleep(params.delay);
  if (port === undefined && path === undefined) {
    if (state !== 'drained') await host.sleep(Math.max(0, params.timeout - params.delay));
    return { changed: false, values: values() };
  }
  const isGone = state === 'absent' || state === 'stopped' || state === 'drained';
  const regex = pattern === undefined || (port !== undefined && isGone) ? undefined : regexOf(pattern);
  const states = state === 'drained' ? ` ${params.active_connection_states.map((one) => TCP_STATES[one] ?? '').join(' ')} ` : '';
  // A server that says more than it did in the time before is heard longer.
  for (let pieces = 1; ; pieces += 1) {
    const words = assign({ host: params.host, port, path, states, content: regex !== undefined, limit: regex === undefined ? params.connect_timeout : Math.max(1, Math.min(params.connect_timeout, params.timeout - elapsed())), pieces });
    const answer = parseAnswer('wait_for', await host.run(moduleScript('wait_for', { host: params.host, port, path, state }, context, `${path === undefined ? '' : `${OWN}\n`}${words}\n${PROBE}`)));
    if (answer.values.get('nobody') === '1') return { changed: false, failed: true, msg: regex === undefined ? 'the host has neither nc nor bash, to see whether a port of another host is open' : 'the host has no bash, to hear what a port says' };
    const text = Buffer.from(answer.values.get('text') ?? '', 'base64').toString('utf8').slice(port === undefined ? 0 : 1);
    const found = regex === undefined ? null : search(regex, text);
    const isThere = answer.values.get('there') === '1' && (regex === undefined || found !== null);
    if (isThere !== isGone) return { changed: false, values: { ...values(port === undefined ? found : null), ...pathInfo(answer) } }; // Of a port Ansible tells no groups.
    if ((Date.now() - started) / 1000 >= params.timeout) return { changed: false, failed: true, msg: params.msg ?? timedOut(params), values: { elapsed: elapsed() } };
    await host.sleep(params.sleep);
  }
}

function timedOut({ host, port, path, state, search_regex: pattern }: WaitFor): string {
  const where = port === undefined ? `file ${path}` : `${host}:${port}`;
  if (state === 'drained') return `Timeout when waiting for ${where} to drain`;
  if (state === 'absent' || state === 'stopped') return port === undefined ? `Timeout when waiting for ${path} to be absent.` : `Timeout when waiting for ${where} to stop.`;
  if (pattern !== undefined) return `Timeout when waiting for search string ${pattern} in ${port === undefined ? path : where}`;
  return `Timeout when waiting for ${where}`;
}

function regexOf(pattern: string): RegExp {
  try {
    return pythonRegex(pattern, { multiline: true });
  } catch (error) {
    throw error instanceof PythonRegexError ? new ParameterError(error.message, 'search_regex') : error;
  }
}

const connectionParameters = {
  timeout: { type: 'integer', default: 600 },
  delay: { type: 'integer', default: 0 },
  sleep: { type: 'integer', default: 1 },
  connect_timeout: { type: 'integer', default: 5 },
} as const satisfies Parameters;

/** Tries anew until the host answers a script and `isDone` likes the answer, or the time is over. @returns the last mistake, or undefined */
async function untilAnswered(host: ActionHost, timeoutSec: number, sleepSec: number, script: string, isDone: (stdout: string, status: number) => boolean): Promise<string | undefined> {
  const started = Date.now();
  let last = 'it does not answer';
  for (let isFirst = true; ; isFirst = false) {
    try {
      if (!isFirst) await host.reconnect();
      const { stdout, status, stderr } = await host.run(script, { timeoutMs: 30_000 });
      if (isDone(stdout, status)) return undefined;
      last = stderr.trim() === '' ? 'it has not booted yet' : stderr.trim();
    } catch (error) {
      if (!(error instanceof FleetTapError)) throw error;
      last = error.message;
    }
    if ((Date.now() - started) / 1000 >= timeoutSec) return last;
    await host.sleep(sleepSec);
  }
}

export const waitForConnection: PlaybookModule<typeof connectionParameters> = {
  name: 'wait_for_connection',
  parameters: connectionParameters,
  plan: ({ timeout, delay, sleep }, context) => {
    if (context.check) return { kind: 'done', result: { changed: false, skipped: true } };
    return {
      kind: 'action',
      run: async (host) => {
        const started = Date.now();
        if (delay > 0) await host.sleep(delay);
        const wrong = await untilAnswered(host, timeout, sleep, ': fleet-tap module wait_for_connection\n', (_, status) => status === 0);
        const elapsed = Math.floor((Date.now() - started) / 1000);
        return wrong === undefined ? { changed: false, values: { elapsed } } : { changed: false, failed: true, msg: `timed out waiting for ping module test: ${wrong}`, values: { elapsed } };
      },
    };
  },
};

const rebootParameters = {
  reboot_timeout: { type: 'truncated', default: 600 },
  pre_reboot_delay: { type: 'truncated', default: 0 },
  post_reboot_delay: { type: 'truncated', default: 0 },
  connect_timeout: { type: 'integer' },
  test_command: { type: 'string', default: 'whoami' },
  msg: { type: 'string', default: 'Reboot initiated by Ansible' },
  search_paths: { type: 'list', default: ['/sbin', '/bin', '/usr/sbin', '/usr/bin', '/usr/local/sbin'] },
  boot_time_command: { type: 'string', default: 'cat /proc/sys/kernel/random/boot_id' },
  reboot_command: { type: 'string' },
} as const satisfies Parameters;

export const reboot: PlaybookModule<typeof rebootParameters> = {
  name: 'reboot',
  parameters: rebootParameters,
  plan: (params, context) => {
    const label = `: fleet-tap module reboot '{}'\n`;
    const bootTime = `${label}${params.boot_time_command}\n`;
    return {
      kind: 'action',
      run: async (host) => {
        if (host.isLocal) return { changed: false, failed: true, msg: 'Running reboot with local connection would reboot the control node.', values: { elapsed: 0, rebooted: false } };
        if (context.check) return { changed: true, values: { elapsed: 0, rebooted: true } };
        const before = await host.run(bootTime);
        if (before.status !== 0) return { changed: false, failed: true, msg: `reboot: failed to get host boot time info, rc: ${before.status}, stdout: ${before.stdout}, stderr: ${before.stderr}`, values: { reboot: false } };
        const minutes = Math.floor(Math.max(0, params.pre_reboot_delay) / 60);
        const command = params.reboot_command ?? `shutdown -r ${minutes} ${quote(params.msg)}`;
        // The connection may be gone before the shell has answered.
        const asked = await host.run(`${label}PATH=$PATH:${params.search_paths.map(quote).join(':')}\n${command} </dev/null\n`, { timeoutMs: 60_000 }).catch((error: unknown) => {
          if (error instanceof FleetTapError && error.kind === 'unreachable') return undefined;
          throw error;
        });
        const started = Date.now();
        const elapsed = () => Math.floor((Date.now() - started) / 1000);
        if (asked !== undefined && asked.status !== 0 && asked.status < 128) return { changed: false, failed: true, msg: `Reboot command failed. Error was: '${asked.stdout.trim()}, ${asked.stderr.trim()}'`, values: { rebooted: false, elapsed: elapsed() } };
        if (params.post_reboot_delay > 0) await host.sleep(params.post_reboot_delay);
        const late = await untilAnswered(host, params.reboot_timeout, 1, bootTime, (stdout, status) => status === 0 && stdout.trim() !== '' && stdout.trim() !== before.stdout.trim());
        const overtime = (what: string, why: string): ModuleResult => {
          const msg = `Timed out waiting for ${what} (timeout=${params.reboot_timeout})`;
          return { changed: false, failed: true, msg, said: `${msg}: ${why}`, values: { rebooted: true, elapsed: elapsed() } };
        };
        if (late !== undefined) return overtime('last boot time check', late);
        const wrong = await untilAnswered(host, params.reboot_timeout, 1, `${label}${params.test_command}\n`, (_, status) => status === 0);
        if (wrong !== undefined) return overtime('post-reboot test command', wrong);
        return { changed: true, values: { rebooted: true, elapsed: elapsed() } };
      },
    };
  },
};
