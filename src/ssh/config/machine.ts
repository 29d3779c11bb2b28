// What ssh_config may ask about the machine that this program runs on. Gathered once and passed in: the resolver itself looks at nothing.
import { spawnSync } from 'node:child_process';
import { hostname, userInfo } from 'node:os';

export interface LocalMachine {
  /** As gethostname(2) says. */
  readonly hostName: string;
  readonly user: string;
  readonly userId: number;
  /** $HOME, else what the user database says. (OpenSSH looks at the database only; Ansible, and every shell, at $HOME.) */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs a command of `Match exec` in the user's shell. @returns its exit status, or undefined when it ended by a signal or could not be started */
  readonly exec: (command: string) => number | undefined;
}

/** `Match exec` runs once for each distinct command, however many hosts ask. */
export function thisMachine(env: NodeJS.ProcessEnv = process.env): LocalMachine {
  const { username, uid, homedir } = userInfo();
  const home = env.HOME?.startsWith('/') === true ? env.HOME : homedir;
  const known = new Map<string, number | undefined>();
  const exec = (command: string) => {
    if (!known.has(command)) {
      const shell = env.SHELL ?? '/bin/sh';
      known.set(command, spawnSync(shell, ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'], env }).status ?? undefined);
    }
    return known.get(command);
  };
  return { hostName: hostname(), user: username, userId: uid, home, env, exec };
}
