// What comes in: staprun's many small writes (it writes each message alone). What goes out: the same bytes in fewer, larger ones: each
// write costs a packet, its encryption, and a wake-up on both sides.
// Guaranteed: no byte waits longer than HOLD_SEC; the end of the input is the end of it; what was read is written first.
// perl-base is on every Debian and Ubuntu; where perl is missing, staprun writes to the channel itself.

const HOLD_SEC = 0.02;

/** sh: one command. A short read is followed by a pause, in which more comes together; a full one (the host is busy) is not. */
export const COALESCE = `perl -e '
fcntl(STDIN, 1031, 1048576); # F_SETPIPE_SZ: what comes during the pause finds room
for (;;) {
  my $n = sysread(STDIN, my $bytes, 1048576);
  if (!defined $n) { next if $! == 4; exit 1 }
  last if $n == 0;
  for (my $at = 0; $at < $n;) {
    my $written = syswrite(STDOUT, $bytes, $n - $at, $at);
    if (!defined $written) { next if $! == 4; exit 1 }
    $at += $written;
  }
  select(undef, undef, undef, ${HOLD_SEC}) if $n < 65536;
}'`;
