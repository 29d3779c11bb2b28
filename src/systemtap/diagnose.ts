// What comes in: what stap or staprun printed when it failed. What goes out: one sentence and what to do.
// Not here: the texts themselves (error-table.ts).
import { lastLines, type HostText } from '../base/host-text.js';
import { ERROR_TABLE } from './error-table.js';

export interface Diagnosis {
  /** Stable, for example `symbols-missing`. */
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
}

/** @param release the kernel that was compiled for or loaded into, for the sentence */
export function diagnose(output: HostText, release: string): Diagnosis {
  for (const row of ERROR_TABLE) {
    const match = row.pattern.exec(output);
    if (match !== null) return { code: row.code, sentence: lastLines(row.sentence(match, release), 1), hint: row.hint };
  }
  const said = lastLines(output.replace(/^Tip: .*$/gm, ''), 3).replaceAll('\n', ' | ');
  return { code: 'stap-failed', sentence: said === '' ? 'stap failed and said nothing' : `stap failed: ${said}`, hint: 'the whole output is what the same command prints on the host' };
}
