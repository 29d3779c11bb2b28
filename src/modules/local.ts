// The modules that ask the host nothing: set_fact, assert, fail, debug. Pure.
import { printable } from '../base/host-text.js';
import { isVariableName, VARIABLE_NAME_HINT } from '../base/variable-name.js';
import type { PlaybookModule } from './module.js';
import { convertParameter, type Parameters } from './params.js';

const assertParameters = {
  that: { type: 'conditions', required: true },
  fail_msg: { type: 'words', aliases: ['msg'] },
  success_msg: { type: 'words' },
  quiet: { type: 'boolean', default: false },
} as const satisfies Parameters;

export const assert: PlaybookModule<typeof assertParameters> = {
  name: 'assert',
  ahead: 'local',
  parameters: assertParameters,
  plan: ({ that, fail_msg, success_msg, quiet }) => {
    const shown = quiet ? {} : ({ shows: 'always' } as const);
    const text = (words: readonly string[]) => (words.length === 1 ? words[0] : words);
    const wrong = that.find((condition) => !condition.holds);
    if (wrong === undefined) return { kind: 'done', result: { changed: false, msg: success_msg?.join('\n') ?? 'All assertions passed', values: success_msg === undefined ? {} : { msg: text(success_msg) }, ...shown } };
    const said = fail_msg?.join('\n') ?? `Assertion failed: ${wrong.text}`;
    return { kind: 'done', result: { changed: false, failed: true, msg: 'Assertion failed', said, values: { assertion: wrong.text, evaluated_to: false, ...(fail_msg === undefined ? {} : { msg: text(fail_msg) }) }, ...shown } };
  },
};

const failParameters = { msg: { type: 'raw', default: 'Failed as requested from task', keepsNull: true } } as const satisfies Parameters;

export const fail: PlaybookModule<typeof failParameters> = {
  name: 'fail',
  ahead: 'local',
  parameters: failParameters,
  plan: ({ msg }) => ({ kind: 'done', result: { changed: false, failed: true, ...(typeof msg === 'string' ? { msg } : { msg: JSON.stringify(msg), values: { msg } }) } }),
};

const debugParameters = { msg: { type: 'raw', default: 'Hello world!', keepsNull: true }, var: { type: 'expression' }, verbosity: { type: 'integer', default: 0 } } as const satisfies Parameters;

export const debug: PlaybookModule<typeof debugParameters> = {
  name: 'debug',
  ahead: 'local',
  parameters: debugParameters,
  checkWritten: (written) => ('msg' in written && 'var' in written ? { message: 'debug takes either msg or var', parameter: 'var' } : undefined),
  plan: ({ msg, var: variable, verbosity }, { verbosity: given }) => {
    if (verbosity > given) return { kind: 'done', result: { changed: false, skipped: true, values: { skipped_reason: 'Verbosity threshold not met.' } } };
    const shown = variable === undefined ? msg : variable.value;
    const text = typeof shown === 'string' ? shown : JSON.stringify(shown, null, 4);
    const said = printable(variable === undefined ? text : `${variable.text}: ${text}`);
    return { kind: 'done', result: { changed: false, said, values: variable === undefined ? { msg: shown } : { [variable.text]: shown }, shows: 'always' } };
  },
};

const setFactParameters = {} as const satisfies Parameters;

export const setFact: PlaybookModule<typeof setFactParameters> = {
  name: 'set_fact',
  ahead: 'local',
  parameters: setFactParameters,
  takesAnyName: true,
  checkWritten: (written) => {
    const wrong = Object.keys(written).find((name) => !name.includes('{{') && !isVariableName(name));
    if (wrong !== undefined) return { message: `"${wrong}" is not a name for a variable`, parameter: wrong, hint: VARIABLE_NAME_HINT };
    return Object.keys(written).every((name) => name === 'cacheable') ? { message: 'set_fact needs at least one variable' } : undefined;
  },
  plan: (params) => {
    const { cacheable, ...facts } = params as Readonly<Record<string, unknown>>;
    const isFact = cacheable !== undefined && convertParameter('cacheable', { type: 'boolean' }, cacheable) === true;
    return { kind: 'done', result: { changed: false, facts, values: { ansible_facts: facts }, ...(isFact ? { effects: [{ kind: 'ansible-facts', facts }] } : {}) } };
  },
};

const setStatsParameters = { data: { type: 'raw', default: {} }, per_host: { type: 'raw' }, aggregate: { type: 'raw' } } as const satisfies Parameters;

export const setStats: PlaybookModule<typeof setStatsParameters> = {
  name: 'set_stats',
  ahead: 'local',
  parameters: setStatsParameters,
  checkWritten: ({ data }) => {
    const templated = typeof data === 'object' && data !== null ? Object.keys(data).find((name) => name.includes('{{')) : undefined;
    return templated === undefined ? undefined : { message: `the name "${templated}" of data is a template`, parameter: 'data', hint: 'write data as one: "{{ {name: value} }}"' };
  },
  plan: ({ data, per_host: perHost, aggregate }) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return { kind: 'done', result: { changed: false, failed: true, msg: "The 'data' option needs to be a dictionary/hash" } };
    const stats = data as Readonly<Record<string, unknown>>;
    const wrong = Object.keys(stats).find((name) => !isVariableName(name));
    if (wrong !== undefined) return { kind: 'done', result: { changed: false, failed: true, msg: `Task failed: Invalid variable name '${wrong}'.` } };
    const [isPerHost, aggregates] = [isOn(perHost ?? false), isOn(aggregate ?? true)];
    return { kind: 'done', result: { changed: false, values: { ansible_stats: { data: stats, per_host: isPerHost, aggregate: aggregates } }, effects: [{ kind: 'stats', data: stats, isPerHost, aggregates }] } };
  },
};

/** What is no boolean is false. */
function isOn(value: unknown): boolean {
  try {
    return convertParameter('', { type: 'boolean' }, value) === true;
  } catch {
    return false;
  }
}

const metaParameters = { action: { type: 'string', required: true, choices: ['flush_handlers', 'noop'] } } as const satisfies Parameters;

/** The engine runs the action itself; this entry lets it be checked like any other module. */
export const meta: PlaybookModule<typeof metaParameters> = {
  name: 'meta',
  parameters: metaParameters,
  freeForm: 'action',
  plan: () => ({ kind: 'done', result: { changed: false } }),
};
