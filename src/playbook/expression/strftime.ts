// What comes in: a format and a time. What goes out: the text that C's strftime makes in the C locale; and the way back, Python's strptime.
// Source: strftime(3), the Python library reference, "strftime() and strptime() Format Codes".
import { DateTime } from '../../base/datetime.js';
import { FilterError } from './filter-error.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const MS_PER_DAY = 86_400_000;
const two = (value: number, fill = '0'): string => String(value).padStart(2, fill);

interface Zone {
  readonly name: string;
  readonly offset: string;
  readonly epochSec: number;
}

/** @param zone of times that know theirs; a date without one prints nothing for %z and %Z */
export function strftime(format: string, date: DateTime, zone?: Zone): string {
  const fields = date.fields;
  const [year, month, day, hour, weekday] = [fields.getUTCFullYear(), fields.getUTCMonth(), fields.getUTCDate(), fields.getUTCHours(), fields.getUTCDay()];
  const dayOfYear = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / MS_PER_DAY);
  const [weekYear, week] = isoWeek(fields);
  const one = (code: string): string | undefined => {
    switch (code) {
      case 'Y': return String(year);
      case 'C': return two(Math.floor(year / 100));
      case 'y': return two(year % 100);
      case 'm': return two(month + 1);
      case 'd': return two(day);
      case 'e': return two(day, ' ');
      case 'H': return two(hour);
      case 'k': return two(hour, ' ');
      case 'I': return two(hour % 12 || 12);
      case 'l': return two(hour % 12 || 12, ' ');
      case 'M': return two(fields.getUTCMinutes());
      case 'S': return two(fields.getUTCSeconds());
      case 'f': return String(date.microsecond).padStart(6, '0');
      case 'p': return hour < 12 ? 'AM' : 'PM';
      case 'P': return hour < 12 ? 'am' : 'pm';
      case 'A': return DAYS[weekday];
      case 'a': return DAYS[weekday]?.slice(0, 3);
      case 'B': return MONTHS[month];
      case 'b': case 'h': return MONTHS[month]?.slice(0, 3);
      case 'j': return String(dayOfYear + 1).padStart(3, '0');
      case 'u': return String(weekday || 7);
      case 'w': return String(weekday);
      case 'U': return two(Math.floor((dayOfYear + 7 - weekday) / 7));
      case 'W': return two(Math.floor((dayOfYear + 7 - ((weekday + 6) % 7)) / 7));
      case 'V': return two(week);
      case 'G': return String(weekYear);
      case 'g': return two(weekYear % 100);
      case 'D': case 'x': return all('%m/%d/%y');
      case 'F': return all('%Y-%m-%d');
      case 'T': case 'X': return all('%H:%M:%S');
      case 'R': return all('%H:%M');
      case 'r': return all('%I:%M:%S %p');
      case 'c': return all('%a %b %e %H:%M:%S %Y');
      case 'n': return '\n';
      case 't': return '\t';
      case 'z': return zone?.offset ?? date.zone('');
      case 'Z': return zone?.name ?? (date.offsetMin === undefined ? '' : `UTC${date.offsetMin === 0 ? '' : date.zone(':')}`);
      // A date without a zone is one of this machine's, as for C's mktime.
      case 's': return String(Math.floor(zone?.epochSec ?? new Date(year, month, day, hour, fields.getUTCMinutes(), fields.getUTCSeconds()).getTime() / 1000));
      case '%': return '%';
      default: return undefined;
    }
  };
  const all = (text: string): string => text.replace(/%([-_0^#]?)([a-zA-Z%])/g, (whole, flag: string, code: string) => {
    const value = one(code);
    if (value === undefined) return whole;
    if (flag === '-') return value.replace(/^[0 ]+(?=.)/, '');
    return flag === '^' ? value.toUpperCase() : flag === '_' ? value.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length)) : value;
  });
  return all(format);
}

function isoWeek(fields: Date): readonly [number, number] {
  const thursday = new Date(Date.UTC(fields.getUTCFullYear(), fields.getUTCMonth(), fields.getUTCDate() + 4 - (fields.getUTCDay() || 7)));
  const year = thursday.getUTCFullYear();
  return [year, Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / MS_PER_DAY / 7) + 1];
}

/** A moment in the zone of this machine, or in UTC. */
export function strftimeAt(format: string, epochSec: number, isUtc: boolean): string {
  const date = new Date(Math.floor(epochSec) * 1000);
  if (isUtc) return strftime(format, new DateTime(date.getTime()), { name: 'GMT', offset: '+0000', epochSec });
  const offsetMin = -date.getTimezoneOffset();
  const offset = `${offsetMin < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offsetMin) / 60))}${two(Math.abs(offsetMin) % 60)}`;
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return strftime(format, DateTime.local(date), { name, offset, epochSec });
}

const CODES: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})', y: '(?<y>\\d{2})', m: '(?<m>1[0-2]|0[1-9]|[1-9])', d: '(?<d>3[01]|[12]\\d|0[1-9]|[1-9])', H: '(?<H>2[0-3]|[01]\\d|\\d)', I: '(?<I>1[0-2]|0[1-9]|[1-9])',
  M: '(?<M>[0-5]\\d|\\d)', S: '(?<S>6[01]|[0-5]\\d|\\d)', f: '(?<f>\\d{1,6})', p: '(?<p>am|pm)', j: '(?<j>36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])',
  B: `(?<B>${MONTHS.join('|')})`, b: `(?<b>${MONTHS.map((name) => name.slice(0, 3)).join('|')})`, A: `(?:${DAYS.join('|')})`, a: `(?:${DAYS.map((name) => name.slice(0, 3)).join('|')})`, '%': '%',
};

/** @throws FilterError where the text does not look like the format */
export function strptime(text: string, format: string): DateTime {
  const full = format.replace(/%([TDF])/g, (_, code: string) => ({ T: '%H:%M:%S', D: '%m/%d/%y', F: '%Y-%m-%d' })[code] ?? '');
  const pattern = full.replace(/%(.)|\s+|[\\^$.*+?()[\]{}|]/g, (part, code: string | undefined) => {
    if (code !== undefined) return CODES[code] ?? refuse(`does not know %${code} for reading`);
    return /\s/.test(part) ? '\\s+' : `\\${part}`;
  });
  const found = new RegExp(`^${pattern}$`, 'i').exec(text)?.groups ?? refuse(`finds that ${JSON.stringify(text)} does not look like ${JSON.stringify(format)}`);
  const year = found.Y === undefined ? (found.y === undefined ? 1900 : Number(found.y) + (Number(found.y) < 69 ? 2000 : 1900)) : Number(found.Y);
  const name = (found.B ?? found.b)?.toLowerCase();
  const month = name === undefined ? Number(found.m ?? 1) - 1 : MONTHS.findIndex((candidate) => candidate.toLowerCase().startsWith(name));
  const hour = found.I === undefined ? Number(found.H ?? 0) : (Number(found.I) % 12) + (found.p?.toLowerCase() === 'pm' ? 12 : 0);
  const day = found.j === undefined ? Number(found.d ?? 1) : Number(found.j);
  const date = new Date(0);
  date.setUTCFullYear(year, found.j === undefined ? month : 0, day);
  date.setUTCHours(hour, Number(found.M ?? 0), Number(found.S ?? 0));
  if (found.j === undefined && date.getUTCDate() !== day) throw new FilterError(`finds that ${JSON.stringify(text)} is no day`);
  return new DateTime(date.getTime(), Number((found.f ?? '0').padEnd(6, '0')));
}

function refuse(message: string): never {
  throw new FilterError(message);
}
