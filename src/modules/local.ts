// The modules that ask the host nothing: set_fact, assert, fail, debug. Pure.
import { DateTime } from '../base/datetime.js';
import { printable } from '../base/host-text.js';
import { isVariableName, VARIABLE_NAME_HINT } from '../base/variable-name.js';
import type { PlaybookModule } from './module.js';
import { convertParameter, type Parameters } from './params.js';

const assertParameters = {
  that: { type: 'conditions', required: true },
  fail_msg: { type: 'raw', aliases: ['msg'], keepsNull: true },
  success_msg: { type: 'raw', keepsNull: true },
  quiet: { type: 'boolean', default: false },
} as const satisfies Parameters;

export const assert: PlaybookModule<typeof assertParameters> = {
  name: 'assert',
  ahead: 'local',
  parameters: assertParameters,
  checkWritten: (written) => {
    const wrong = MESSAGES.find((name) => name in written && !mayBeMessage(written[name]));
    return wrong === undefined ? undefined : { message: notMessage(wrong), parameter: wrong, hint: 'quote it' };
  },
  plan: ({ that, fail_msg: failMsg, success_msg: successMsg, quiet }) => {
    const shown = quiet ? {} : ({ shows: 'always' } as const);
    const given = { fail_msg: failMsg, success_msg: successMsg };
    const bad = MESSAGES.find((name) => given[name] !== undefined && !isMessage(given[name]));
    if (bad !== undefined) return { kind: 'done', result: { changed: false, failed: true, msg: notMessage(bad) } };
    const said = (message: unknown, otherwise: string) => (message === undefined ? otherwise : [message].flat().join('\n'));
    const wrong = that.find((condition) => !condition.holds);
    if (wrong === undefined) return { kind: 'done', result: { changed: false, msg: said(successMsg, 'All assertions passed'), values: successMsg === undefined ? {} : { msg: successMsg }, ...shown } };
    return { kind: 'done', result: { changed: false, failed: true, msg: 'Assertion failed', said: said(failMsg, `Assertion failed: ${wrong.text}`), values: { assertion: wrong.text, evaluated_to: false, ...(failMsg === undefined ? {} : { msg: failMsg }) }, ...shown } };
  },
};

const MESSAGES = ['fail_msg', 'success_msg'] as const;

function isMessage(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

/** Items of a list may be templates, which are not texts yet. */
function mayBeMessage(value: unknown): boolean {
  return isMessage(Array.isArray(value) ? value.filter((item) => typeof item !== 'object' || item === null) : value);
}

function notMessage(name: string): string {
  return `${name} takes a string or a list of strings`;
}

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
    const text = typeof shown === 'string' ? shown : shown instanceof DateTime ? shown.isoformat() : JSON.stringify(shown, null, 4);
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
