// What comes in: inventory options. What goes out: the chosen hosts, and one connection and one set of facts for each, made when first asked for.
// Guaranteed: a host is dialled once; its failure is remembered and is its own: the other hosts go on.
import { setMaxListeners } from 'node:events';
import { printable } from '../base/host-text.js';
import { asHostError, FleetTapError } from '../base/errors.js';
import type { Facts } from '../facts/facts.js';
import type { HostKeyChecking } from '../inventory/connection.js';
import { foldHosts } from '../inventory/fold.js';
import { connectionKey, type Host, type Inventory, type Vars } from '../inventory/host.js';
import { loadInventory } from '../inventory/load.js';
import { readLimit } from '../inventory/limit.js';
import { selectHosts } from '../inventory/pattern.js';
import { expandPath } from '../inventory/written-path.js';
import { thisMachine } from '../ssh/config/machine.js';
import { openSession } from '../ssh/dial.js';
import { DialLimits } from '../ssh/dial-limits.js';
import { Dialer } from '../ssh/dialer.js';
import { KeyRing } from '../ssh/key-ring.js';
import { LocalTransport } from '../ssh/local-transport.js';
import { RedialSession } from '../ssh/redial-session.js';
import type { Session } from '../ssh/session.js';
import { ShellSession } from '../ssh/shell-session.js';
import { Connections } from './connections.js';
import { describeRules, describeTarget, Detail } from './detail.js';
import type { SourceOptions } from './source-options.js';
import { vaultPasswords } from './vault-options.js';
import { openVaultOf, openVaults, vaultOf } from '../inventory/vault.js';
import type { CommandContext, ExitStatus } from './context.js';
import { readExtraVars } from './extra-vars.js';
import { readPasswordFile } from './password-file.js';
import { failedHosts } from './rerun-failed.js';
import { RunDirectory } from './run-directory.js';

export interface FleetOptions extends SourceOptions {
  /** The folder of the playbook that is run: its group_vars/ and host_vars/ count. Default: the folder we are in. */
  readonly playFolder?: string | undefined;
  /** What ansible.cfg says of connections, below every host's own variables. */
  readonly connectionVars?: Vars | undefined;
  readonly user?: string | undefined;
  readonly askPass?: boolean | undefined;
  readonly privateKey?: string | undefined;
  readonly hostKeyChecking?: HostKeyChecking | undefined;
  readonly timeout?: number | undefined;
  readonly forks: number;
  readonly become?: boolean | undefined;
  readonly askBecomePass?: boolean | undefined;
  /** In place of -k and -K. */
  readonly connectionPasswordFile?: string | undefined;
  readonly becomePasswordFile?: string | undefined;
  readonly becomeMethod?: string | undefined;
  readonly becomeUser?: string | undefined;
  readonly sshCommonArgs?: string | undefined;
  readonly sshExtraArgs?: string | undefined;
  /** Only hosts that failed in this earlier run: its directory, or `last`. */
  readonly rerunFailed?: string | undefined;
  /** An inventory without a host that is chosen is none of a mistake: a playbook may name localhost. */
  readonly mayBeEmpty?: boolean;
  /** No inventory need be named: the hosts are known without one. Default: false. */
  readonly mayBeMissing?: boolean;
  /** Which hosts are worked on is not known yet: the caller has them checked (`check`). Default: those of the pattern are, at once. */
  readonly checksLater?: boolean;
  /** Where this run's directory is made, instead of among the others. */
  readonly runDir?: string | undefined;
}

export class Fleet {
  readonly inventory: Inventory;
  /** Those that the pattern and --limit choose. */
  readonly hosts: readonly Host[];
  /** --limit, its files read. */
  readonly limit: string | undefined;
  readonly context: CommandContext;
  /** What is left on disk of this run. */
  readonly run: RunDirectory;
  /** What -v tells. */
  readonly detail: Detail;
  readonly #connections: Connections;
  /** -k, as typed; a host's own variable goes before it. */
  readonly #password: string | undefined;
  readonly #limits = new DialLimits();
  readonly #dialer: Dialer;
  readonly #say: (line: string) => void;
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #facts = new Map<string, Promise<Facts>>();
  readonly #released: Promise<void>[] = [];
  #exitStatus: ExitStatus | null = null;

