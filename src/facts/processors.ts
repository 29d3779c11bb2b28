// What comes in: /proc/cpuinfo, and which processors this process may use. What goes out: how many there are, as Ansible counts them
// (facts/hardware/linux.py): sockets, cores of a socket, threads of a core.
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

const LISTED = new Set(['model name', 'Processor', 'vendor_id', 'cpu', 'Vendor', 'processor']);

export const processors: Fact = {
  name: 'processors',
  files: ['/proc/cpuinfo', '/proc/self/status', '/sys/hypervisor/type'],
  parse: (_output, files) => ({ processors: usable(files) || linesOf(files).filter(([key]) => key === 'processor').length || 1 }),
  ansible: (_output, files, known) => {
    const lines = linesOf(files);
    if (lines.length === 0) return {};
    const count = (name: string): number => lines.filter(([key]) => key === name).length;
    const listed = lines.filter(([key]) => LISTED.has(key)).map(([, value]) => value);
    const sockets = new Map<string, number>();
    const siblings = new Map<string, number>();
    let [socket, core] = ['0', '0'];
    for (const [key, value] of lines) {
      if (key === 'physical id') {
        socket = value;
        if (!sockets.has(socket)) sockets.set(socket, 1);
      } else if (key === 'core id') {
        core = value;
        siblings.set(core, siblings.get(core) ?? 1);
      } else if (key === 'cpu cores') sockets.set(socket, Number(value));
      else if (key === 'siblings') siblings.set(core, Number(value));
    }
    const isNumbered = /^(armv|aarch|ppc)/.test(String(known.architecture));
    const models = count('vendor_id') > 0 && count('vendor_id') === count('model name') ? count('vendor_id') : listed.length;
    const total = isNumbered ? count('processor') : models;
    const isXenParavirt = files.text('/sys/hypervisor/type') === 'xen' && lines.some(([key, value]) => key === 'flags' && !/\bvme\b/.test(value));
    const perSocket = [...sockets.values()][0] || 1;
    const threads = Math.floor(([...siblings.values()][0] ?? 1) / perSocket);
    const socketCount = sockets.size || total;
    return {
      processor: listed,
      processor_count: isXenParavirt ? total : socketCount,
      processor_cores: isXenParavirt ? total : perSocket,
      processor_threads_per_core: isXenParavirt ? 1 : threads,
      processor_vcpus: isXenParavirt ? total : threads * socketCount * perSocket,
      processor_nproc: usable(files) || count('processor'),
    };
  },
};

function linesOf(files: HostFiles): [key: string, value: string][] {
  return files.lines('/proc/cpuinfo').flatMap((line): [string, string][] => {
    const at = line.indexOf(':');
    return at === -1 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]];
  });
}

/** `Cpus_allowed_list: 0-3,8`; 0 when the kernel does not say. */
function usable(files: HostFiles): number {
  const list = files.lines('/proc/self/status').map((line) => /^Cpus_allowed_list:\s+([\d,-]+)$/.exec(line)?.[1]).find((one) => one !== undefined);
  return (list ?? '').split(',').reduce((sum, part) => {
    const [first = '', last = first] = part.split('-');
    return first === '' ? sum : sum + Number(last) - Number(first) + 1;
  }, 0);
}
