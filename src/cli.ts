#!/usr/bin/env node
// argv → command → exit status. The only file that reads the command line or sets the exit status.
import { fstatSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Argument, Command, CommanderError, Option } from 'commander';
import { FleetTapError, formatError } from './base/errors.js';
import { type CommandContext, defaultCacheDirectory, type ExitStatus } from './commands/context.js';
import { bufferMib, collect, count, fleetCommand, hostTime, limitSecOf, outputOptions, positiveInteger, queueOptions, refuseEmptyNames, waitingTime, wholeName, wholePath, withAnsibleNames } from './commands/options.js';
import { guardOutputs, standardOutput } from './commands/standard-output.js';
import { openTerminal } from './commands/terminal.js';
import type { MergeOptions } from './commands/merge.js';
import type { AssertOptions } from './commands/assert.js';
import type { ReportOptions } from './commands/report.js';
import type { CaptureOptions, FilterWords } from './commands/capture.js';
import type { LintOptions } from './commands/lint.js';
import type { RunCommandOptions } from './commands/run.js';
import type { ExecOptions } from './commands/exec.js';
import type { FactsOptions } from './commands/facts.js';
import type { InventoryOptions } from './commands/inventory.js';
import type { SetupOptions } from './commands/setup.js';
import type { ShippedOptions } from './commands/shipped-playbook.js';
import type { DoctorOptions } from './commands/doctor.js';
import { COMPLETION_SHELLS, type CompletionShell, completionScripts } from './commands/completion-scripts.js';
import { checkedWords } from './commands/typed-words.js';
import { defaultStateDirectory } from './commands/state-directory.js';
import { withAnsibleConfig } from './commands/ansible-options.js';
import { withVaultOptions } from './commands/vault-options.js';
import { version } from './commands/version.js';

/** Commands that say by themselves how much of a log could not be written. */
const SAYS_WHAT_IS_MISSING = new Set(['capture', 'merge', 'demo']);

/** A second Ctrl-C does not wait for the hosts: they end by themselves when our lease runs out. */
const FORCED = 130;

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(FORCED);
    interrupt.abort();
  });
}

const terminal = openTerminal(process.stderr, interrupt.signal);

const context: CommandContext = {
  stdout: standardOutput(),
  stderr: process.stderr,
  interrupted: interrupt.signal,
  ask: terminal?.ask,
  askSecret: terminal?.askSecret,
  askLine: terminal?.askLine,
  drawnBy: terminal?.drawnBy,
  agentSocket: process.env.SSH_AUTH_SOCK || undefined,
  cacheDirectory: defaultCacheDirectory(),
  stateDirectory: defaultStateDirectory(),
  words: process.argv.slice(2),
  openStdin: () => (isSentSomething() ? process.stdin : undefined),
};

const program = new Command('fleet-tap')
  .description('Which TCP and UDP packets every server of a fleet receives, in one timestamped log, over plain SSH.')
  .version(version)
  .exitOverride();

/**
 * V8 compiles again, better, what has run for a while, in threads of its own: a tenth of the processor time where a few hundred hosts are asked one thing, a fifth where
 * 50 play 20 tasks, and it is over before that pays. So it waits 15 times as long; what runs for seconds is compiled all the same.
 */
function compileLater(): void {
  setFlagsFromString('--interrupt-budget=1000000');
}

program.addCommand(
  fleetCommand('setup')
    .description('install SystemTap, and the debug symbols that match the running kernel, on every host (playbooks/setup.yml)')
    .option('-C, --check', 'change nothing, say what would be changed', false)
    .option('-D, --diff', 'show what changes in files', false)
    .addOption(new Option('--symbols <KIND>', 'every-host: each compiles for itself; per-kernel: one host for each kernel does; none: as that, for --probes netfilter (default: fleet_tap_symbols of the inventory, else every-host)').choices(['every-host', 'per-kernel', 'none']))
    .option('--symbols-full', "debug symbols of the kernel's loadable modules too: 2 GB instead of 0.4 GB", false)
    .option('--serial <SIZES>', 'hosts that are set up at once, one wave after the other; a host that fails stops the next wave (default: 1,10%,100% from 20 hosts on)')
    .option('--downloads <N>', 'hosts that download packages at once (default: fleet_tap_downloads of the inventory, else 4)', positiveInteger)
    .option('--push', 'download debug symbols once for each distinct kernel, and give them to the other hosts over SSH', false)
    .option('--try', 'when all is there, run the script on each host for a moment, and say so', false)
    .option('--stap <PATH>', 'compile with this stap of the hosts that compile, instead of the first in their path (default: fleet_tap_stap of the inventory)', wholePath)
    .option('--prune', 'instead: remove debug symbols of kernels that are gone, which setup has put there (playbooks/prune.yml); doctor names them', false)
    .action((options: SetupOptions & { prune: boolean }) => finish(options.prune ? import('./commands/prune.js').then(({ prune }) => prune(options, context)) : import('./commands/setup.js').then(({ setup }) => setup(options, context)))),
);

