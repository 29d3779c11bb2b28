// What comes in: a run directory, or `last`. What goes out: the hosts that failed or were not reached in that run.
// Guaranteed: a folder that is no run directory, or of a run that did not come to its end, is one clear sentence, never "no host failed".
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { readText } from '../base/read-text.js';
import { RUN_NAME } from './run-directory.js';

/**
 * @param where a run directory, or `last`: the newest one
 * @throws FleetTapError kind `input`: `run-directory`
 */
export async function failedHosts(where: string, stateDirectory: string): Promise<ReadonlySet<string>> {
  const path = where === 'last' ? await newest(stateDirectory) : where;
  const file = join(path, 'failures.json');
  let failures: unknown;
  try {
    failures = JSON.parse(await readText(file, 'list of failures'));
  } catch (cause) {
    const hint = 'a run that was killed leaves none; name a run that came to its end, or `last`';
    throw new FleetTapError('input', 'run-directory', `${path} is not the directory of a run that came to its end: its failures.json cannot be read`, { hint, cause });
  }
  if (!Array.isArray(failures)) throw new FleetTapError('input', 'run-directory', `${file} is not a list of failures`);
  return new Set(failures.flatMap((failure: { host?: unknown } | null) => (typeof failure?.host === 'string' ? [failure.host] : [])));
}

async function newest(stateDirectory: string): Promise<string> {
  const names = (await readdir(stateDirectory).catch(() => [])).filter((name) => RUN_NAME.test(name)).sort();
  const last = names.at(-1);
  if (last === undefined) throw new FleetTapError('input', 'run-directory', `there is no earlier run in ${stateDirectory}`, { hint: 'leave --rerun-failed out the first time' });
  return join(stateDirectory, last);
}
