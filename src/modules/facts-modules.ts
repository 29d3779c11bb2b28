// ping and setup ask the host; include_vars, add_host and group_by tell the engine. None changes a host.
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, isAbsolute, resolve } from 'node:path';
import { FleetTapError, formatPlace } from '../base/errors.js';
import { literalText, plainTexts } from '../base/unsafe-text.js';
import { LOCAL_FACTS } from '../facts/local-facts.js';
import { BARE_FACTS, badSubset, chosenFacts } from '../facts/subsets.js';
import { parseAddress } from '../inventory/address.js';
import type { ModulePlan, ModuleResult, PlaybookModule } from './module.js';
import { ParameterError, type Parameters } from './params.js';
import { planScript } from './plan-script.js';

const pingParameters = { data: { type: 'string', default: 'pong' } } as const satisfies Parameters;

export const ping: PlaybookModule<typeof pingParameters> = {
  name: 'ping',
  parameters: pingParameters,
  plan: ({ data }, context) => planScript({ module: 'ping', shown: {}, words: {}, body: 'answer\nsay changed false' }, context, () => (data === 'crash' ? { changed: false, failed: true, msg: 'Task failed: Module failed: boom' } : { changed: false, values: { ping: data } })),
};

const setupParameters = {
  gather_subset: { type: 'list', default: ['all'] },
  filter: { type: 'list', default: [] },
  // All facts come in one round trip here.
  gather_timeout: { type: 'integer', default: 10 },
  fact_path: { type: 'path', default: LOCAL_FACTS },
} as const satisfies Parameters;

export const setup: PlaybookModule<typeof setupParameters> = {
  name: 'setup',
  parameters: setupParameters,
  checkWritten: ({ gather_subset: written }) => {
    const names = [written].flat().flatMap((one) => (typeof one === 'string' && !one.includes('{{') ? one.split(',').map((name) => name.trim()) : []));
    const message = badSubset(names);
    return message === undefined ? undefined : { message, parameter: 'gather_subset' };
  },
  plan: ({ gather_subset: subset, filter, fact_path: factPath }) => {
    const bad = badSubset(subset);
    if (bad !== undefined) return { kind: 'done', result: { changed: false, failed: true, msg: bad } };
    return {
      kind: 'action',
      run: async (host) => {
        const facts = chosenFacts(await host.gatherFacts(factPath), subset, filter);
        const named = Object.fromEntries(Object.entries(facts).map(([name, value]) => [BARE_FACTS.includes(name) ? name : `ansible_${name}`, value]));
        return { changed: false, values: { ansible_facts: named }, effects: [{ kind: 'ansible-facts', facts }], shows: 'never' };
      },
    };
  },
};

const gatherParameters = { ...setupParameters, parallel: { type: 'boolean' } } as const satisfies Parameters;

/** The action that plays gather facts with: it runs setup, and hands its own parameters on. */
export const gatherFacts: PlaybookModule<typeof gatherParameters> = { ...(setup as PlaybookModule<typeof gatherParameters>), name: 'gather_facts', parameters: gatherParameters };

const varsParameters = {
  file: { type: 'path' },
  dir: { type: 'path' },
  name: { type: 'string' },
  depth: { type: 'integer', default: 0 },
  files_matching: { type: 'string' },
  ignore_files: { type: 'words', default: [] },
  extensions: { type: 'words', default: ['yaml', 'yml', 'json'] },
  ignore_unknown_extensions: { type: 'boolean', default: false },
  hash_behaviour: { type: 'string', default: 'replace', choices: ['replace', 'merge'] },
} as const satisfies Parameters;

/** Ansible's action puts the reason into `message`, and has no `msg` of its own. */
function unreadable(message: string, name: string | undefined): ModulePlan {
  return { kind: 'done', result: { changed: false, failed: true, said: message, values: { ansible_facts: name === undefined ? {} : { [name]: {} }, ansible_included_var_files: [], message } } };
}

/** The folder itself and those below it, through symbolic links too, in the order of their paths. */
async function foldersBelow(root: string, depth: number): Promise<string[]> {
  if (depth <= 1) return [root];
  const below: string[] = [];
  for (const entry of await readdir(root)) {
    if (await isFolder(beneath(root, entry))) below.push(...(await foldersBelow(beneath(root, entry), depth - 1)));
  }
  return [root, ...below].sort();
}