program.addCommand(
  queueOptions(outputOptions(fleetCommand('capture')))
    .description('run the script on all hosts at once and merge what their kernels receive into one log; Ctrl-C ends it')
    .argument('[PATTERN]', 'hosts to capture from', 'all')
    .option('--for <TIME>', 'end after this time, for example 60s', waitingTime)
    .option('--script <FILE>', 'any other SystemTap script; its lines are stamped when received')
    .addOption(new Option('--probes <KIND>', 'symbols: TCP and UDP themselves; netfilter: no debug symbols needed').choices(['by-inventory', 'symbols', 'netfilter']).default('by-inventory'))
    .addOption(new Option('--order <RULE>', 'live: a silent host holds nobody; strict: nothing is late; none: as it comes').choices(['live', 'strict', 'none']).default('live'))
    .addOption(new Option('--sync <WITH>', 'ssh: times by round trips; tcp: segments and their acknowledgements too: no cause stands after its effect, and the log comes 2 s later').choices(['ssh', 'tcp']).default('ssh'))
    .option('--record <DIR>', 'keep all that comes in, with its times, for  fleet-tap merge DIR')
    .addOption(new Option('--limit-time <TIME>', 'hosts end by themselves after this time (default: 24h, or an hour more than --for where that is longer)').argParser(hostTime))
    .option('--tcp', 'TCP only; with --udp both', false)
    .option('--udp', 'UDP only; with --tcp both', false)
    .option('--host <ADDRESS>', 'packets from or to this address; may be given again', collect)
    .option('--net <NET>', 'packets from or to this network, for example 10.0.0.0/8; may be given again', collect)
    .option('--port <PORTS>', 'packets from or to these ports: 80,443 or 8000-8010; may be given again', collect)
    .option('--flags <FLAGS>', 'TCP segments with any of these flags, for example syn,rst')
    .option('--iface <NAME>', 'packets that come in (with --direction out: go out) there; needs --probes netfilter')
    .addOption(new Option('--direction <WAY>', 'what hosts receive, or what they send; out needs --probes netfilter').choices(['in', 'out']).default('in'))
    .option('--rate <N>', 'at most so many lines a second from each host; what is suppressed is counted', positiveInteger)
    .option('--report <FILE>', 'also write the HTML page that fleet-tap report makes')
    .option('--stap <PATH>', 'compile with this stap of the hosts that compile, instead of the first in their path (default: fleet_tap_stap of the inventory)', wholePath)
    .option('--join', 'capture beside another capture of the same host', false)
    .option('-s, --buffer <MIB>', "the kernel's buffer for each CPU; staprun's own default is 16", bufferMib)
    .option('--serial <SIZES>', 'hosts that load the kernel module at once, one wave after the other; a host that dies stops the next wave (default: 1,10%,100% from 20 hosts on)')
    .action((pattern: string, options: CaptureOptions & FilterWords & { output?: string[]; for?: number; limitTime?: number; buffer?: number }) =>
      finish(
        import('./commands/capture.js').then(({ capture }) =>
          capture({ ...options, output: options.output ?? [], pattern, forSec: options.for, limitSec: limitSecOf(options.limitTime, options.for), filter: options, bufferMib: options.buffer }, context),
        ),
      ),
    ),
);

queueOptions(outputOptions(program.command('merge')))
  .description('recordings (capture --record DIR) into one log: of one, the log that the capture wrote, byte for byte; of several, the strict order of them all')
  .argument('<FILE...>', 'recordings, or the folders that --record made')
  .addOption(new Option('--order <RULE>', 'recorded: as the capture did; strict: time alone decides, nothing is late (always, for several recordings)').choices(['recorded', 'strict']).default('recorded'))
  .addOption(new Option('--sync <WITH>', 'ssh: times by round trips; tcp: segments and their acknowledgements too: no cause stands after its effect, and the log comes 2 s later').choices(['ssh', 'tcp']).default('ssh'))
  .action((files: string[], options: Omit<MergeOptions, 'files' | 'output'> & { output?: string[] }) => finish(import('./commands/merge.js').then(({ merge }) => merge({ ...options, output: options.output ?? [], files }, context))));

