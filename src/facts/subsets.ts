// What comes in: facts under Ansible's names, and gather_subset (`!all`, `network`, `mounts` …). What goes out: those facts that Ansible would have
// gathered. All facts come in one round trip here; but a playbook may ask whether one is defined, so what was not asked for is not there.
// The rules are those of module_utils/facts/collector.py (get_collector_names), the names those of ansible-core 2.19 on Linux.
import { globToRegExp } from '../inventory/glob.js';
import type { AnsibleFacts } from './fact.js';

interface Collector {
  /** Other names that it goes by. */
  readonly ids?: readonly string[];
  /** Collectors that run with it. */
  readonly needs?: readonly string[];
  /** Its facts. */
  readonly gives: RegExp;
}

/** The last one has the rest: interfaces are facts under their own names. */
const COLLECTORS: Readonly<Record<string, Collector>> = {
  platform: { ids: ['system', 'kernel', 'kernel_version', 'machine', 'python_version', 'architecture', 'machine_id'], gives: /^(system|kernel|kernel_version|machine|machine_id|python_version|fqdn|hostname|nodename|domain|(userspace_)?(bits|architecture))$/ },
  distribution: { ids: ['distribution_version', 'distribution_release', 'distribution_major_version', 'os_family'], gives: /^(distribution(_.*)?|os_family)$/ },
  lsb: { gives: /^lsb$/ },
  selinux: { gives: /^selinux(_python_present)?$/ },
  apparmor: { gives: /^apparmor$/ },
  chroot: { ids: ['is_chroot'], gives: /^is_chroot$/ },
  fips: { gives: /^fips$/ },
  python: { gives: /^python$/ },
  caps: { ids: ['system_capabilities', 'system_capabilities_enforced'], gives: /^system_capabilities(_enforced)?$/ },
  pkg_mgr: { needs: ['distribution'], gives: /^pkg_mgr$/ },
  service_mgr: { needs: ['platform', 'distribution'], gives: /^service_mgr$/ },
  cmdline: { gives: /^(proc_)?cmdline$/ },
  date_time: { gives: /^date_time$/ },
  env: { gives: /^env$/ },
  loadavg: { gives: /^loadavg$/ },
  ssh_pub_keys: { ids: ['ssh_host_pub_keys', ...['dsa', 'rsa', 'ecdsa', 'ed25519'].map((kind) => `ssh_host_key_${kind}_public`)], gives: /^ssh_host_key_/ },
  user: { ids: ['user_id', 'user_uid', 'user_gid', 'user_gecos', 'user_dir', 'user_shell', 'real_user_id', 'effective_user_id', 'effective_group_ids'], gives: /^(user|real_user|effective_user|real_group|effective_group)_(id|ids|uid|gid|gecos|dir|shell)$/ },
  systemd: { gives: /^systemd$/ },
  virtual: { ids: ['virtualization_type', 'virtualization_role', 'virtualization_tech_guest', 'virtualization_tech_host'], gives: /^virtualization_/ },
  hardware: {
    ids: ['processor', 'processor_cores', 'processor_count', 'mounts', 'devices'],
    needs: ['platform'],
    gives: /^(processor|processor_.*|flags|mem(total|free)_mb|swap(total|free)_mb|memory_mb|mounts|devices|device_links|uptime_seconds|(bios|board|chassis|product)_.*|form_factor|system_vendor|lvm)$/,
  },
  dns: { gives: /^dns$/ },
  fibre_channel_wwn: { gives: /^fibre_channel_wwn$/ },
  iscsi: { gives: /^iscsi_iqn$/ },
  nvme: { gives: /^hostnqn$/ },
  local: { gives: /^local$/ },
  facter: { gives: /^facter$/ },
  ohai: { gives: /^ohai$/ },
  network: { ids: ['interfaces', 'default_ipv4', 'default_ipv6', 'all_ipv4_addresses', 'all_ipv6_addresses'], needs: ['platform', 'distribution'], gives: /^/ },
};

/** Gathered unless `!min` is said (modules/setup.py). */
const MINIMAL = ['apparmor', 'caps', 'cmdline', 'date_time', 'distribution', 'dns', 'env', 'fips', 'local', 'lsb', 'pkg_mgr', 'platform', 'python', 'selinux', 'service_mgr', 'ssh_pub_keys', 'user'];

const VALID: ReadonlySet<string> = new Set(Object.entries(COLLECTORS).flatMap(([name, { ids = [] }]) => [name, ...ids]));

/** The first name that none may ask for, in Ansible's words; to leave out what is unknown is no mistake. */
export function badSubset(subset: readonly string[]): string | undefined {
  const bad = subset.find((name) => name !== 'all' && name !== 'min' && !name.startsWith('!') && !VALID.has(name));
  return bad === undefined ? undefined : `Bad subset '${bad}' given to Ansible. gather_subset options allowed: all, ${[...VALID].sort().join(', ')}`;
}

/** @param subset none that `badSubset` tells */
function factsOfSubset(facts: AnsibleFacts, subset: readonly string[]): AnsibleFacts {
  const collectors = collectorsFor(subset);
  const giver = (fact: string) => Object.entries(COLLECTORS).find(([, { gives }]) => gives.test(fact))?.[0] ?? '';
  // What Ansible has no name for comes along.
  return Object.fromEntries(Object.entries(facts).filter(([fact]) => fact === 'fleet_tap' || collectors.has(giver(fact))));
}

function collectorsFor(subset: readonly string[]): ReadonlySet<string> {
  const names = namesFor(subset);
  const asked = Object.entries(COLLECTORS).filter(([name, { ids = [] }]) => [name, ...ids].some((one) => names.has(one)));
  return new Set(asked.flatMap(([name, { needs = [] }]) => [name, ...needs]));
}

/** What is said by its own name is gathered even where a name above it is left out. */
function namesFor(subset: readonly string[]): ReadonlySet<string> {
  const added = new Set(MINIMAL);
  const left = new Set<string>();
  const named = new Set<string>();
  const all = (into: Set<string>, names: Iterable<string>) => {
    for (const name of names) into.add(name);
  };
  for (const one of subset.length === 0 ? ['all'] : subset) {
    const name = one.replace(/^!/, '');
    if (one === 'all') all(added, VALID);
    else if (one === '!all') all(left, [...VALID].filter((valid) => !MINIMAL.includes(valid)));
    else if (one === '!min') all(left, MINIMAL);
    else if (one.startsWith('!')) all(left, [name, ...(COLLECTORS[name]?.ids ?? [])]);
    else if (one !== 'min') all(named, [name]);
  }
  return new Set([...[...added].filter((name) => !left.has(name)), ...named]);
}

/** What setup says of itself: variables by these very names, without `ansible_`. */
export const BARE_FACTS: readonly string[] = ['gather_subset', 'module_setup'];

/** What setup makes of these parameters: the facts, and what it says of itself. @param filter globs, of names with or without `ansible_` */
export function chosenFacts(facts: AnsibleFacts, subset: readonly string[], filter: readonly string[]): AnsibleFacts {
  const chosen = { ...factsOfSubset(facts, subset), gather_subset: [...subset], module_setup: true };
  if (filter.length === 0) return chosen;
  const wanted = filter.map((glob) => {
    const isWhole = /^(ansible_|facter|ohai)/.test(glob);
    const pattern = globToRegExp(glob);
    return (name: string) => glob === '' || pattern.test(`ansible_${name}`) || (!isWhole && pattern.test(name));
  });
  return Object.fromEntries(Object.entries(chosen).filter(([name]) => wanted.some((matches) => matches(name))));
}