/** With its ./ and ../, as Ansible tells it. */
function beneath(folder: string, path: string): string {
  return isAbsolute(path) ? resolve(path) : `${folder}/${path.replace(/\/+$/, '')}`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

export const includeVars: PlaybookModule<typeof varsParameters> = {
  name: 'include_vars',
  ahead: 'local',
  parameters: varsParameters,
  freeForm: 'file',
  checkWritten: (written) => (('file' in written) === ('dir' in written) ? { message: 'include_vars takes either file or dir' } : undefined),
  plan: async (params, context) => {
    const { file, dir, name, extensions } = params;
    const paths: string[] = [];
    if (file !== undefined) {
      try {
        const path = await context.findLocal('vars', file);
        if ((await stat(path)).isDirectory()) return unreadable(`An error occurred while trying to read the file '${path}': [Errno 21] Is a directory: '${path}'`, name);
        paths.push(path);
      } catch (error) {
        if (!(error instanceof FleetTapError) || error.code !== 'file-missing') throw error;
        return unreadable(error.message, name);
      }
    }
    else if (dir === undefined) return unreadable('Could not find file on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option', name);
    else {
      // Outside of roles not in vars/ first, unlike a file (plugins/action/include_vars.py, _set_root_dir).
      const beside = context.variable('role_path') === undefined ? [context.variable('ansible_search_path')].flat()[0] : undefined;
      const root = typeof beside === 'string' ? beneath(beside, dir) : await context.findLocal('vars', dir);
      if (!(await stat(root).then(() => true, () => false))) return unreadable(`${root} directory does not exist`, name);
      if (!(await isFolder(root))) return unreadable(`${root} is not a directory`, name);
      const matching = params.files_matching === undefined ? undefined : new RegExp(params.files_matching);
      const ignored = params.ignore_files.map((one) => new RegExp(`${one}$`));
      for (const folder of await foldersBelow(root, params.depth === 0 ? Number.POSITIVE_INFINITY : params.depth)) {
        for (const entry of (await readdir(folder)).sort()) {
          const path = beneath(folder, entry);
          if (await isFolder(path) || ignored.some((pattern) => pattern.test(entry)) || matching?.test(entry) === false) continue;
          if (extensions.includes(extname(entry).slice(1))) paths.push(path);
          else if (matching === undefined && !params.ignore_unknown_extensions) return unreadable(`${path} does not have a valid extension: ${extensions.join(', ')}`, name);
        }
      }
    }
    const read: Record<string, unknown> = {};
    for (const path of paths) {
      if (file !== undefined && extname(basename(path)) !== '' && !extensions.includes(extname(path).slice(1))) return unreadable(`${path} does not have a valid extension: ${extensions.join(', ')}`, name);
      try {
        Object.assign(read, await context.readVars(path));
      } catch (error) {
        if (!(error instanceof FleetTapError) || error.kind !== 'input') throw error;
        const place = formatPlace(error.place);
        return unreadable(`${place === '' ? '' : `${place}: `}${error.message}`, name);
      }
    }
    const found: Readonly<Record<string, unknown>> = name === undefined ? read : { [name]: read };
    const vars = params.hash_behaviour === 'merge' ? Object.fromEntries(Object.entries(found).map(([key, value]) => [key, merged(asWritten(context.variable(key)), value)])) : found;
    const shown = plainTexts(vars);
    const result: ModuleResult = { changed: false, values: { ansible_facts: shown, ansible_included_var_files: paths }, effects: [{ kind: 'include-vars', vars, shown }] };
    return { kind: 'done', result };
  },
};

/** A value that is there already: its texts have been rendered, and are no templates. */
function asWritten(value: unknown): unknown {
  if (typeof value === 'string') return literalText(value);
  if (Array.isArray(value)) return value.map(asWritten);
  return isMapping(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asWritten(item)])) : value;
}

/** Mappings together, at every level; all else is replaced (utils/vars.py, merge_hash). */
function merged(before: unknown, value: unknown): unknown {
  if (!isMapping(before) || !isMapping(value)) return value;
  return { ...before, ...Object.fromEntries(Object.entries(value).map(([key, item]) => [key, Object.hasOwn(before, key) ? merged(before[key], item) : item])) };
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const NAME = ['name', 'hostname', 'host'];
const GROUPS = ['groupname', 'groups', 'group'];
/** Of these names of its parameters add_host makes variables (plugins/action/add_host.py). */
const ALSO_VARIABLES = ['host', 'group'];

export const addHost: PlaybookModule<Parameters> = {
  name: 'add_host',
  parameters: { name: { type: 'string', aliases: ['hostname', 'host'] }, groups: { type: 'list', aliases: ['group', 'groupname'] } },
  takesAnyName: true,
  runsOnce: true,
  checkWritten: (written) => (NAME.some((name) => name in written) ? undefined : { message: 'name, host or hostname needs to be provided' }),
  plan: (params) => {
    const values = params as Readonly<Record<string, unknown>>;
    const [written] = NAME.flatMap((one) => (one in values ? [String(values[one])] : []));
    if (written === undefined || written === '') throw new ParameterError('name, host or hostname needs to be provided');
    const [given] = GROUPS.flatMap((one) => (one in values ? [values[one]] : []));
    const groups = (Array.isArray(given) ? given.map(String) : String(given ?? '').split(',')).map((one) => one.trim()).filter((one) => one !== '');
    // A name may end in a port; what is no address, or has ranges in it, is a name as it is.
    const address = parseAddress(written);
    const { name, port } = address === undefined || address.name.includes('[') ? { name: written, port: undefined } : address;
    const own = Object.entries(values).filter(([key]) => ALSO_VARIABLES.includes(key) || (!NAME.includes(key) && !GROUPS.includes(key)));
    const vars = { ...Object.fromEntries(own), ...(port === undefined ? {} : { ansible_ssh_port: port }) };
    return { kind: 'done', result: { changed: true, values: { add_host: { host_name: name, groups, host_vars: vars } }, effects: [{ kind: 'add-host', host: name, groups, vars }] } };
  },
};

const groupByParameters = { key: { type: 'string', required: true }, parents: { type: 'list', default: ['all'] } } as const satisfies Parameters;

export const groupBy: PlaybookModule<typeof groupByParameters> = {
  name: 'group_by',
  parameters: groupByParameters,
  plan: ({ key, parents }) => {
    const group = key.replaceAll(' ', '-');
    const above = parents.map((one) => one.replaceAll(' ', '-'));
    // 2.19 ends the whole run there.
    if (above.includes(group)) throw new ParameterError(`the group ${group} cannot be in itself`, 'key');
    return { kind: 'done', result: { changed: true, values: { add_group: group, parent_groups: above }, effects: [{ kind: 'add-group', group, parents: above }] } };
  },
};
