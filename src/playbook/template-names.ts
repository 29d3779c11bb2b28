// What comes in: a template file and a task's names. What goes out: names that know the file as well: `ansible_managed`, `template_path` and the like.
// Source: Ansible's template/__init__.py (generate_ansible_template_vars). Not here: names that the module gives itself (template_path as written).
import type { Stats } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { DateTime } from '../base/datetime.js';
import type { Names } from './expression/evaluate.js';
import { Undefined } from './expression/undefined.js';

const MANAGED = 'Ansible managed';

export function templateNames(names: Names, path: string, stats: Stats): Names {
  const own: Readonly<Record<string, () => unknown>> = {
    ansible_managed: () => MANAGED,
    template_host: () => hostname(),
    template_path: () => path,
    template_fullpath: () => path,
    template_mtime: () => DateTime.local(stats.mtime),
    template_run_date: () => DateTime.local(new Date()),
    template_uid: () => (stats.uid === process.getuid?.() ? userInfo().username : String(stats.uid)),
  };
  return {
    vault: names.vault,
    renderFile: names.renderFile,
    controller: names.controller,
    get: (name) => {
      const value = names.get(name);
      return value instanceof Undefined && Object.hasOwn(own, name) ? own[name]?.() : value;
    },
  };
}
