// fleet-tap teardown: playbooks/teardown.yml on the chosen hosts, and Ansible's recap.
import type { CommandContext, ExitStatus } from './context.js';
import { openShipped, playShipped, type ShippedOptions } from './shipped-playbook.js';

export async function teardown(options: ShippedOptions, context: CommandContext): Promise<ExitStatus> {
  const shipped = await openShipped('teardown', options, context);
  const { fleet } = shipped;
  try {
    const outcome = await playShipped(shipped, options);
    return fleet.ends(context.interrupted.aborted ? 130 : outcome.exitStatus, outcome.failures);
  } finally {
    await fleet.close();
  }
}
