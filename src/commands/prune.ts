// fleet-tap setup --prune: playbooks/prune.yml on the chosen hosts, Ansible's recap, then what doctor finds. Nothing is installed.
import type { CommandContext, ExitStatus } from './context.js';
import { examine } from './doctor.js';
import { openShipped, playShipped, type ShippedOptions } from './shipped-playbook.js';

/** @throws FleetTapError kind `input` */
export async function prune(options: ShippedOptions, context: CommandContext): Promise<ExitStatus> {
  const shipped = await openShipped('prune', options, context);
  const { fleet } = shipped;
  try {
    const outcome = await playShipped(shipped, options);
    if (context.interrupted.aborted) return fleet.ends(130, outcome.failures);
    if (options.check) return fleet.ends(outcome.exitStatus, outcome.failures);
    fleet.forgetFacts();
    const examined = await examine(fleet, context);
    return fleet.ends(outcome.exitStatus === 0 ? examined : outcome.exitStatus, outcome.failures);
  } finally {
    await fleet.close();
  }
}
