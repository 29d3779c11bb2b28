// What comes in: the time of day with its zone, the zone's rule, and the bash that can tell the time without a fork.
// What goes out: the host's clock when it answered, and Ansible's date_time.
// busybox's date may not know %N and then prints it as it is, or nothing: that counts as no nanoseconds.
// --norc: under sshd, Debian's bash reads ~/.bashrc even with -c.
import type { Fact } from './fact.js';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

export const clock: Fact = {
  name: 'clock',
  // The last line of a zone's file is its rule as in TZ (tzfile(5)): `CET-1CEST,M3.5.0,M10.5.0/3`.
  command: `date '+%s%N
zone %s %z %Z'; case $packages in
*"$newline"bash\\ [5-9]*) for f in /usr/bin/bash /bin/bash; do [ -x "$f" ] && { printf '%s\\n' "$f"; break; }; done ;;
*) bash --norc -c '[ -n "$EPOCHREALTIME" ] && printf "%s\\n" "$BASH"' ;;
esac; [ -r /etc/localtime ] && ! [ /etc/localtime -ef /usr/share/zoneinfo/Etc/UTC ] && printf 'rule %s\\n' "$(tail -n 1 /etc/localtime)"`,
  parse: (output) => ({
    clockNs: /^\d{19}$/m.exec(output)?.[0] ?? null,
    clockShell: /^\/[\w./+-]+$/m.exec(output)?.[0] ?? null,
  }),
  ansible: (output) => {
    const match = /^zone (\d{1,12}) ([+-])(\d\d)(\d\d) (\S+)$/m.exec(output);
    if (match === null) return {};
    const [, epoch = '', sign, hours, minutes, tz = ''] = match;
    const micros = /^\d{10}(\d{6})\d{3}$/m.exec(output)?.[1] ?? '000000';
    const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
    const utc = new Date(Number(epoch) * 1000).toISOString();
    // The local time, in the fields of UTC.
    const local = new Date(Number(epoch) * 1000 + offsetMs);
    const [date = '', time = ''] = local.toISOString().slice(0, 19).split('T');
    const [year = '', month = '', day = ''] = date.split('-');
    const [hour = '', minute = '', second = ''] = time.split(':');
    const dayOfYear = Math.floor((Date.UTC(Number(year), Number(month) - 1, Number(day)) - Date.UTC(Number(year), 0, 1)) / 86_400_000);
    const weekday = local.getUTCDay();
    // strftime(3) %W: weeks begin on Monday, days before the first one are week 0.
    const week = Math.floor((dayOfYear + 7 - ((weekday + 6) % 7)) / 7);
    const basic = `${date.replaceAll('-', '')}T${hour}${minute}${second}`;
    const summer = /^rule (?:[A-Za-z]{3,}|<[^>]+>)[+-]?[\d:]+([A-Za-z]{3,}|<[^>]+>)/m.exec(output)?.[1]?.replace(/[<>]/g, '');
    return {
      date_time: {
        year, month, weekday: DAYS[weekday], weekday_number: String(weekday), weeknumber: String(week).padStart(2, '0'), day, hour, minute, second, epoch, epoch_int: epoch, date, time,
        iso8601_micro: utc.replace(/\.\d+Z$/, `.${micros}Z`), iso8601: utc.replace(/\.\d+Z$/, 'Z'), iso8601_basic: `${basic}${micros}`, iso8601_basic_short: basic,
        tz, tz_dst: summer ?? tz, tz_offset: `${sign}${hours}${minutes}`,
      },
    };
  },
};
