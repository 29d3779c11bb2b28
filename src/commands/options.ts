// The options that several commands share, with Ansible's names, and how their values are read.
import { Command, InvalidArgumentError, Option } from 'commander';
import { FleetTapError } from '../base/errors.js';
import { connectionKind } from '../inventory/connection-values.js';
import { withAnsibleConfig } from './ansible-options.js';
import { withVaultOptions } from './vault-options.js';

const DEFAULT_FORKS = 50;

/** What every command that works on hosts takes, under Ansible's names. */
export function fleetCommand(name: string): Command {
  return withAnsibleConfig(withVaultOptions(new Command(name)))
    .option('-i, --inventory <SOURCE>', 'inventory file, program, directory, ssh_config:FILE, vagrant:, or a comma-separated list of hosts; may be given again (default: what ansible.cfg or ANSIBLE_INVENTORY says)', collect)
    .option('-l, --limit <PATTERN>', 'only these hosts')
    .option('-u, --user <NAME>', 'log in as this user, where the inventory names none')
    .option('-k, --ask-pass', 'ask for the password to log in with, once for all hosts')
    .option('-K, --ask-become-pass', 'ask for the password of sudo, su or doas, once for all hosts')
    .option('--connection-password-file <FILE>', 'the password of -k from a file, or from a program that prints it')
    .option('--become-password-file <FILE>', 'the password of -K from a file, or from a program that prints it')
    .addOption(new Option('--become-method <METHOD>', 'how to become root or another user, where the inventory does not say (default: sudo)').choices(['sudo', 'su', 'doas']))
    .option('--become-user <NAME>', 'whom to become, where the inventory names none (default: root)')
    .option('--private-key <FILE>', 'key to log in with, where the inventory names none')
    .addOption(new Option('--host-key-checking <POLICY>', 'what to do about a host key that is not known (default: what your ssh_config says, else ask; yes under CI)').choices(['yes', 'ask', 'accept-new', 'no']))
    .option('-c, --connection <TYPE>', 'how hosts are reached where neither inventory nor playbook says: ssh, or local, which is this machine itself (default: ssh)', connectionType)
    .option('--ssh-common-args <WORDS>', 'options for ssh, where the inventory has none, for example \'-o ProxyJump=bastion\'')
    .option('--ssh-extra-args <WORDS>', 'the same: Ansible gives these to ssh only, and the others to sftp and scp as well')
    .addOption(new Option('--sftp-extra-args <WORDS>', 'taken as Ansible takes it; files go through ssh here, so it changes nothing').hideHelp())
    .addOption(new Option('--scp-extra-args <WORDS>', 'the same').hideHelp())
    .option('-T, --timeout <SECONDS>', 'time a connection may take', positive)
    .option('-f, --forks <N>', 'hosts worked on at once', positiveInteger, DEFAULT_FORKS)
    .option('-e, --extra-vars <VARS>', 'variables over all others, those of connections too: name=value, JSON or YAML, or @FILE; may be given again', collect)
    .option('--rerun-failed <DIR>', 'only hosts that failed or were not reached in that run: its run directory, or `last`')
    .option('-v, --verbose', 'say more: -v what was read and how each host ended, -vv how each is reached, -vvv each decision', count, 0)
    .option('--playbook-dir <DIR>', 'whose group_vars/ and host_vars/ go over those of the inventory (default: this folder)')
    .option('--run-dir <DIR>', 'leave this run\'s directory here (default: one of the last 50 in ~/.local/state/fleet-tap/runs)');
}

/** -o, --format, --rotate-size, --rotate-time, --fsync: where a log goes. */
export function outputOptions(command: Command): Command {
  return command
    .option('-o, --output <FILE>', 'write the log to FILE too, as its ending says: .log .jsonl .csv .pcapng, and .gz or .zst; - is standard output; may be given again', collect)
    .addOption(new Option('--format <FORMAT>', 'write this, whatever the endings say').choices(['text', 'jsonl', 'csv', 'pcapng']))
    .option('--rotate-size <SIZE>', 'a new file once this one has reached SIZE, for example 100M', size)
    .option('--rotate-time <TIME>', 'a new file for each such stretch of time, for example 1h', duration)
    .option('--names', 'host names beside addresses: web01:443 → db02:5432', false)
    .addOption(new Option('--fsync <WHEN>', 'when files are forced onto the disk: never, at their end, or after each write').choices(['never', 'end', 'each']).default('end'));
}

