// Dates as Python's datetime has them: `now()`, `| to_datetime`, `template_mtime`; and what lies between two of them.
// Guaranteed: microseconds; no time zones, as in what Ansible makes. Not here: formats (strftime.ts).

const MICROS_PER_SEC = 1_000_000;
const SEC_PER_DAY = 86_400;

const two = (value: number): string => String(value).padStart(2, '0');

export class DateTime {
  /** The fields' time as if they were UTC. */
  readonly ms: number;
  /** Microseconds of the second, 0 to 999999. */
  readonly microsecond: number;
  constructor(wholeSecondMs: number, microsecond = 0) {
    this.ms = wholeSecondMs;
    this.microsecond = microsecond;
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
    const micros = this.microsecond === 0 ? '' : `.${String(this.microsecond).padStart(6, '0')}`;
    return `${day}${separator}${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${micros}`;
  }

  toString(): string {
    return this.isoformat(' ');
  }

  repr(): string {
    const date = this.fields;
    const parts = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes()];
    if (date.getUTCSeconds() !== 0 || this.microsecond !== 0) parts.push(date.getUTCSeconds());
    if (this.microsecond !== 0) parts.push(this.microsecond);
    return `datetime.datetime(${parts.join(', ')})`;
  }

  minus(other: DateTime): TimeDelta {
    return new TimeDelta((this.ms - other.ms) * 1000 + this.microsecond - other.microsecond);
  }

  plus(delta: TimeDelta): DateTime {
    const micros = this.ms * 1000 + this.microsecond + delta.micros;
    const microsecond = ((micros % MICROS_PER_SEC) + MICROS_PER_SEC) % MICROS_PER_SEC;
    return new DateTime((micros - microsecond) / 1000, microsecond);
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
