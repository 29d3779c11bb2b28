// The recap's counters of one host, while a playbook runs.
import type { RecapRow } from '../base/playbook-events.js';

export class Counts implements RecapRow {
  readonly host: string;
  ok = 0;
  changed = 0;
  unreachable = 0;
  failed = 0;
  skipped = 0;
  rescued = 0;
  ignored = 0;

  constructor(host: string) {
    this.host = host;
  }

  row(): RecapRow {
    const { host, ok, changed, unreachable, failed, skipped, rescued, ignored } = this;
    return { host, ok, changed, unreachable, failed, skipped, rescued, ignored };
  }
}
