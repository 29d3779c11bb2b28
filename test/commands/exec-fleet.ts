// Some host names on one real sshd, and a person who runs commands there.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CommandContext } from '../../src/commands/context.js';
import { exec, type ExecOptions } from '../../src/commands/exec.js';
import { startSshd, type Sshd, type SshdOptions } from '../hosts/sshd.js';
import { newPerson, type Person } from './person.js';

export interface ExecFleet {
  readonly sshd: Sshd;
  readonly inventoryFile: string;
  /** `hosts` with `line` as the command; a new person each time. */
  exec(words: readonly string[], options?: Partial<ExecOptions>, context?: Partial<CommandContext>): Promise<{ status: number; stdout: string; stderr: string; person: Person }>;
}

/** @param vars more lines of variables for every host, for example `ansible_become: true` */
export async function startExecFleet(hosts: readonly string[], sshdOptions: SshdOptions = {}, vars: readonly string[] = []): Promise<ExecFleet> {
  const sshd = await startSshd({ ...sshdOptions, config: [...(sshdOptions.config ?? []), 'MaxStartups 200'] });
  const { connection } = sshd;
  const inventoryFile = join(sshd.folder, 'fleet.yml');
  const lines = [`ansible_host: ${connection.address}`, `ansible_port: ${connection.port}`, `ansible_user: ${connection.user}`, `ansible_ssh_private_key_file: ${connection.identityFiles[0]}`,
    `ansible_ssh_common_args: -o UserKnownHostsFile=${sshd.knownHostsFile}`, ...vars];
  await writeFile(inventoryFile, `all:\n  vars:\n${lines.map((line) => `    ${line}\n`).join('')}  hosts:\n${hosts.map((host) => `    ${host}: {fleet_number: ${/\d+/.exec(host)?.[0] ?? 0}}\n`).join('')}`);
  return {
    sshd,
    inventoryFile,
    exec: async (words, options = {}, context = {}) => {
      const person = await newPerson();
      const all: ExecOptions = { inventory: [inventoryFile], forks: 10, hostKeyChecking: 'yes', timeout: 120, pattern: 'all', words, shell: false, stream: false, json: false, stdin: true, ...options };
      const status = await exec(all, { ...person.context, ...context });
      return { status, stdout: person.stdout(), stderr: person.stderr(), person };
    },
  };
}

export const sends = (...pieces: (string | Buffer)[]) => () => Readable.from(pieces.map((piece) => Buffer.from(piece)), { objectMode: false });
