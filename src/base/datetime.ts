// Days and times as Python's datetime has them: of YAML, `now()`, `| to_datetime`, `template_mtime`; and what lies between two of them.
// Guaranteed: microseconds; the zone is a distance from UTC, which only YAML gives. Not here: formats (strftime.ts).

const MICROS_PER_SEC = 1_000_000;
const SEC_PER_DAY = 86_400;
const MS_PER_DAY = SEC_PER_DAY * 1000;

const two = (value: number): string => String(value).padStart(2, '0');

export class DateTime {
  /** The fields' time as if they were UTC. */
  readonly ms: number;
  /** Microseconds of the second, 0 to 999999. */
  readonly microsecond: number;
  /** A day without a time: Python's `date`. */
  readonly isDay: boolean;
  /** Minutes that its clock is ahead of UTC; undefined: nobody knows. */
  readonly offsetMin: number | undefined;
  constructor(wholeSecondMs: number, microsecond = 0, { isDay = false, offsetMin }: { readonly isDay?: boolean; readonly offsetMin?: number | undefined } = {}) {
    this.ms = wholeSecondMs;
    this.microsecond = microsecond;
    this.isDay = isDay;
    this.offsetMin = offsetMin;
  }

  /** A moment as the clock on the wall shows it here. */
  static local(date: Date): DateTime {
    const ms = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds());
    return new DateTime(ms, date.getMilliseconds() * 1000);
  }

  get fields(): Date {
    return new Date(this.ms);
  }

  isoformat(separator = 'T'): string {
    const date = this.fields;
    const day = `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
    if (this.isDay) return day;
    const micros = this.microsecond === 0 ? '' : `.${String(this.microsecond).padStart(6, '0')}`;
    return `${day}${separator}${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${micros}${this.zone(':')}`;
  }

  /** `+05:30`, or nothing where it is not known. */
  zone(separator: string): string {
    const { offsetMin } = this;
    if (offsetMin === undefined) return '';
    const minutes = Math.abs(offsetMin);
    return `${offsetMin < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
  }

  /** In JSON, and as a module's parameter. */
  toJSON(): string {
    return this.isoformat();
  }

  toString(): string {
    return this.isoformat(' ');
  }

  repr(): string {
    const date = this.fields;
    const day = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    if (this.isDay) return `datetime.date(${day.join(', ')})`;
    const parts = [...day, date.getUTCHours(), date.getUTCMinutes()];
    if (date.getUTCSeconds() !== 0 || this.microsecond !== 0) parts.push(date.getUTCSeconds());
    if (this.microsecond !== 0) parts.push(this.microsecond);
    return `datetime.datetime(${parts.join(', ')}${this.#zoneRepr()})`;
  }

  #zoneRepr(): string {
    if (this.offsetMin === undefined) return '';
    if (this.offsetMin === 0) return ', tzinfo=datetime.timezone.utc';
    const delta = new TimeDelta(this.offsetMin * 60 * MICROS_PER_SEC);
    const parts = [...(delta.days === 0 ? [] : [`days=${delta.days}`]), ...(delta.seconds === 0 ? [] : [`seconds=${delta.seconds}`])];
    return `, tzinfo=datetime.timezone(datetime.timedelta(${parts.join(', ')}))`;
  }

  /** Whether Python can say which comes first: not of a day and a time, and not where only one has a zone. */
  isLike(other: DateTime): boolean {
    return this.isDay === other.isDay && (this.offsetMin === undefined) === (other.offsetMin === undefined);
  }

  get day(): DateTime {
    return new DateTime(Math.floor(this.ms / MS_PER_DAY) * MS_PER_DAY, 0, { isDay: true });
  }

  minus(other: DateTime): TimeDelta {
    const zonesMs = ((other.offsetMin ?? 0) - (this.offsetMin ?? 0)) * 60_000;
    return new TimeDelta((this.ms - other.ms + zonesMs) * 1000 + this.microsecond - other.microsecond);
  }

  plus(delta: TimeDelta): DateTime {
    if (this.isDay) return new DateTime(this.ms + delta.days * MS_PER_DAY, 0, this);
    const micros = this.ms * 1000 + this.microsecond + delta.micros;
    const microsecond = ((micros % MICROS_PER_SEC) + MICROS_PER_SEC) % MICROS_PER_SEC;
    return new DateTime((micros - microsecond) / 1000, microsecond, this);
  }
}

export class TimeDelta {
  readonly micros: number;
  constructor(micros: number) {
    this.micros = micros;
  }

  get days(): number {
    return Math.floor(this.micros / MICROS_PER_SEC / SEC_PER_DAY);
  }

  /** Of the day, 0 to 86399. */
  get seconds(): number {
    return Math.floor((this.micros - this.days * SEC_PER_DAY * MICROS_PER_SEC) / MICROS_PER_SEC);
  }

  get microseconds(): number {
    return ((this.micros % MICROS_PER_SEC) + MICROS_PER_SEC) % MICROS_PER_SEC;
  }

  toString(): string {
    const days = this.days === 0 ? '' : `${this.days} day${Math.abs(this.days) === 1 ? '' : 's'}, `;
    const micros = this.microseconds === 0 ? '' : `.${String(this.microseconds).padStart(6, '0')}`;
    return `${days}${Math.floor(this.seconds / 3600)}:${two(Math.floor(this.seconds / 60) % 60)}:${two(this.seconds % 60)}${micros}`;
  }
}
