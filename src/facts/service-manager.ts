// What comes in: the mark of a running systemd (sd_booted(3)) and the name of process 1. What goes out: what starts services here.
import type { Fact } from './fact.js';

export const serviceManager: Fact = {
  name: 'service-manager',
  command: `if [ -d /run/systemd/system ]; then echo systemd
elif [ -d /run/openrc ]; then echo openrc
elif [ -r /proc/1/comm ]; then read -r word </proc/1/comm; printf 'process %s\\n' "$word"; fi`,
  parse: (output) => {
    const word = output.trim();
    if (word === 'systemd' || word === 'openrc') return { serviceManager: word };
    return { serviceManager: word === 'process init' ? 'sysvinit' : 'none' };
  },
};