/** --late, --memory, --spill, --spill-size, --when-full: lines that come late, and more than fits. */
export function queueOptions(command: Command): Command {
  return command
    .option('--late <WHAT>', 'lines that come after later ones were written. mark: written at once, marked late; drop: left out, and counted by a marker; any other word: a log FILE of their own (default: mark)')
    .option('--memory <SIZE>', 'lines that wait may take so much memory (default: 512M)', size)
    .option('--spill <DIR>', 'beyond that they wait in files here; none: nowhere (default: the folder for temporary files)')
    .option('--spill-size <SIZE>', 'and may take so much disk (default: 4G)', size)
    .addOption(new Option('--when-full <RULE>', 'and beyond that drop-newest or drop-oldest: what is left out is counted by a marker; fail: the same, and the capture ends (default: drop-newest)').choices(['drop-newest', 'drop-oldest', 'fail']));
}

/** An option that may be given again. Not commander's variadic: that would take the host pattern behind `-i FILE` for a second file. */
export function collect(word: string, before: readonly string[] = []): string[] {
  return [...before, word];
}

/** Ansible's other names for the same options. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '--inventory-file': '--inventory', '--key-file': '--private-key', '--ask-vault-password': '--ask-vault-pass', '--vault-pass-file': '--vault-password-file',
  '--become-pass-file': '--become-password-file', '--conn-pass-file': '--connection-password-file',
};

/** The command line with each option under the one name that commander knows; what stands behind `--` is not ours. */
export function withAnsibleNames(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const own = end === -1 ? words : words.slice(0, end);
  const rename = (word: string): string => word.replace(/^--[a-z-]+(?==|$)/, (name) => OTHER_NAMES[name] ?? name);
  return [...own.map(rename), ...words.slice(own.length)];
}

/** -v, -vv, -vvv */
export function count(_word: string, before: number): number {
  return before + 1;
}

/** `60s`, `5m`, `1h`, or a number of seconds, as seconds. */
function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const factors: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  const seconds = match === null ? Number.NaN : Number(match[1]) * (factors[match[2] ?? 's'] ?? 1);
  if (!(seconds > 0)) throw new InvalidArgumentError('write a time such as 60s, 5m or 1h.');
  return seconds;
}

/** Node's timers hold 2³¹-1 ms; a longer one would be over at once. */
const TIMER_LIMIT_SEC = 24 * 24 * 3600;

/** As `duration`, for what is waited for here. */
export function waitingTime(text: string): number {
  const seconds = duration(text);
  if (seconds > TIMER_LIMIT_SEC) throw new InvalidArgumentError('write a time of 576h (24 days) at most.');
  return seconds;
}

/** How long a host's script may run. @throws FleetTapError when it would end before the capture does */
export function limitSecOf(limitSec: number | undefined, forSec: number | undefined): number {
  if (limitSec === undefined) return Math.ceil(Math.max(DAY_SEC, (forSec ?? 0) + HOUR_SEC));
  if (forSec !== undefined && limitSec <= forSec) throw new FleetTapError('input', 'options-contradict', '--for takes as long as --limit-time, and then hosts have ended by themselves', { hint: 'leave out --limit-time, or make it longer than --for' });
  return Math.ceil(limitSec);
}

const HOUR_SEC = 3600;
const DAY_SEC = 24 * HOUR_SEC;

/** As `duration`, for what a host's shell counts, in hundredths of a second. */
export function hostTime(text: string): number {
  const seconds = duration(text);
  if (seconds > HOST_LIMIT_SEC) throw new InvalidArgumentError('write a time of 87600h (ten years) at most.');
  return seconds;
}

const HOST_LIMIT_SEC = 87_600 * 3600;

/**
 * A name for a file or folder that is written is never empty: `-o "$LOG"` without a LOG would be found out when all is over.
 * Wraps how the option's value is read, whatever that is.
 */
export function refuseEmptyNames(command: Command): void {
  for (const option of command.options) {
    if (!WRITTEN_OPTIONS.has(option.long ?? '')) continue;
    const read = option.parseArg;
    option.argParser((text: string, before: unknown) => (read === undefined ? wholeName(text) : read(wholeName(text), before)));
  }
}

export function wholeName(text: string): string {
  if (text === '') throw new InvalidArgumentError('write a name; this one is empty.');
  return text;
}

const WRITTEN_OPTIONS = new Set(['--output', '--report', '--record', '--junit', '--events', '--tree', '--run-dir', '--late', '--spill']);

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

function connectionType(text: string): string {
  if (connectionKind(text) === undefined) throw new InvalidArgumentError('ssh and local are supported.');
  return text;
}

export function wholePath(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('write the whole path: /opt/systemtap/bin/stap.');
  return text;
}

export function positiveInteger(text: string): number {
  const number = positive(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('write a whole number above 0.');
  return number;
}
