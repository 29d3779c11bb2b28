// The options that several commands share, with Ansible's names, and how their values are read.
import { Command, InvalidArgumentError, Option } from 'commander';
import { withAnsibleConfig } from './ansible-options.js';
import { withVaultOptions } from './vault-options.js';

const DEFAULT_FORKS = 50;

/** -i, -l, -u, -k, -K, --become-method, --become-user, --private-key, --host-key-checking, -T, -f */
export function fleetCommand(name: string): Command {
  return withAnsibleConfig(withVaultOptions(new Command(name)))
    .option('-i, --inventory <SOURCE>', 'inventory file, program, directory, ssh_config:FILE, vagrant:, or a comma-separated list of hosts; may be given again (default: what ansible.cfg or ANSIBLE_INVENTORY says)', collect)
    .option('-l, --limit <PATTERN>', 'only these hosts')
    .option('-u, --user <NAME>', 'log in as this user, where the inventory names none')
    .option('-k, --ask-pass', 'ask for the password to log in with, once for all hosts')
    .option('-K, --ask-become-pass', 'ask for the password of sudo, su or doas, once for all hosts')
    .addOption(new Option('--become-method <METHOD>', 'how to become root or another user, where the inventory does not say (default: sudo)').choices(['sudo', 'su', 'doas']))
    .option('--become-user <NAME>', 'whom to become, where the inventory names none (default: root)')
    .option('--private-key <FILE>', 'key to log in with, where the inventory names none')
    .addOption(new Option('--host-key-checking <POLICY>', 'what to do about a host key that is not known (default: what your ssh_config says, else ask; yes under CI)').choices(['yes', 'ask', 'accept-new', 'no']))
    .option('-T, --timeout <SECONDS>', 'time a connection may take', positive)
    .option('-f, --forks <N>', 'hosts worked on at once', positiveInteger, DEFAULT_FORKS)
    .option('--rerun-failed <DIR>', 'only hosts that failed or were not reached in that run: its run directory, or `last`')
    .option('--run-dir <DIR>', 'leave this run\'s directory here (default: one of the last 50 in ~/.local/state/fleet-tap/runs)');
}

/** -o, --format, --rotate-size, --rotate-time, --fsync: where a log goes. */
export function outputOptions(command: Command): Command {
  return command
    .option('-o, --output <FILE>', 'write the log to FILE too, as its ending says: .log .jsonl .csv .pcapng, and .gz or .zst; - is standard output; may be given again', collect)
    .addOption(new Option('--format <FORMAT>', 'write this, whatever the endings say').choices(['text', 'jsonl', 'csv', 'pcapng']))
    .option('--rotate-size <SIZE>', 'a new file once this one has reached SIZE, for example 100M', size)
    .option('--rotate-time <TIME>', 'a new file for each such stretch of time, for example 1h', duration)
    .addOption(new Option('--fsync <WHEN>', 'when files are forced onto the disk: never, at their end, or after each write').choices(['never', 'end', 'each']).default('end'));
}

/** An option that may be given again. Not commander's variadic: that would take the host pattern behind `-i FILE` for a second file. */
export function collect(word: string, before: readonly string[] = []): string[] {
  return [...before, word];
}

/** `60s`, `5m`, `1h`, or a number of seconds, as seconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const factors: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  const seconds = match === null ? Number.NaN : Number(match[1]) * (factors[match[2] ?? 's'] ?? 1);
  if (!(seconds > 0)) throw new InvalidArgumentError('write a time such as 60s, 5m or 1h.');
  return seconds;
}

/** Whole MiB that staprun takes for its buffer (staprun(8), -b). */
export function bufferMib(text: string): number {
  const number = positiveInteger(text);
  if (number > 4095) throw new InvalidArgumentError('staprun takes 1 to 4095 MiB.');
  return number;
}

/** `100M`, `1.5G`, `4096`: bytes, in powers of 1024. */
export function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text);
  const bytes = match === null ? Number.NaN : Math.floor(Number(match[1]) * 1024 ** ' KMGT'.indexOf((match[2] ?? '').toUpperCase() || ' '));
  if (!(bytes > 0)) throw new InvalidArgumentError('write a size such as 100M or 1G.');
  return bytes;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('write a number above 0.');
  return number;
}

export function positiveInteger(text: string): number {
  const number = positive(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('write a whole number above 0.');
  return number;
}
