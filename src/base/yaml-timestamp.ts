// What comes in: a plain YAML scalar that PyYAML takes for a date or a time. What goes out: what Python's isoformat() prints of it, which is what
// Ansible shows. Guaranteed: PyYAML's patterns (yaml/resolver.py, yaml/constructor.py).

export const TIMESTAMP =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;
const PARTS = /^(\d{4})-(\d+)-(\d+)(?:[Tt \t]+(\d+):(\d+):(\d+)(?:\.(\d*))?[ \t]*(?:(Z)|([-+])(\d+)(?::(\d+))?)?)?$/;

/** @returns undefined when there is no such day or time */
export function isoTimestamp(text: string): string | undefined {
  const [, year = '', month = '', day = '', hour, minute = '', second = '', fraction = '', zulu, sign, zoneHour = '', zoneMinute = '0'] = PARTS.exec(text) ?? [];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (Number(year) === 0 || date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const two = (number: string | number): string => String(Number(number)).padStart(2, '0');
  const days = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return days;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  const time = `${two(hour)}:${two(minute)}:${two(second)}${micros === '000000' ? '' : `.${micros}`}`;
  if (zulu !== undefined) return `${days}T${time}+00:00`;
  if (sign === undefined) return `${days}T${time}`;
  const offsetMin = Number(zoneHour) * 60 + Number(zoneMinute);
  if (offsetMin >= 24 * 60) return undefined;
  return `${days}T${time}${offsetMin === 0 ? '+' : sign}${two(Math.floor(offsetMin / 60))}:${two(offsetMin % 60)}`;
}