program
  .command('report')
  .description('recordings or logs (text, JSONL, CSV) into one HTML page: who talks to whom, when, resets, refusals, gaps; needs no network')
  .argument('<FILE...>', 'recordings, or logs of hosts')
  .option('-o, --output <FILE>', 'the page', 'report.html')
  .option('--open', 'show it in the browser', false)
  .action((files: string[], options: Omit<ReportOptions, 'files'>) => finish(import('./commands/report.js').then(({ report }) => report({ ...options, files }, context))));

program
  .command('assert')
  .description('check recordings or logs against rules (no RST between app and db, no UDP but DNS, at most N connections a minute): for CI')
  .argument('<FILE...>', 'recordings, or logs of hosts')
  .requiredOption('--expect <RULES>', 'the rules, YAML; see docs/ci.md')
  .option('--junit <FILE>', 'also write the verdicts as JUnit XML')
  .option('--allow-gaps', 'a rule holds even where lines are missing from the log', false)
  .addHelpText('after', `
Exit status: 0 every rule holds, 1 wrong rules or log, 2 a rule is broken, or cannot be told because lines are missing.

Example of a rule:
  rules:
    - name: no reset between app and db
      never: {between: [app01, db01], flags: rst}`)
  .action((files: string[], options: Omit<AssertOptions, 'files'>) => finish(import('./commands/assert.js').then(({ assert }) => assert({ ...options, files }, context))));

program.addCommand(
  fleetCommand('doctor')
    .description('say for each host whether it is ready, and if not, why and what to do')
    .option('--json', 'one JSON document', false)
    .action((options: DoctorOptions) => finish(import('./commands/doctor.js').then(({ doctor }) => doctor(options, context)))),
);

program.addCommand(
  fleetCommand('teardown')
    .description('end leftover captures, unload their kernel modules and take back exactly what setup added (playbooks/teardown.yml)')
    .option('-C, --check', 'change nothing, say what would be changed', false)
    .option('-D, --diff', 'show what changes in files', false)
    .action((options: ShippedOptions) => finish(import('./commands/teardown.js').then(({ teardown }) => teardown(options, context)))),
);

program
  .command('demo')
  .description('a small simulated fleet in this process, over real SSH on loopback: the main job in seconds')
  .option('--for <TIME>', 'capture for this time', waitingTime, 3)
  .option('--report <FILE>', 'also write the HTML page that fleet-tap report makes')
  .action((options: { for: number; report?: string }) => finish(import('./commands/demo.js').then(({ demo }) => demo({ forSec: options.for, report: options.report }, context))));

program.addCommand(
  fleetCommand('run')
    .description('play Ansible playbooks; what is not supported is refused before any host is touched')
    .argument('<PLAYBOOK...>', 'files; docs/playbooks.md says what they may hold')
    .option('-t, --tags <TAGS>', 'only tasks with one of these tags; a comma list, or given again', collect)
    .option('--skip-tags <TAGS>', 'no tasks with one of these tags', collect)
    .option('--start-at-task <NAME>', 'begin with this task; * and ? fit')
    .option('--step', 'ask before each task whether it runs: (N)o, (y)es, (c)ontinue without asking in this play', false)
    .option('-C, --check', 'change nothing, say what would be changed', false)
    .option('-D, --diff', 'show what changes in files', false)
    .option('-b, --become', 'run tasks as root, or as --become-user says, where the playbook says nothing')
    .option('--force-handlers', 'run handlers that were notified although a task has failed', false)
    .option('--list-hosts', 'print the hosts of each play, and end', false)
    .option('--list-tasks', 'print the tasks that would run, and end', false)
    .option('--list-tags', 'print all tags, and end', false)
    .option('--syntax-check', 'load and check the playbooks, and end', false)
    .option('--json', 'at the end one JSON document, as Ansible\'s json callback writes it', false)
    .option('--events <FILE>', 'also write each event as a line of JSON')
    .option('--junit <FILE>', 'also write the results as JUnit XML: a case for each task on each host')
    .addOption(new Option('--flush-cache', 'taken as Ansible takes it: facts are never kept').hideHelp())
    .addHelpText('after', `
Exit status: 0 all well, 1 wrong input, 2 a host failed, 4 a host was unreachable, 130 interrupted.

Examples:
  fleet-tap run -i inventory.yml site.yml --check --diff
  fleet-tap run -i inventory.yml site.yml -l web -t packages -e version=1.2`)
    .action((playbooks: string[], options: Omit<RunCommandOptions, 'playbooks'>) => {
      compileLater();
      return finish(import('./commands/run.js').then(({ run }) => run({ ...options, playbooks }, context)));
    }),
);

