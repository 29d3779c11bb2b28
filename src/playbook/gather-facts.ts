// The facts that a play asks for before its tasks, with its connection and environment; `Gathering Facts`, as Ansible tells it.
import { asHostError } from '../base/errors.js';
import type { Host } from '../inventory/host.js';
import { chosenOf, localFactsOf } from './fact-choice.js';
import type { Play } from './playbook.js';
import { type HostRun, OUTSIDE, type PlayEngine, type SettledTask } from './run-state.js';
import { knownEnvironment, reachedAs, settingsOf } from './settings.js';
import { DONE, failedResult } from './task-result.js';

/** Its name. */
export const FACTS = 'Gathering Facts';

/** @returns the hosts that are left */
export async function gatherFacts(engine: PlayEngine, hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
  const known = engine.run.gathering === 'smart' ? hosts.filter((host) => host.hasFacts) : [];
  const kept = await askFacts(engine, hosts.filter((host) => !known.includes(host)));
  return hosts.filter((host) => known.includes(host) || kept.includes(host));
}

async function askFacts(engine: PlayEngine, hosts: readonly HostRun[]): Promise<readonly HostRun[]> {
  const { play, run } = engine;
  const task = { name: FACTS, action: 'gather_facts', path: engine.pathOf(play) };
  return engine.onAll(task, hosts, 'task', async (host, id) => {
    try {
      const localFrom = localFactsOf(play.gathers, engine.scope(undefined, host, {}));
      const all = await run.interruption.during(host.host.name, () => run.facts(asPlaySays(engine, host), localFrom));
      const { env, ...facts } = chosenOf(all, play.gathers, engine.scope(undefined, host, {}));
      const more = knownEnvironment([play.own], engine.scope(undefined, host, {}));
      host.variables.facts = { ...host.variables.facts, ...facts, ...(env === undefined ? {} : { env: { ...(env as object), ...more } }) };
      host.hasFacts = true;
      host.counts.ok += 1;
      engine.tell(id, task, host, DONE);
      return true;
    } catch (error) {
      const result = failedResult(asHostError(error, host.host.name));
      engine.tell(id, task, host, result);
      return engine.settle(task.name, playAsTask(play), result, host, OUTSIDE);
    }
  });
}

/** The host as the play's connection, remote_user and port reach it. The environment may be made of facts: it comes later. */
function asPlaySays(engine: PlayEngine, host: HostRun): Host {
  return reachedAs(host.host, settingsOf([{ ...engine.play.own, environment: [] }], engine.scope(undefined, host, {}), engine.run));
}

/** The play itself, where something goes wrong that is no task's. */
export function playAsTask(play: Play): SettledTask {
  return { name: undefined, role: undefined, own: play.own, around: [], place: play.place, action: 'gather_facts' };
}
