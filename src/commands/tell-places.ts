// What comes in: the failures of a run, by host. What goes out: lines for standard error that say where in the playbook they stand, each once, with all its hosts.
// The failure itself has been told with its task; one without a line of a file has nothing to add.
import { FleetTapError, formatError } from '../base/errors.js';
import { printable } from '../base/host-text.js';
import { foldHosts } from '../inventory/fold.js';

export function failedPlaces(failures: ReadonlyMap<string, FleetTapError>): string {
  const alike = new Map<string, { readonly error: FleetTapError; readonly hosts: string[] }>();
  for (const [host, error] of failures) {
    if (error.place.line === undefined) continue;
    const { host: _, ...place } = error.place;
    const key = JSON.stringify([place, error.message]);
    const known = alike.get(key) ?? { error, hosts: [] };
    known.hosts.push(host);
    alike.set(key, known);
  }
  return [...alike.values()].map(({ error, hosts }) => `${printable(formatError(placed(error, foldHosts(hosts))))}\n`).join('');
}

function placed({ kind, code, message, place, sourceLine, hint }: FleetTapError, host: string): FleetTapError {
  return new FleetTapError(kind, code, message, { place: { ...place, host }, ...(sourceLine === undefined ? {} : { sourceLine }), ...(hint === undefined ? {} : { hint }) });
}