withAnsibleConfig(withVaultOptions(program.command('lint')))
  .description('say which tasks of playbooks are supported, and why the others are not; no host is touched')
  .argument('<PLAYBOOK...>', 'files')
  .option('-e, --extra-vars <VARS>', 'variables that names of imported files may use', collect)
  .option('--json', 'one JSON document', false)
  .addHelpText('after', `
Exit status: 0 all tasks are supported, 1 some are not.`)
  .action((playbooks: string[], options: Omit<LintOptions, 'playbooks'>) => finish(import('./commands/lint.js').then(({ lint }) => lint({ ...options, playbooks }, context))));

program.addCommand(
  fleetCommand('exec')
    .description('run one command on all chosen hosts at once; equal output is shown once, with the hosts that printed it')
    .argument('<PATTERN>', 'hosts, as Ansible writes them: web, all, web:!web3, web[0:9]')
    .argument('<CMD...>', 'behind --, which may be left out where the command has no options. One word is a line for the host\'s sh: -- \'df -h | tail -1\'. Several are a program and its arguments, each sent exactly as typed: -- ls "my file"')
    .option('--shell', 'join several words with spaces to one line for sh, as ssh and ansible -m shell do', false)
    .option('--stream', 'show each line as it comes, behind its host\'s name', false)
    .option('--json', 'one JSON document at the end; with --stream one JSON object a line', false)
    .option('-o, --output <DIR>', 'also write what each host prints, byte by byte, to DIR/HOST and DIR/HOST.err')
    .option('-b, --become', 'run it as root, or as ansible_become_user says')
    .option('--command-timeout <TIME>', 'end the command on a host that takes longer, for example 60s', waitingTime)
    .option('-n, --no-stdin', 'send nothing to the command; otherwise what is piped in goes to each host')
    .addHelpText('after', `
The text form is for people: control characters are shown as \\xNN. Exact bytes: -o DIR, or --json.
Ctrl-C ends the command's processes on every host, and shows what came so far.
Exit status: 0 all well, 1 wrong input, 2 a command failed, 4 a host was unreachable, 130 interrupted.

Examples:
  fleet-tap exec -i inventory.yml web -- uname -r
  fleet-tap exec -i inventory.yml 'web:&prod' --stream -- 'tail -f /var/log/syslog | grep -i error'
  fleet-tap exec -i web1,web2, all -b -- systemctl restart nginx
  fleet-tap exec -i inventory.yml all --rerun-failed last -- apt-get -q update`)
    .action((pattern: string, words: string[], options: Omit<ExecOptions, 'pattern' | 'words'>) => {
      compileLater();
      return finish(import('./commands/exec.js').then(({ exec }) => exec({ ...options, pattern, words }, context)));
    }),
);

program.addCommand(
  withAnsibleConfig(withVaultOptions(new Command('inventory')))
    .description('print the inventory as ansible-inventory does: the same JSON, the same tree')
    .argument('[GROUP]', 'with --graph: begin with this group', 'all')
    .option('-i, --inventory <SOURCE>', 'inventory file, program, directory, ssh_config:FILE, vagrant:, or a comma-separated list of hosts; may be given again (default: what ansible.cfg or ANSIBLE_INVENTORY says)', collect)
    .option('-l, --limit <PATTERN>', 'only these hosts')
    .option('--list', 'all hosts and groups, as an inventory program prints them', false)
    .option('--graph', 'groups and hosts as a tree', false)
    .option('--host <HOST>', 'the variables of one host')
    .option('--vars', 'with --graph: variables too', false)
    .option('--export', 'variables where they are set, not merged for each host', false)
    .option('-v, --verbose', 'say what was read', count, 0)
    .option('-y, --yaml', 'YAML instead of JSON', false)
    .addOption(new Option('--toml', 'what ansible-inventory has besides').hideHelp())
    .option('--playbook-dir <DIR>', 'whose group_vars/ and host_vars/ go over those of the inventory (default: this folder)')
    .option('-e, --extra-vars <VARS>', 'variables over all others: name=value, JSON or YAML, or @FILE; may be given again', collect)
    .option('--output <FILE>', 'write to FILE instead of standard output')
    .action((group: string, options: InventoryOptions) => finish(import('./commands/inventory.js').then(({ inventory }) => inventory({ ...options, group }, context)))),
);

