// Says what becomes of a playbook when Ctrl-C comes: at once what is still waited for, at the end that the rest has not run.
import type { CommandContext } from './context.js';

/** @returns called when the playbook is over */
export function tellInterruption({ interrupted, stderr }: CommandContext): () => void {
  const tell = () => void stderr.write('\ninterrupted: no further task begins; what a module is changing is finished first (Ctrl-C again does not wait for it)\n');
  interrupted.addEventListener('abort', tell, { once: true });
  return () => {
    interrupted.removeEventListener('abort', tell);
    if (interrupted.aborted) stderr.write('interrupted: the rest of the playbook has not run, nor handlers that were notified\n');
  };
}
