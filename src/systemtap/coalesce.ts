// What comes in: staprun's many small writes (it writes each message alone). What goes out: the same bytes in fewer, larger ones: each
// write costs a packet, its encryption, and a wake-up on both sides.
// What the way out does not take yet is held here, up to HELD_MIB: so the kernel's buffers are read in time on a host that receives more, for a while, than
// its connection carries, and the kernel module can go when the capture ends, before its last lines have.
// Guaranteed: no byte waits longer than HOLD_SEC where there is a way out; what was read is written, unless for STUCK_SEC nothing can be, or LAST_SEC after
// the end of the input. Exit status: 0 all was written, 1 nobody reads any more, another: what was held is lost.
// No modules of perl are used, and numbers stand for EINTR (4) and EAGAIN (11): perl-base is on every Debian and Ubuntu; where perl is missing, staprun writes to the channel itself.

const HOLD_SEC = 0.05;
const HELD_MIB = 32;
/** At once. Perl gives each read memory of the size asked for; from 128 KiB on it is new memory from the kernel each time, which cost more than all else here. */
const READ_BYTES = 65_536;
/** Without a byte taken, after the end of the input. */
const STUCK_SEC = 10;
const LAST_SEC = 60;

/**
 * sh: one command. A short read is followed by a pause, in which more comes together; a full one (the host is busy) is not. Nor may it wake for each message
 * while the way out is full: that would take the processor from staprun.
 */
export const COALESCE = `perl -e '
fcntl(STDIN, 1031, 1048576); # F_SETPIPE_SZ: what comes during the pause finds room
my $flags = fcntl(STDOUT, 3, 0);
fcntl(STDOUT, 4, $flags | 2048); # F_SETFL, O_NONBLOCK
END { fcntl(STDOUT, 4, $flags + 0) }
my ($open, $bytes, $at, @held) = (1, 0, 0);
while ($open or $bytes) {
  my ($in, $out) = ("", "");
  vec($in, 0, 1) = 1 if $open and $bytes < ${HELD_MIB} * 1048576;
  vec($out, 1, 1) = 1 if $bytes;
  my $ready = select($in, $out, undef, $open ? undef : ${STUCK_SEC});
  exit 3 if $ready == 0;
  next if $ready < 0;
  my $more = vec($in, 0, 1) ? sysread(STDIN, my $read, ${READ_BYTES}) : -1;
  if (!defined $more) { next if $! == 4; exit 1 }
  if ($more == 0) { $open = 0; alarm ${LAST_SEC} }
  if ($more > 0) {
    $bytes += $more;
    if (@held > 1 and length $held[-1] < ${READ_BYTES} / 2) { $held[-1] .= $read } else { push @held, $read }
  }
  next if !@held;
  my $gone = syswrite(STDOUT, $held[0], length($held[0]) - $at, $at);
  if (defined $gone) { $bytes -= $gone; $at += $gone }
  elsif ($! != 4 and $! != 11) { exit 1 }
  if ($at == length $held[0]) { shift @held; $at = 0 }
  select(undef, undef, undef, ${HOLD_SEC}) if $more > 0 and $more < ${READ_BYTES};
}'`;
