// ping and setup ask the host; include_vars, add_host and group_by tell the engine. None changes a host.
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { FleetTapError } from '../base/errors.js';
import { plainTexts } from '../base/unsafe-text.js';
import { badSubset, chosenFacts } from '../facts/subsets.js';
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
  fact_path: { type: 'path', default: '/etc/ansible/facts.d', refused: 'local facts are read from /etc/ansible/facts.d only' },
} as const satisfies Parameters;

export const setup: PlaybookModule<typeof setupParameters> = {
  name: 'setup',
  parameters: setupParameters,
  checkWritten: ({ gather_subset: written }) => {
    const names = [written].flat().flatMap((one) => (typeof one === 'string' && !one.includes('{{') ? one.split(',').map((name) => name.trim()) : []));
    const message = badSubset(names);
    return message === undefined ? undefined : { message, parameter: 'gather_subset' };
  },
  plan: ({ gather_subset: subset, filter }) => {
    const bad = badSubset(subset);
    if (bad !== undefined) return { kind: 'done', result: { changed: false, failed: true, msg: bad } };
    return {
      kind: 'action',
      run: async (host) => {
        const facts = chosenFacts(await host.gatherFacts(), subset, filter);
        const named = Object.fromEntries(Object.entries(facts).map(([name, value]) => [`ansible_${name}`, value]));
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
  hash_behaviour: { type: 'string', default: 'replace', choices: ['replace', 'merge'], refused: 'mappings are replaced, as Ansible does by default' },
} as const satisfies Parameters;

/** Ansible's action puts the reason into `message`. */
function unreadable(message: string): ModulePlan {
  return { kind: 'done', result: { changed: false, failed: true, msg: 'Task failed: Action failed: Unknown error.', said: message, values: { ansible_facts: {}, ansible_included_var_files: [], message } } };
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
        if ((await stat(path)).isDirectory()) return unreadable(`An error occurred while trying to read the file '${path}': [Errno 21] Is a directory: '${path}'`);
        paths.push(path);
      } catch (error) {
        if (!(error instanceof FleetTapError) || error.code !== 'file-missing') throw error;
        return unreadable(error.message);
      }
    }
    else if (dir !== undefined) {
      // Outside of roles not in vars/ first, unlike a file (plugins/action/include_vars.py, _set_root_dir).
      const beside = context.variable('role_path') === undefined ? [context.variable('ansible_search_path')].flat()[0] : undefined;
      const root = typeof beside === 'string' ? resolve(beside, dir) : await context.findLocal('vars', dir);
      if (!(await stat(root).then(() => true, () => false))) throw new ParameterError(`${root} directory does not exist`, 'dir');
      if (!(await stat(root)).isDirectory()) throw new ParameterError(`${root} is not a directory`, 'dir');
      const matching = params.files_matching === undefined ? undefined : new RegExp(params.files_matching);
      const ignored = params.ignore_files.map((one) => new RegExp(`${one}$`));
      const walk = async (folder: string, level: number): Promise<void> => {
        const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
        for (const entry of entries) {
          if (entry.isDirectory() || ignored.some((pattern) => pattern.test(entry.name)) || matching?.test(entry.name) === false) continue;
          if (extensions.includes(extname(entry.name).slice(1))) paths.push(join(folder, entry.name));
          else if (matching === undefined && !params.ignore_unknown_extensions) throw new ParameterError(`${join(folder, entry.name)} does not have a valid extension: ${extensions.join(', ')}`, 'dir');
        }
        if (params.depth !== 0 && level >= params.depth) return;
        for (const entry of entries) if (entry.isDirectory()) await walk(join(folder, entry.name), level + 1);
      };
      await walk(root, 1);
    }
    const read: Record<string, unknown> = {};
    for (const path of paths) {
      if (file !== undefined && extname(basename(path)) !== '' && !extensions.includes(extname(path).slice(1))) throw new ParameterError(`${path} does not have a valid extension: ${extensions.join(', ')}`, 'file');
      Object.assign(read, await context.readVars(path));
    }
    const vars = name === undefined ? read : { [name]: read };
    const shown = plainTexts(vars);
    const result: ModuleResult = { changed: false, values: { ansible_facts: shown, ansible_included_var_files: paths }, effects: [{ kind: 'include-vars', vars, shown }] };
    return { kind: 'done', result };
  },
};

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
    return { kind: 'done', result: { changed: true, values: { add_group: group, parent_groups: above }, effects: [{ kind: 'add-group', group, parents: above }] } };
  },
};
