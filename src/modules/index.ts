// All modules, by name. A playbook may write `apt` or `ansible.builtin.apt`.
import { apt } from './apt.js';
import { command, shell } from './command.js';
import { copy } from './copy.js';
import { file } from './file.js';
import { assert, debug, fail, meta, setFact } from './local.js';
import type { AnyModule } from './module.js';
import { stat } from './stat.js';

const all = [apt, assert, command, copy, debug, fail, file, meta, setFact, shell, stat] as readonly unknown[] as readonly AnyModule[];

export const modules: ReadonlyMap<string, AnyModule> = new Map(all.map((module) => [module.name, module]));
