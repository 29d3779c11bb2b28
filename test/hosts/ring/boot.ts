// What comes in: the folder of a host of the ring. What goes out: the sh script that mounts it and becomes its first process: one that only reaps,
// or systemd. It is run in a mount namespace of its own; all is gone when its first process ends.
// Guaranteed: nothing of the machine can be set from a host with systemd: /proc/sys and /sys are read-only there, and units that would set something are masked.

const MOUNTS = `
set -e
cd "$1"; mkdir upper work merged
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/merged"
mount -t tmpfs -o mode=755 run merged/run
mkdir merged/run/sshd merged/run/lock merged/run/ring
cp "$3/host_key" "$3/authorized_keys" merged/run/ring
`;

/** Reaps what its children leave behind. */
const PLAIN = `${MOUNTS}
mount --rbind /dev merged/dev
exec unshare --pid --uts --fork --kill-child sh -c '
set -e
mount -t proc proc "$1/merged/proc"; hostname ring
exec chroot "$1/merged" sh -c "echo ready; while :; do sleep 3600 & wait; done"' sh "$1"
`;

/** In a control group of its own ($4), whose hierarchy it sees as the only one. */
const SYSTEMD = `${MOUNTS}
units=merged/run/systemd/system; mkdir -p $units
printf '[Unit]\\nDefaultDependencies=no\\n' > $units/ring.target
for kind in sysinit basic sockets timers paths local-fs multi-user; do
  for unit in merged/usr/lib/systemd/system/$kind.target.wants/* merged/etc/systemd/system/$kind.target.wants/*; do
    case $unit in *journald*|*'*'|*/cron.service) ;; *) ln -sf /dev/null $units/\${unit##*/} ;; esac
  done
done
echo $$ > "$4/cgroup.procs"
exec unshare --mount --propagation private --pid --uts --ipc --cgroup --fork --kill-child sh -c '
set -e
cd "$1"
mount -t proc proc merged/proc; mount --bind merged/proc/sys merged/proc/sys; mount -o remount,bind,ro merged/proc/sys
mount -t sysfs -o ro sysfs merged/sys; mount -t cgroup2 cgroup2 merged/sys/fs/cgroup
mount -t tmpfs -o mode=755 dev merged/dev
for one in null zero full random urandom tty; do : > merged/dev/$one; mount --bind /dev/$one merged/dev/$one; done
mkdir merged/dev/pts merged/dev/shm; ln -s /proc/self/fd merged/dev/fd; ln -s pts/ptmx merged/dev/ptmx
mount -t devpts -o newinstance,ptmxmode=0666 devpts merged/dev/pts
hostname ring
exec chroot merged env -i container=ring PATH=/usr/sbin:/usr/bin sh -c "echo ready; exec /lib/systemd/systemd --system --unit=ring.target"' sh "$1"
`;

/** Its words: the host's folder, the root, the folder of keys, with systemd the control group. */
export function bootScript(systemd: boolean): string {
  return systemd ? SYSTEMD : PLAIN;
}

export const SSHD_CONFIG = `HostKey /run/ring/host_key
AuthorizedKeysFile /run/ring/authorized_keys
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxSessions 50
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
`;
