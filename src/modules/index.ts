// All modules, by name. A playbook may write `apt` or `ansible.builtin.apt`, `sysctl` or `ansible.posix.sysctl`.
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
import { cron } from './cron.js';
import { modprobe } from './modprobe.js';
import { mount } from './mount.js';
import { sysctl } from './sysctl.js';
import { service, systemd, systemdService } from './systemd.js';
import { addHost, gatherFacts, groupBy, includeVars, ping, setup } from './facts-modules.js';
import { getent, packageFacts, serviceFacts } from './host-databases.js';
import { getUrl } from './get-url.js';
import { raw, script } from './raw.js';
import { unarchive } from './unarchive.js';
import { pause, reboot, waitFor, waitForConnection } from './waiting.js';
import { group } from './group.js';
import { user } from './user.js';
import { slurp } from './slurp.js';
import { lineinfile } from './lineinfile.js';
import { replace } from './replace.js';
import { tempfile } from './tempfile.js';
import { template } from './template.js';
import { assert, debug, fail, meta, setFact, setStats } from './local.js';
import type { AnyModule } from './module.js';
import { foreignModule } from './foreign.js';
import { stat } from './stat.js';
import { validateArgumentSpec } from './validate-argument-spec.js';

const all = [addHost, apt, aptKey, aptRepository, assert, blockinfile, command, copy, cron, deb822Repository, debconf, debug, dpkgSelections, fail, fetch, file, find, gatherFacts, getent, getUrl, group, groupBy, includeVars, lineinfile, meta, modprobe, mount, packageFacts, packageModule, pause, ping, raw, reboot, replace, script, service, serviceFacts, setFact, setStats, setup, shell, slurp, stat, sysctl, systemd, systemdService, tempfile, template, unarchive, user, validateArgumentSpec, waitFor, waitForConnection] as readonly unknown[] as readonly AnyModule[];

/** A module by any name that Ansible takes for it: short, ansible.builtin., ansible.legacy., or with its collection. */
export function moduleNamed(written: string): AnyModule | undefined {
  const name = written.slice(written.lastIndexOf('.') + 1);
  const module = modules.get(name);
  const collection = written.slice(0, -name.length);
  if (module === undefined) return foreignModule(written);
  return ['', 'ansible.builtin.', 'ansible.legacy.', `${module.collection ?? 'ansible.builtin'}.`].includes(collection) ? module : undefined;
}

export const modules: ReadonlyMap<string, AnyModule> = new Map(all.map((module) => [module.name, module]));
