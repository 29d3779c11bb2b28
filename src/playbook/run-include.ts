// include_tasks and include_role: which files or roles which hosts include, then their tasks, one file after the other.
import { FleetTapError } from '../base/errors.js';
import { inherited } from './directives.js';
import { toText } from './expression/values.js';
import { Omit as Omitted } from './expression/kinds.js';
import { HostTask } from './host-task.js';
import type { Include, Included, RoleFiles } from './playbook.js';
import type { Around, HostRun, PlayEngine } from './run-state.js';
import { controlOf, looped, skippedBy } from './run-task.js';
import { chainOf, switchOf } from './settings.js';
import { wantedSteps } from './tags.js';
import { DONE, failedResult, type TaskResult } from './task-result.js';
import { plainName, taskName } from './task-scope.js';
import { render, Template } from './template.js';
import type { Scope } from './variables.js';

/** What one host includes once; a loop gives several. */
interface Wanted {
  readonly target: string;
  /** Of a role: the files that are not `main`. */
  readonly from: RoleFiles;
  readonly locals: Readonly<Record<string, unknown>>;
  readonly item: string | undefined;
  readonly hosts: HostRun[];
}

/** @returns the hosts that go on */
export async function runInclude(play: PlayEngine, include: Include, hosts: readonly HostRun[], around: Around, kind: 'task' | 'handler'): Promise<readonly HostRun[]> {
  const [first] = hosts;
  if (first === undefined) return hosts;
  const names = play.scope(include, first, around.locals);
  if (hosts.length > 1 && play.play.strategy === 'linear' && switchOf(inherited(chainOf(include), 'runOnce'), names) === true) {
    const kept = await runInclude(play, include, [first], around, kind);
    return hosts.filter((host) => host !== first || kept.includes(host));
  }
  const told = { name: bannerName(include, names), action: include.action, path: play.pathOf(include) };
  const when = chainOf(include).toReversed().flatMap((one) => one.when);
  const wanted = new Map<string, Wanted>();
  const ofHost = new Map<HostRun, Wanted[]>();
  const kept = await play.onAll(told, hosts, kind, async (host, id) => {
    const mine: Wanted[] = [];
    const worker = new HostTask(play, include, host, { id, name: told.name, action: include.action }, plainName(include, names));
    const scope = play.scope(include, host, around.locals);
    const quiet = { files: worker.files, settings: worker.settings.bind(worker), verdict: worker.verdict.bind(worker), isAhead: false, isWatched: false, finish: worker.finish.bind(worker), sleep: worker.sleep.bind(worker), retrying: worker.retrying.bind(worker), warn: worker.warn.bind(worker), itemDone: (label: string, result: TaskResult) => void ((result.skipped || result.failed) && worker.itemDone(label, result)) };
    const result = await looped(include, when, scope, quiet, async (inner) => {
      const skipped = skippedBy(when, inner);
      if (skipped !== undefined) return skipped;
      mine.push(wantedOf(include, inner, around));
      return DONE;
    });
    ofHost.set(host, mine);
    if (result.failed || result.unreachable || result.skipped) {
      play.tell(id, told, host, result);
      return play.settle(told.name, include, result, host, around);
    }
    return true;
  });
  for (const host of kept) {
    for (const one of ofHost.get(host) ?? []) {
      // A loop may bring the same thing to one host several times.
      const key = (time: number) => JSON.stringify([one.target, one.from, one.locals, time]);
      let time = 0;
      while (wanted.get(key(time))?.hosts.includes(host)) time += 1;
      const known = wanted.get(key(time));
      if (known === undefined) wanted.set(key(time), { ...one, hosts: [host] });
      else known.hosts.push(host);
    }
  }
  let left = kept;
  // All files are told and loaded before the first of their tasks runs.
  const loaded: [Wanted, Included | undefined][] = [];
  for (const one of wanted.values()) loaded.push([one, await load(play, include, one, around, names)]);
  for (const [one, included] of loaded) {
    const due = one.hosts.filter((host) => left.includes(host));
    if (due.length === 0 || (play.isStopped && !around.isAlways)) continue;
    const after = included === undefined ? [] : await runIncluded(play, include, included, one, due, around, names);
    left = left.filter((host) => !due.includes(host) || after.includes(host));
  }
  return left;
}

function wantedOf(include: Include, scope: Scope, around: Around): Omit<Wanted, 'hosts'> & { hosts: HostRun[] } {
  const { loop } = include;
  const control = loop === undefined ? undefined : controlOf(loop, scope);
  const own = control === undefined ? {} : Object.fromEntries([control.loopVar, 'ansible_loop_var', ...(control.indexVar === undefined ? [] : [control.indexVar, 'ansible_index_var']), ...(control.isExtended ? ['ansible_loop'] : [])].map((name) => [name, scope.get(name)]));
  const label = loop === undefined || control === undefined ? undefined : loop.label === undefined ? toText(scope.get(control.loopVar)) : toText(render(loop.label, scope));
  const files = [...include.roleOptions.from].map(([folder, written]) => [folder, render(written, scope)] as const).filter(([, file]) => !(file instanceof Omitted));
  const from = Object.fromEntries(files.map(([folder, file]) => [folder, toText(file)]));
  return { target: toText(render(include.target, scope)), from, locals: { ...around.locals, ...own }, item: label, hosts: [] };
}

/** undefined: it is not there, and its hosts have failed. @throws FleetTapError for a mistake in it, which ends the run, as in Ansible */
async function load(play: PlayEngine, include: Include, { target, from, item, hosts }: Wanted, around: Around, names: Scope): Promise<Included | undefined> {
  if (await include.isThere(target)) {
    const included = await include.load(target, from);
    for (const host of hosts) host.counts.ok += 1;
    play.run.reporter.included?.(included.shown, hosts.map(({ host }) => host.name), item);
    return included;
  }
  const isTasks = include.what === 'tasks';
  const problem = new FleetTapError('host', 'file-missing', `there is no ${isTasks ? 'file' : 'role'} ${target}`, { place: include.place });
  const failed = failedResult(problem);
  const result = { ...failed, registered: { changed: false, failed: true, ...(isTasks ? { include: target } : {}), reason: failed.msg } };
  for (const host of hosts) {
    // A loop's results are not told, as in Ansible.
    if (item === undefined) play.tell(0, { name: bannerName(include, names), action: include.action }, host, result);
    // It counts as a failure also where it is rescued, and the rescue does not learn what it was (plugins/strategy/linear.py).
    if (around.isRescued) host.counts.failed += 1;
    else play.settle(bannerName(include, names), include, result, host, around);
  }
  return undefined;
}

async function runIncluded(play: PlayEngine, include: Include, included: Included, { locals }: Wanted, hosts: readonly HostRun[], around: Around, names: Scope): Promise<readonly HostRun[]> {
  play.handlers.add(included.handlers);
  if (include.roleOptions.isPublic && included.role !== undefined && !play.play.roles.includes(included.role)) play.play.roles.push(included.role);
  const [first] = hosts;
  const scope = first === undefined ? names : play.scope(include, first, locals);
  return play.steps(wantedSteps(included.steps, play.run.tags, scope), hosts, { ...around, locals });
}

/** A role that is included is told without the role that includes it, and by the name as it is written (playbook/role_include.py, get_name). */
export function bannerName(include: Include, names: Scope | undefined): string {
  if (include.what === 'tasks') return taskName(include, names);
  const own = plainName(include, names);
  return own === '' ? `${include.action} : ${include.target instanceof Template ? include.target.source.text : toText(include.target)}` : own;
}