  private constructor(parts: Pick<Fleet, 'inventory' | 'hosts' | 'limit' | 'context' | 'run' | 'detail'>, connections: Connections, password: string | undefined) {
    this.inventory = parts.inventory;
    this.hosts = parts.hosts;
    this.limit = parts.limit;
    this.context = parts.context;
    // One for each connection being made, and for each command.
    setMaxListeners(Number.POSITIVE_INFINITY, this.context.interrupted);
    this.run = parts.run;
    this.detail = parts.detail;
    this.#connections = connections;
    this.#password = password;
    const { ask, askSecret, askLine, interrupted, stderr } = this.context;
    const askPerson = askSecret === undefined ? undefined : (prompt: string, isHidden: boolean) => (isHidden ? askSecret : (askLine ?? askSecret))(prompt);
    this.#say = (line) => void stderr.write(`  ${printable(line)}\n`);
    this.#dialer = new Dialer({ ask, askPerson, keyRing: new KeyRing(askSecret), limits: this.#limits, signal: interrupted, say: this.#say, trace: (line) => this.detail.say(3, () => line) });
  }

  /** Reads the inventory and checks the chosen hosts' connection variables before anything is dialled. @throws FleetTapError kind `input` */
  static async open(pattern: string, options: FleetOptions, context: CommandContext): Promise<Fleet> {
    const passwords = await vaultPasswords(options, context);
    const { playbookDir, rules, unknownNames } = options;
    const playFolder = options.playFolder ?? (playbookDir === undefined ? undefined : expandPath(playbookDir));
    const read = await loadInventory([...options.inventory], { vault: vaultOf(passwords), rules, playFolder, mayBeMissing: options.mayBeMissing });
    for (const warning of read.warnings) context.stderr.write(`warning: ${warning}\n`);
    const limit = await readLimit(options.limit);
    const opened = await openVaults(read, new Set(selectHosts(read, pattern, limit, unknownNames)), passwords);
    const isTyped = isWords(options.extraVars);
    const extraVars = isTyped ? await readExtraVars(options.extraVars, openVaultOf(passwords)) : options.extraVars;
    const inventory = isTyped ? { ...opened, hosts: opened.hosts.map((host) => ({ ...host, vars: { ...host.vars, ...extraVars } })) } : opened;
    const selected = selectHosts(inventory, pattern, limit, unknownNames);
    const failed = options.rerunFailed === undefined ? undefined : await failedHosts(options.rerunFailed, context.stateDirectory);
    const hosts = failed === undefined ? selected : selected.filter((host) => failed.has(host.name));
    if (failed !== undefined && hosts.length === 0) throw new FleetTapError('input', 'no-hosts', `none of these hosts failed in the run ${options.rerunFailed}`);
    if (hosts.length === 0 && (options.mayBeEmpty !== true || read.hosts.length > 0)) throw new FleetTapError('input', 'no-hosts', `no host matches ${options.limit ?? pattern}`, { hint: 'fleet-tap inventory --graph shows what there is' });
    const becomePassword = await passwordOf(options.becomePasswordFile, options.askBecomePass, '-K', context);
    const flags = { user: options.user, privateKeyFile: options.privateKey, hostKeyChecking: options.hostKeyChecking, connectTimeoutSec: options.timeout, become: options.become, defaultVars: options.connectionVars, becomePassword, becomeMethod: options.becomeMethod, becomeUser: options.becomeUser, sshCommonArgs: options.sshCommonArgs, sshExtraArgs: options.sshExtraArgs, extraVars };
    const connections = await Connections.open(inventory, flags, thisMachine({ ...process.env, SSH_AUTH_SOCK: context.agentSocket }), { vault: openVaultOf(passwords), playFolder });
    if (options.checksLater !== true) connections.check(hosts);
    const password = await passwordOf(options.connectionPasswordFile, options.askPass, '-k', context);
    const say = (line: string) => void context.stderr.write(`${line}\n`);
    // As they stand in the inventory: what was encrypted there stays so on disk.
    const chosen = new Set(hosts.map((host) => host.name));
    const asWritten = read.hosts.filter((host) => chosen.has(host.name));
    const about = { stateDirectory: context.stateDirectory, runDirectory: options.runDir, command: context.words[0] ?? '', words: context.words, hosts: asWritten, say };
    const detail = new Detail(context.stderr, options.verbose);
    detail.say(1, () => `configuration: ${options.configFile ?? 'no ansible.cfg'}`);
    detail.say(1, () => `inventory: ${options.inventory.join(' and ')}: ${inventory.hosts.length} in all; chosen: ${foldHosts(hosts.map((host) => host.name))}`);
    return new Fleet({ inventory, hosts, limit, context, detail, run: await RunDirectory.create(about) }, connections, password);
  }

