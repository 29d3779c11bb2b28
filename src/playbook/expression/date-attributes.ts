// What comes in: a date or a span of time, and a name. What goes out: the attribute or method that Python's datetime has, of those that playbooks use.
import { type DateTime, TimeDelta } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';
import { Callable } from './objects.js';
import { pythonFloat } from '../../base/python-repr.js';
import { bind } from './signature.js';
import { strftime } from './strftime.js';

export function dateAttribute(value: DateTime | TimeDelta, name: string): unknown {
  if (value instanceof TimeDelta) return spans.get(name)?.(value);
  return value.isDay && !OF_DAYS.has(name) ? undefined : dates.get(name)?.(value);
}

const spans: ReadonlyMap<string, (span: TimeDelta) => unknown> = new Map<string, (span: TimeDelta) => unknown>([
  ['days', (span) => span.days],
  ['seconds', (span) => span.seconds],
  ['microseconds', (span) => span.microseconds],
  ['total_seconds', (span) => new Callable('total_seconds', () => pythonFloat(span.micros / 1_000_000))],
]);

/** What a day without a time has of them. */
const OF_DAYS: ReadonlySet<string> = new Set(['year', 'month', 'day', 'weekday', 'isoweekday', 'isoformat', 'strftime']);

const dates: ReadonlyMap<string, (date: DateTime) => unknown> = new Map<string, (date: DateTime) => unknown>([
  ['year', (date) => date.fields.getUTCFullYear()],
  ['month', (date) => date.fields.getUTCMonth() + 1],
  ['day', (date) => date.fields.getUTCDate()],
  ['hour', (date) => date.fields.getUTCHours()],
  ['minute', (date) => date.fields.getUTCMinutes()],
  ['second', (date) => date.fields.getUTCSeconds()],
  ['microsecond', (date) => date.microsecond],
  ['date', (date) => new Callable('date', () => date.day)],
  ['weekday', (date) => new Callable('weekday', () => (date.fields.getUTCDay() + 6) % 7)],
  ['isoweekday', (date) => new Callable('isoweekday', () => date.fields.getUTCDay() || 7)],
  ['isoformat', (date) => new Callable('isoformat', (args) => date.isoformat(textOr(bind(['sep'], args).sep, 'T')))],
  ['timestamp', (date) => new Callable('timestamp', () => {
    if (date.offsetMin !== undefined) return pythonFloat(date.ms / 1000 - date.offsetMin * 60 + date.microsecond / 1_000_000);
    const { fields } = date;
    const local = new Date(fields.getUTCFullYear(), fields.getUTCMonth(), fields.getUTCDate(), fields.getUTCHours(), fields.getUTCMinutes(), fields.getUTCSeconds());
    return pythonFloat(local.getTime() / 1000 + date.microsecond / 1_000_000);
  })],
  ['strftime', (date) => new Callable('strftime', (args) => strftime(textOr(bind(['format'], args).format, ''), date))],
]);

function textOr(value: unknown, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value !== 'string') throw new FilterError('takes a text');
  return value;
}
