// What comes in: the marks that facts/virtualization.ts collects. What goes out: Ansible's virtualization_type, _role and _tech_*.
// The first finding decides type and role; every finding is one more tech. The order is that of ansible-core's facts/virtual/linux.py.
// Not here: dmidecode (VMware and bhyve on kernels without /sys), s390's hypervisor by lscpu.
import type { HostText } from '../base/host-text.js';
import type { AnsibleFacts } from './fact.js';
import type { HostFiles } from './host-files.js';

interface Finding {
  readonly tech: string;
  readonly role: 'guest' | 'host';
  readonly type?: string;
}

const guest = (tech: string): Finding => ({ tech, role: 'guest' });
const host = (tech: string): Finding => ({ tech, role: 'host' });

const DMI = '/sys/devices/virtual/dmi/id';
const BY_PRODUCT: Readonly<Record<string, string>> = {
  KVM: 'kvm', 'KVM Server': 'kvm', Bochs: 'kvm', AHV: 'kvm', 'VMware Virtual Platform': 'VMware', 'VMware7,1': 'VMware', 'OpenStack Compute': 'openstack', 'OpenStack Nova': 'openstack',
};
const BY_BIOS: Readonly<Record<string, string>> = { Xen: 'xen', 'innotek GmbH': 'virtualbox', 'Amazon EC2': 'kvm', DigitalOcean: 'kvm', Hetzner: 'kvm' };
const BY_VENDOR: Readonly<Record<string, string>> = {
  QEMU: 'kvm', 'Amazon EC2': 'kvm', DigitalOcean: 'kvm', Google: 'kvm', Scaleway: 'kvm', Nutanix: 'kvm', KubeVirt: 'KubeVirt', 'Microsoft Corporation': 'VirtualPC',
  'Parallels Software International Inc.': 'parallels', 'OpenStack Foundation': 'openstack',
};
const CONTAINERS = new Set(['docker', 'lxc', 'podman', 'openvz', 'containerd']);

export function ansibleVirtualization(output: HostText, files: HostFiles): AnsibleFacts {
  const systemd = files.text('/run/systemd/container');
  const containers = containersOf(output, files, systemd);
  const isContainer = containers.some(({ tech, role }) => role === 'guest' && CONTAINERS.has(tech)) || systemd !== undefined;
  const findings = [...containers, ...machinesOf(output, files)];
  const [first] = findings;
  const techs = (role: Finding['role']): string[] => [...new Set(findings.filter((finding) => finding.role === role).map(({ tech }) => tech))];
  return {
    virtualization_type: first?.type ?? first?.tech ?? 'NA',
    virtualization_role: first?.role ?? 'NA',
    virtualization_tech_guest: [...new Set([...techs('guest'), ...(isContainer ? ['container'] : [])])],
    virtualization_tech_host: techs('host'),
  };
}

function containersOf(output: HostText, files: HostFiles, systemd: string | undefined): Finding[] {
  const exists = (path: string): boolean => output.split('\n').includes(`exists ${path}`);
  const findings: Finding[] = [];
  for (const line of files.lines('/proc/1/cgroup')) {
    if (/\/docker(\/|-[0-9a-f]+\.scope)/.test(line)) findings.push(guest('docker'));
    if (/\/lxc\/|\/machine\.slice\/machine-lxc/.test(line)) findings.push(guest('lxc'));
    if (line.includes('/system.slice/containerd.service')) findings.push(guest('containerd'));
  }
  for (const [, value = ''] of output.matchAll(/^container=(.*)$/gm)) {
    if (value.startsWith('lxc')) findings.push(guest('lxc'));
    if (value.startsWith('podman')) findings.push(guest('podman'));
    if (value !== '') findings.push(guest('container'));
  }
  if (exists('/proc/vz') && !exists('/proc/lve')) findings.push(exists('/proc/bc') ? host('openvz') : guest('openvz'));
  if (systemd !== undefined) findings.push(guest(systemd));
  if (exists('/.dockerenv') || exists('/.dockerinit')) findings.push(guest('docker'));
  return findings;
}

function machinesOf(output: HostText, files: HostFiles): Finding[] {
  const exists = (path: string): boolean => output.split('\n').includes(`exists ${path}`);
  const findings: Finding[] = [];
  const add = (finding: string | Finding | undefined): void => {
    if (finding !== undefined) findings.push(typeof finding === 'string' ? guest(finding) : finding);
  };
  if (exists('/proc/xen')) add(files.lines('/proc/xen/capabilities').some((line) => line.includes('control_d')) ? host('xen') : 'xen');
  const [product, vendor, family, bios] = ['product_name', 'sys_vendor', 'product_family', 'bios_vendor'].map((name) => files.text(`${DMI}/${name}`) ?? '');
  add(BY_PRODUCT[product ?? '']);
  if (vendor === 'oVirt') add('oVirt');
  if (vendor === 'Red Hat') add(family === 'RHV' ? 'RHV' : product === 'RHEV Hypervisor' ? 'RHEV' : undefined);
  add(BY_BIOS[bios ?? '']);
  add(BY_VENDOR[vendor ?? '']);
  const cpu = files.lines('/proc/cpuinfo');
  if (cpu.some((line) => /^model name.*QEMU Virtual CPU|^machine.*CHRP IBM pSeries .emulated by qemu./.test(line))) add('kvm');
  if (cpu.some((line) => /^vendor_id.*User Mode Linux|^model name.*UML/.test(line))) add('uml');
  const modules = new Set(files.lines('/proc/modules').map((line) => line.split(' ', 1)[0]));
  if (modules.has('kvm')) add(host('kvm'));
  if (modules.has('vboxdrv')) add(host('virtualbox'));
  // Ansible counts the module as a host's tech, and the machine as a guest.
  if (modules.has('virtio')) add(findings.length === 0 ? { tech: 'kvm', role: 'guest' } : host('kvm'));
  if (exists('/dev/kvm')) add(host('kvm'));
  return findings;
}