  /** @throws FleetTapError kind `input`: one of them cannot be connected to, by what its variables say */
  check(hosts: readonly Host[]): void {
    this.#connections.check(hosts);
  }

  /** Whether it is this machine, without SSH. */
  isLocal(host: Host): boolean {
    return this.#connections.of(host).isLocal === true;
  }

  /** @throws FleetTapError, the same one each time it is asked */
  session(host: Host): Promise<Session> {
    const connection = this.#connections.of(host);
    if (connection.isLocal === true) return once(this.#sessions, { ...host, name: `${host.name} (local)` }, async () => new ShellSession(new LocalTransport(host.name), connection.become));
    return once(this.#sessions, host, () => {
      const target = this.#connections.target(host, this.#password);
      this.detail.say(2, () => describeTarget(target));
      if (this.detail.isAt(3)) for (const line of describeRules(target)) this.detail.say(3, () => line);
      const startedMs = performance.now();
      const opened = RedialSession.open(() => openSession(target, this.#dialer), this.#say);
      opened.then(() => this.detail.say(1, () => `${host.name}: connected to ${target.hostName} in ${((performance.now() - startedMs) / 1000).toFixed(2)} s`), () => {});
      return this.run.timed(host.name, 'connect', opened);
    });
  }

  /**
   * A new connection in place of one that was lost; from then on it is the host's.
   * @param signal when nobody waits for it any more
   * @throws FleetTapError kind `unreachable`
   */
  async reconnect(host: Host, signal: AbortSignal): Promise<Session> {
    const target = this.#connections.target(host, this.#password);
    const session = await RedialSession.open(() => openSession(target, this.#dialer, signal), this.#say);
    this.release(host);
    this.#sessions.set(connectionKey(host), Promise.resolve(session));
    return session;
  }

  /** Whether commands run as another user there: -b, or `ansible_become`. */
  becomes(host: Host): boolean {
    return this.#connections.of(host).become.always;
  }

  facts(host: Host): Promise<Facts> {
    return once(this.#facts, host, async () => this.run.timed(host.name, 'facts', gather(await this.session(host))));
  }

  /** Not what is remembered: tasks may have changed it. Ctrl-C ends it: a playbook has nothing to say without them. */
  async factsAnew(host: Host, localFrom: string): Promise<Facts> {
    return gather(await this.session(host), { localFrom, signal: this.context.interrupted });
  }

  /** What was known of a host may have changed: setup has installed something. */
  forgetFacts(): void {
    this.#facts.clear();
  }

  /** What the program will end with, and which hosts failed: for the run directory. */
  ends(status: ExitStatus, failures: ReadonlyMap<string, FleetTapError>): ExitStatus {
    for (const [host, error] of failures) this.run.failed(host, error);
    this.#exitStatus = status;
    return status;
  }

  /** Nothing more is wanted of this host: its connection ends while others work. */
  release(host: Host): void {
    this.#released.push(this.#closed(this.#sessions.get(connectionKey(host))));
  }

  async #closed(session: Promise<Session> | undefined): Promise<void> {
    await session?.then((open) => open.close()).catch(() => {});
  }

  async close(): Promise<void> {
    await this.run.finish(this.#exitStatus);
    await Promise.all([...this.#released, ...[...this.#sessions.values()].map((session) => this.#closed(session))]);
    await this.#dialer.close();
    const { retries } = this.#limits.counts;
    if (retries > 0) this.context.stderr.write(`  logins that were refused before they began, and tried again: ${retries} (sshd's MaxStartups)\n`);
  }
}

/** Not every command asks for facts, and reading their many files takes time. */
async function gather(session: Session, options?: { readonly localFrom: string; readonly signal: AbortSignal }): Promise<Facts> {
  const { gatherFacts } = await import('../facts/gather.js');
  return gatherFacts(session, options);
}

async function passwordOf(file: string | undefined, ask: boolean | undefined, option: '-k' | '-K', context: CommandContext): Promise<string | undefined> {
  if (file !== undefined) return readPasswordFile(file);
  return ask === true ? askPassword(context, option) : undefined;
}

/** As ansible's -k and -K. @throws FleetTapError kind `input` without a terminal */
async function askPassword(context: CommandContext, option: '-k' | '-K'): Promise<string> {
  if (context.askSecret !== undefined) return context.askSecret(option === '-k' ? 'SSH password: ' : 'BECOME password: ');
  const instead = option === '-k' ? 'set ansible_password in the inventory, or use a key' : 'set ansible_become_password in the inventory';
  throw new FleetTapError('input', 'no-terminal', `${option} asks for a password, and there is no terminal to ask at`, { hint: instead });
}

function once<T>(known: Map<string, Promise<T>>, host: Host, make: () => Promise<T>): Promise<T> {
  const key = connectionKey(host);
  let promise = known.get(key);
  if (promise === undefined) {
    promise = make().catch((error: unknown) => {
      throw asHostError(error, host.name);
    });
    known.set(key, promise);
  }
  return promise;
}

/** The kernel releases that a build host compiles for (`fleet_tap_build_for`); empty for a host that is captured from. */
export function buildForOf(host: Host): string[] {
  const value = host.vars.fleet_tap_build_for;
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new FleetTapError('input', 'variable', 'fleet_tap_build_for is not a list of kernel releases', { place: { host: host.name }, hint: 'write a list: [6.12.1-amd64]' });
}

/** The path of another stap than the first in the path (`fleet_tap_stap`), on a host that compiles. */
export function stapOf(host: Host): string | undefined {
  const value = host.vars.fleet_tap_stap;
  if (value === undefined || (typeof value === 'string' && value.startsWith('/'))) return value;
  throw new FleetTapError('input', 'variable', `fleet_tap_stap is ${JSON.stringify(value)}`, { place: { host: host.name }, hint: 'write the whole path of a stap on that host: /opt/systemtap/bin/stap' });
}

export type SymbolsMode = 'every-host' | 'per-kernel' | 'none';

export function symbolsOf(host: Host): SymbolsMode {
  const value = host.vars.fleet_tap_symbols ?? 'every-host';
  if (value === 'every-host' || value === 'per-kernel' || value === 'none') return value;
  throw new FleetTapError('input', 'variable', `fleet_tap_symbols is ${JSON.stringify(value)}`, { place: { host: host.name }, hint: 'write every-host, per-kernel or none' });
}

function isWords(vars: FleetOptions['extraVars']): vars is readonly string[] {
  return Array.isArray(vars);
}
