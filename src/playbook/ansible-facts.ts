// What comes in: Facts. What goes out: the same under Ansible's names (facts/system/distribution.py and others); plain data, never templates.
// Only what Facts knows: a fact that is not here is undefined, and says so when it is used.
import type { Facts } from '../facts/facts.js';

/** Without the prefix `ansible_`: the keys of `ansible_facts`. */
export function ansibleFacts(facts: Facts): Readonly<Record<string, unknown>> {
  const isV4 = (address: string) => /^\d+\.\d+\.\d+\.\d+$/.test(address);
  const addresses = facts.addresses.map(({ address }) => address);
  const [major = ''] = facts.distributionVersion.split('.');
  return {
    distribution: facts.distribution,
    distribution_version: facts.distributionVersion,
    distribution_major_version: major,
    distribution_release: facts.codename,
    os_family: facts.osFamily,
    kernel: facts.kernelRelease,
    kernel_version: facts.kernelBuild,
    system: 'Linux',
    architecture: facts.architecture,
    machine: facts.architecture,
    nodename: facts.nodename,
    hostname: facts.nodename.split('.')[0] ?? '',
    pkg_mgr: facts.osFamily === 'Debian' ? 'apt' : 'unknown',
    service_mgr: facts.serviceManager,
    memtotal_mb: facts.memoryTotalMb,
    processor_vcpus: facts.processors,
    user_uid: facts.uid,
    virtualization_type: facts.virtualization,
    all_ipv4_addresses: addresses.filter((address) => isV4(address) && !address.startsWith('127.')),
    all_ipv6_addresses: addresses.filter((address) => !isV4(address) && address !== '::1'),
  };
}
