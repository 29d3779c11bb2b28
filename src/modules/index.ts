// All modules, by name. A playbook may write `apt` or `ansible.builtin.apt`.
import { apt } from './apt.js';
import { command, shell } from './command.js';
import { copy } from './copy.js';
import { file } from './file.js';
import { blockinfile } from './blockinfile.js';
import { fetch } from './fetch.js';
import { find } from './find.js';
import { aptKey } from './apt-key.js';
import { aptRepository } from './apt-repository.js';
import { deb822Repository } from './deb822-repository.js';
import { debconf } from './debconf.js';
import { dpkgSelections } from './dpkg-selections.js';
import { packageModule } from './package.js';
import { group } from './group.js';
import { user } from './user.js';
import { slurp } from './slurp.js';
import { lineinfile } from './lineinfile.js';
import { replace } from './replace.js';
import { template } from './template.js';
import { assert, debug, fail, meta, setFact } from './local.js';
import type { AnyModule } from './module.js';
import { stat } from './stat.js';

const all = [apt, aptKey, aptRepository, assert, blockinfile, command, copy, deb822Repository, debconf, debug, dpkgSelections, fail, fetch, file, find, group, lineinfile, meta, packageModule, replace, setFact, shell, slurp, stat, template, user] as readonly unknown[] as readonly AnyModule[];

export const modules: ReadonlyMap<string, AnyModule> = new Map(all.map((module) => [module.name, module]));
