// What comes in: the recap's rows. What goes out: Ansible's text (plugins/callback/default.py, v2_playbook_on_stats), without colour.
import { banner } from '../base/banner.js';
import type { RecapRow } from '../base/playbook-events.js';

const COUNTS = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const;

/** Hosts in the order of their names; ends with a newline. */
export function formatRecap(rows: readonly RecapRow[]): string {
  const sorted = rows.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0));
  const lines = sorted.map((row) => {
    const counts = COUNTS.map((name) => `${name}=${String(row[name]).padEnd(4)}`);
    return `${row.host.padEnd(26)} : ${counts.join(' ')}`;
  });
  return `${[banner('PLAY RECAP'), ...lines].join('\n')}\n`;
}
