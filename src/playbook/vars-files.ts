// vars_files of a play for one host: the names may hold variables and facts of the host (vars/manager.py).
import { resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { toText } from './expression/values.js';
import type { Play, WrittenVars } from './playbook.js';
import { firstFile, readVarsFile } from './read-file.js';
import { render } from './template.js';
import type { Scope } from './variables.js';

/** Lowest first. @throws FleetTapError */
export async function readVarsFiles(play: Play, scope: Scope): Promise<WrittenVars[]> {
  const found: WrittenVars[] = [];
  for (const { candidates, vars, place } of play.varsFiles) {
    if (vars !== undefined) {
      found.push(vars);
      continue;
    }
    const names = candidates.map((candidate) => toText(render(candidate, scope)));
    const path = await firstFile(names.flatMap((name) => [resolve(play.folder, 'vars', name), resolve(play.folder, name)]));
    if (path === undefined) throw new FleetTapError('host', 'file-missing', `vars_files: there is no file ${names.join(', ')}`, { place });
    found.push(await readVarsFile(path, play.vault));
  }
  return found;
}
