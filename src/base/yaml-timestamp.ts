// What comes in: a plain YAML scalar that PyYAML takes for a date or a time. What goes out: the day or the time.
// Guaranteed: PyYAML's patterns (yaml/resolver.py, yaml/constructor.py).
import { DateTime } from './datetime.js';

export const TIMESTAMP =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;
const PARTS = /^(\d{4})-(\d+)-(\d+)(?:[Tt \t]+(\d+):(\d+):(\d+)(?:\.(\d*))?[ \t]*(?:(Z)|([-+])(\d+)(?::(\d+))?)?)?$/;

/** @returns undefined when there is no such day or time */
export function parseTimestamp(text: string): DateTime | undefined {
  const [, year = '', month = '', day = '', hour, minute = '', second = '', fraction = '', zulu, sign, zoneHour = '', zoneMinute = '0'] = PARTS.exec(text) ?? [];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (Number(year) === 0 || date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  if (hour === undefined) return new DateTime(date.getTime(), 0, { isDay: true });
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const size = Number(zoneHour) * 60 + Number(zoneMinute);
  if (size >= 24 * 60) return undefined;
  const offsetMin = zulu !== undefined ? 0 : sign === undefined ? undefined : sign === '-' ? 0 - size : size;
  return new DateTime(date.getTime(), Number(fraction.slice(0, 6).padEnd(6, '0')), { offsetMin });
}
