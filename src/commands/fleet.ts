// What comes in: inventory options. What goes out: the chosen hosts, and one connection and one set of facts for each, made when first asked for.
// Guaranteed: a host is dialled once; its failure is remembered and is its own: the other hosts go on.
import pLimit from 'p-limit';
import { asHostError, FleetTapError } from '../base/errors.js';
import type { Facts } from '../facts/facts.js';
import { gatherFacts } from '../facts/gather.js';
import { type ConnectionFlags, connectionOf, type HostKeyChecking } from '../inventory/connection.js';
import type { Host, Inventory } from '../inventory/host.js';
import { loadInventory } from '../inventory/load.js';
import { readLimit } from '../inventory/limit.js';
import { selectHosts } from '../inventory/pattern.js';
import { dial } from '../ssh/dial.js';
import type { Session } from '../ssh/session.js';
import type { CommandContext } from './context.js';

/** Connections being made at once: sshd's MaxStartups is per host, a bastion's concern comes later. */
const DIALS_AT_ONCE = 32;

export interface FleetOptions {
  readonly inventory: readonly string[];
  readonly limit?: string | undefined;
  readonly user?: string | undefined;
  readonly privateKey?: string | undefined;
  readonly hostKeyChecking?: HostKeyChecking | undefined;
  readonly timeout?: number | undefined;
  readonly forks: number;
}

export class Fleet {
  readonly inventory: Inventory;
  /** Those that the pattern and --limit choose. */
  readonly hosts: readonly Host[];
  /** --limit, its files read. */
  readonly limit: string | undefined;
  readonly context: CommandContext;
  readonly #flags: ConnectionFlags;
  readonly #dials = pLimit(DIALS_AT_ONCE);
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #facts = new Map<string, Promise<Facts>>();

  private constructor(inventory: Inventory, hosts: readonly Host[], limit: string | undefined, flags: ConnectionFlags, context: CommandContext) {
    this.inventory = inventory;
    this.hosts = hosts;
    this.limit = limit;
    this.#flags = flags;
    this.context = context;
  }

  /** Reads the inventory and checks every host's connection variables before anything is dialled. @throws FleetTapError kind `input` */
  static async open(pattern: string, options: FleetOptions, context: CommandContext): Promise<Fleet> {
    const inventory = await loadInventory([...options.inventory]);
    const limit = await readLimit(options.limit);
    const hosts = selectHosts(inventory, pattern, limit);
    if (hosts.length === 0) throw new FleetTapError('input', 'no-hosts', `no host matches ${options.limit ?? pattern}`, { hint: 'fleet-tap inventory --graph shows what there is' });
    const flags = { user: options.user, privateKeyFile: options.privateKey, hostKeyChecking: options.hostKeyChecking, connectTimeoutSec: options.timeout };
    for (const host of inventory.hosts) connectionOf(host, flags);
    return new Fleet(inventory, hosts, limit, flags, context);
  }

  /** @throws FleetTapError, the same one each time it is asked */
  session(host: Host): Promise<Session> {
    return once(this.#sessions, host, () =>
      this.#dials(() => dial(connectionOf(host, this.#flags), { ask: this.context.ask, agentSocket: this.context.agentSocket })),
    );
  }

  facts(host: Host): Promise<Facts> {
    return once(this.#facts, host, async () => gatherFacts(await this.session(host)));
  }

  /** What was known of a host may have changed: setup has installed something. */
  forgetFacts(): void {
    this.#facts.clear();
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.#sessions.values());
    await Promise.allSettled(open.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)));
  }
}

function once<T>(known: Map<string, Promise<T>>, host: Host, make: () => Promise<T>): Promise<T> {
  let promise = known.get(host.name);
  if (promise === undefined) {
    promise = make().catch((error: unknown) => {
      throw asHostError(error, host.name);
    });
    known.set(host.name, promise);
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

export type SymbolsMode = 'every-host' | 'per-kernel' | 'none';

export function symbolsOf(host: Host): SymbolsMode {
  const value = host.vars.fleet_tap_symbols ?? 'every-host';
  if (value === 'every-host' || value === 'per-kernel' || value === 'none') return value;
  throw new FleetTapError('input', 'variable', `fleet_tap_symbols is ${JSON.stringify(value)}`, { place: { host: host.name }, hint: 'write every-host, per-kernel or none' });
}
