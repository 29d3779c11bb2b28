// What comes in: the time of day, and the bash that can tell it without a fork. What goes out: the host's clock when it answered.
// busybox's date may not know %N and then prints it as it is, or nothing: that counts as no nanoseconds.
// --norc: under sshd, Debian's bash reads ~/.bashrc even with -c.
import type { Fact } from './fact.js';

export const clock: Fact = {
  name: 'clock',
  command: `date +%s%N; bash --norc -c '[ -n "$EPOCHREALTIME" ] && printf "%s\\n" "$BASH"'`,
  parse: (output) => ({
    clockNs: /^\d{19}$/m.exec(output)?.[0] ?? null,
    clockShell: /^\/[\w./+-]+$/m.exec(output)?.[0] ?? null,
  }),
};