program.addCommand(
  fleetCommand('facts')
    .description('show what the hosts are, under the names of `ansible -m setup`; hosts need no Python')
    .argument('[PATTERN]', 'hosts, as Ansible writes them: web, all, web:!web3, web[0:9]', 'all')
    .option('--filter <GLOB>', 'only facts whose name fits, for example \'ansible_mem*\' or distribution; a comma list, or given again', collect)
    .option('--json', 'one JSON document: {"HOST": {"ansible_facts": {…}, "changed": false}}', false)
    .option('-t, --tree <DIR>', 'also write what Ansible would, one JSON file a host, to DIR/HOST')
    .option('-b, --become', 'ask as root, or as ansible_become_user says: root sees more')
    .addHelpText('after', `
Without --json each fact is shown once; where hosts differ, each value with its hosts.
ansible_fleet_tap holds what Ansible has no name for: the release that a derivative is made from, debug symbols, lockdown, free space.
Exit status: 0 all well, 1 wrong input, 2 a host failed, 4 a host was unreachable, 130 interrupted.

Examples:
  fleet-tap facts -i inventory.yml web --filter 'ansible_distribution*,ansible_kernel'
  fleet-tap facts -i inventory.yml --json | jq -r 'to_entries[] | [.key, .value.ansible_facts.ansible_memtotal_mb] | @tsv'`)
    .action((pattern: string, options: FactsOptions & { filter?: string[] }) => {
      // Answers are parsed one by one and kept as text: objects that live long enough to make V8's young generation grow, which is of no use here (20 MB for 200 hosts).
      setFlagsFromString('--semi-space-growth-factor=1');
      compileLater();
      return finish(import('./commands/facts.js').then(({ facts }) => facts({ ...options, filter: options.filter ?? [], pattern }, context)));
    }),
);

program
  .command('export')
  .description('write what setup does as an Ansible role, for ansible-playbook')
  .addArgument(new Argument('<KIND>', 'ansible: a folder with setup.yml and roles/fleet_tap').choices(['ansible']))
  .argument('<DIR>', 'the folder that is made', wholeName)
  .action((_kind: string, folder: string) => finish(import('./commands/export.js').then(({ exportAnsible }) => exportAnsible({ folder }, context))));

program
  .command('completion')
  .description('print what makes a shell complete commands, options, hosts and groups')
  .addArgument(new Argument('<SHELL>', 'source <(fleet-tap completion bash)').choices(COMPLETION_SHELLS))
  .action((shell: CompletionShell) => void process.stdout.write(completionScripts[shell]));

program
  .command('__complete', { hidden: true })
  .argument('[WORDS...]')
  .option('--line <LINE>', 'the line as far as the cursor')
  .action((words: string[], options: { line?: string }) => finish(import('./commands/completion.js').then(({ answerShell }) => answerShell(program, words, options.line, process.stdout))));

program
  .command('__manual', { hidden: true })
  .argument('<KIND>')
  .action((kind: string) => finish(import('./commands/manual.js').then(({ printManual }) => printManual(program, kind, process.stdout))));

/** A pipe, a file or a socket; not a terminal, and not /dev/null. */
function isSentSomething(): boolean {
  try {
    const kind = fstatSync(0);
    return kind.isFIFO() || kind.isFile() || kind.isSocket();
  } catch {
    return false; // It is closed.
  }
}

async function finish(work: Promise<ExitStatus>): Promise<void> {
  process.exitCode = await work;
}

// Each command has its own: commander hands settings on only to commands that it makes itself.
for (const command of [program, ...program.commands]) {
  command.showHelpAfterError('(--help shows what there is)');
  refuseEmptyNames(command);
}
const isCut = guardOutputs(context.stdout, process.stderr, () => SAYS_WHAT_IS_MISSING.has(program.args[0] ?? ''));
// What is on its way to a file fails after the command has ended.
process.on('exit', () => {
  if (isCut() && (process.exitCode ?? 0) === 0) process.exitCode = 2;
});

try {
  await program.parseAsync(checkedWords(program, withAnsibleNames(process.argv.slice(2))), { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 1;
  else if (error instanceof FleetTapError) {
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = error.kind === 'input' ? 1 : error.kind === 'unreachable' ? 4 : 2;
  } else throw error;
}
