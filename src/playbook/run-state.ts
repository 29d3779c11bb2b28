// What the parts of a playbook run share: one host's state, and what all plays use.
import type { FleetTapError } from '../base/errors.js';
import type { PlaybookReporter } from '../base/playbook-events.js';
import type { Host, Inventory } from '../inventory/host.js';
import type { ActionHost } from '../modules/module.js';
import type { Session } from '../ssh/session.js';
import type { Counts } from './counts.js';
import type { LocalFiles } from './local-files.js';
import type { HostVariables } from './variables.js';

export interface HostRun {
  readonly host: Host;
  readonly counts: Counts;
  readonly variables: HostVariables;
  isUnreachable: boolean;
}

/** What the plays of one run share. */
export interface PlaybookRun {
  readonly reporter: PlaybookReporter;
  readonly check: boolean;
  readonly diff: boolean;
  readonly become: boolean;
  readonly variables: { readonly inventory: Inventory; readonly hosts: ReadonlyMap<string, HostVariables>; readonly magic: Readonly<Record<string, unknown>> };
  readonly failures: Map<string, FleetTapError>;
  session(host: HostRun): Promise<Session>;
  facts(host: Host): Promise<Readonly<Record<string, unknown>>>;
  readonly files: LocalFiles;
  reconnect(host: HostRun): Promise<void>;
  readonly ask: ActionHost['ask'];
  sleep(sec: number): Promise<void>;
  /** The play's hosts that have not failed: `ansible_play_hosts`. */
  setPlayHosts(names: readonly string[]): void;
}
