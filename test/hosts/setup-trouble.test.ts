// What goes wrong while setup works, with real apt and dpkg: another program holds the lock, downloads that stop, a disk that is full, a power cut in
// the middle of dpkg. Each is one sentence, and a second run goes on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { installed, onAptFleet, type Wanted } from './archive/fleet.js';
import { makeDeb } from './archive/debs.js';
import { keyringDeb, RELEASES, sh, symbolsDeb } from './archive/ubuntu.js';
import type { RingHost } from './ring/host.js';

const SYMBOLS = `linux-image-unsigned-${RELEASES.noble.kernel}-dbgsym`;

/** A program on the host, with its first line of output; it ends with the test. */
async function start(host: RingHost, words: readonly string[]) {
  const [program = '', ...before] = await host.enter();
  const child = spawn(program, [...before, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ended, line: line.toString().trim() };
}

/** As apt locks: fcntl(2). Prints its process number in the host, and holds the lock until its standard input ends. */
const HOLD = `
import fcntl, os, sys
f = open('/var/lib/dpkg/lock-frontend', 'w')
fcntl.lockf(f, fcntl.LOCK_EX)
open('/proc/self/comm', 'w').write('unattended-upgr')
print(os.getpid(), flush=True)
sys.stdin.read()
`;

onAptFleet('setup in trouble', (fleet) => {
  const given = (wanted: Wanted = {}) => fleet().given(wanted);

  test('the lock that another program holds: who it is, after a while', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    const { line } = await start(host, ['python3', '-c', HOLD]);
    const { failure, changed } = await setup({ fleet_tap_lock_seconds: 1 });
    expect(failure).toContain(`apt's lock is held by unattended-upgr (process ${line}) for more than 1 seconds. Wait until it has finished`);
    expect(changed).toEqual([]);
  });

  test('the lock that is given back while setup waits', { timeout: 120_000 }, async () => {
    const { host, server, setup } = await given();
    const { child } = await start(host, ['python3', '-c', HOLD]);
    const done = setup();
    // It waits: its question has begun, and no archive has been asked for anything.
    for (;;) {
      const { stdout } = await host.run(['sh', '-c', 'grep -ls "apt.s lock is held" /proc/[0-9]*/cmdline | head -n 1']);
      if (stdout !== '') break;
      const isOver = await Promise.race([done.then(() => true), new Promise<false>((resolve) => setTimeout(resolve, 50, false))]);
      expect(isOver).toBe(false);
    }
    expect(server.asked).toEqual([]);
    child.stdin.end();
    expect((await done).failure).toBe('');
  });

  test('a download that stops is given up, and gone on with the next time', { timeout: 120_000 }, async () => {
    const { host, server, setup } = await given();
    server.troubles.set(`/ddebs/pool/main/${SYMBOLS}_${RELEASES.noble.kernelVersion}_all.deb`, 'stop');
    expect((await setup()).failure).toMatch(/could not install .*: a download stopped: http\S+-dbgsym\S+ sent nothing any more/);
    server.troubles.clear();
    expect((await setup()).failure).toBe('');
    expect(await installed(host)).toContain(SYMBOLS);
  });

  test('a package that is gone from the archive', { timeout: 120_000 }, async () => {
    const { server, setup } = await given();
    server.troubles.set(`/ddebs/pool/main/${SYMBOLS}_${RELEASES.noble.kernelVersion}_all.deb`, 404);
    expect((await setup()).failure).toMatch(/could not install .*: the archive answered 404 for http\S+\/ddebs/);
  });

  test('no room where symbols go, and where downloads go: found before anything is downloaded', { timeout: 120_000 }, async () => {
    const big = await makeDeb({ name: SYMBOLS, version: RELEASES.noble.kernelVersion, installedKib: 60_000, files: { 'usr/lib/debug/boot/vmlinux': Buffer.alloc(3_000_000) } });
    const { host, server, setup } = await given({ ddebs: [big] });
    await sh(host, 'mkdir -p /usr/lib/debug && mount -t tmpfs -o size=1m small /usr/lib/debug');
    expect((await setup()).failure).toMatch(/^(?:.*: )?\d+ MiB are needed in \/usr\/lib\/debug, 1 MiB are free there\./);
    await sh(host, 'umount /usr/lib/debug && mount -t tmpfs -o size=1m small /var/cache/apt/archives');
    expect((await setup()).failure).toMatch(/\d+ MiB are needed in \/var\/cache\/apt\/archives, 1 MiB are free there\./);
    expect(server.asked.filter((path) => path.includes(SYMBOLS))).toEqual([]);
    await sh(host, 'umount /var/cache/apt/archives');
    expect((await setup()).failure).toBe('');
  });

  test('a disk that fills up in the middle of dpkg, and then has room', { timeout: 120_000 }, async () => {
    // It takes more than it says.
    const big = await makeDeb({ name: SYMBOLS, version: RELEASES.noble.kernelVersion, installedKib: 100, files: { 'usr/lib/debug/boot/vmlinux': Buffer.alloc(3_000_000) } });
    const { host, setup } = await given({ ddebs: [big] });
    await sh(host, 'mkdir -p /usr/lib/debug && mount -t tmpfs -o size=1m small /usr/lib/debug');
    expect((await setup()).failure).toMatch(/could not install .*: there is no space left/);
    await sh(host, 'mount -o remount,size=20m /usr/lib/debug');
    expect((await setup()).failure).toBe('');
    expect(await installed(host)).toContain(SYMBOLS);
    expect((await setup()).changed).toEqual([]);
  });

  test('a power cut in the middle of dpkg; the second run finishes what the first began', { timeout: 120_000 }, async () => {
    // The power goes while this package's script runs: everything that works for dpkg is killed at once.
    const cut = `[ -e /power-was-cut ] || { : > /power-was-cut; for p in /proc/[0-9]*; do case $(cat "$p/comm" 2>/dev/null) in dpkg|apt-get) kill -9 "\${p#/proc/}" ;; esac; done; kill -9 $$; }`;
    const symbols = await makeDeb({ name: SYMBOLS, version: RELEASES.noble.kernelVersion, files: { 'usr/lib/debug/boot/vmlinux': 'x' }, postinst: cut });
    const { host, setup } = await given({ ddebs: [symbols] });
    expect((await setup()).failure).not.toBe('');
    expect(await sh(host, `dpkg-query -W -f '\${db:Status-Status}' ${SYMBOLS}`)).not.toBe('installed');
    const second = await setup();
    expect(second.failure).toBe('');
    expect(second.changed).toContain("An installation of setup's that was cut off, finished");
    expect(await sh(host, 'dpkg --audit')).toBe('');
    expect(await installed(host)).toEqual(expect.arrayContaining([SYMBOLS, 'systemtap', 'gcc']));
    expect((await setup()).changed).toEqual([]);
  });

  test("an installation of somebody else's that was cut off is left to them", { timeout: 120_000 }, async () => {
    const theirs = await makeDeb({ name: 'ftshop', version: '1', postinst: 'exit 1' });
    const { host, setup } = await given({ base: [theirs, await keyringDeb('ubuntu-dbgsym-keyring', fleet().ddebsKey.publicKey)] });
    await sh(host, 'apt-get -q update; apt-get -q -y install ftshop || true');
    const { failure, changed } = await setup();
    expect(failure).toContain("an earlier installation was interrupted halfway : ftshop. Run 'dpkg --configure -a'");
    expect(changed).toEqual([]);
  });

  test('a stap that does not compile for the kernel: found before symbols are downloaded, and what it said is kept', { timeout: 120_000 }, async () => {
    const said = "/usr/share/systemtap/runtime/sym.c:21:10: fatal error: asm/unaligned.h: No such file or directory\nWARNING: kbuild exited with status: 2\nPass 4: compilation failed.  [man error::pass4]";
    const stap = `#!/bin/sh\ncase $1 in --version) echo 'Systemtap translator/driver (version 5.0/0.190, test)'; exit ;; esac\ncat >&2 <<'X'\n${said}\nX\nexit 1\n`;
    const broken = await makeDeb({ name: 'systemtap', version: '5.0-3', depends: 'systemtap-runtime', files: { 'usr/bin/stap': stap } });
    const { host, server, setup } = await given({ base: [broken, await keyringDeb('ubuntu-dbgsym-keyring', fleet().ddebsKey.publicKey)] });
    const { failure } = await setup();
    expect(failure).toContain(`stap does not compile even an empty script for kernel ${RELEASES.noble.kernel} (5.0/0.190, test): /usr/share/systemtap/runtime/sym.c:21:10: fatal error: asm/unaligned.h: No such file or directory. No debug symbols were downloaded. `);
    expect(server.asked.filter((path) => path.includes('pool/') && path.includes('dbgsym_'))).toEqual([]);
    expect(await sh(host, 'cat /var/lib/fleet-tap/stap-failed.txt')).toBe(`${said}\n`);
    // With another stap it goes on, and is not asked again once the symbols are there.
    await sh(host, `mkdir -p /opt/st/bin && printf '#!/bin/sh\\necho "$*" >> /opt/st/asked\\n' > /opt/st/bin/stap && chmod +x /opt/st/bin/stap`);
    expect((await setup({ fleet_tap_stap: '/opt/st/bin/stap' })).failure).toBe('');
    expect((await setup({ fleet_tap_stap: '/opt/st/bin/stap' })).changed).toEqual([]);
    expect(await sh(host, 'cat /opt/st/asked')).toBe(`-p4 -r ${RELEASES.noble.kernel} -m fleet_tap_probe -e probe begin { exit() }\n`);
  });

  test('a remedy that the host asks for is part of the question', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    const kernel = `/lib/modules/${RELEASES.noble.kernel}/build`;
    await sh(host, `mkdir -p ${kernel} /opt/st/bin /opt/st/share/systemtap/runtime/transport && echo 0x0 uprobe_unregister_nosync > ${kernel}/Module.symvers && : > /opt/st/share/systemtap/runtime/transport/transport.c && printf '#!/bin/sh\\necho "$*" >> /opt/st/asked\\n' > /opt/st/bin/stap && chmod +x /opt/st/bin/stap`);
    expect((await setup({ fleet_tap_stap: '/opt/st/bin/stap' })).failure).toBe('');
    expect(await sh(host, 'cat /opt/st/asked')).toContain(' -m fleet_tap_probe -DSTAPCONF_UPROBE_UNREGISTER_EXPORTED -e ');
  });

  test('a container, as systemd knows it', { timeout: 120_000 }, async () => {
    const { host, server, setup } = await given();
    await sh(host, 'rm /usr/local/bin/systemd-detect-virt');
    const { failure, changed } = await setup();
    expect(failure).toMatch(/this is a container \([a-z-]+\): /);
    expect([changed, server.asked]).toEqual([[], []]);
    expect((await setup({ fleet_tap_anyway: true })).failure).toBe('');
  });

  test('no way to the archive', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    await sh(host, "sed -i 's/^URIs: .*/URIs: http:\\/\\/127.0.0.1:1\\/ubuntu/' /etc/apt/sources.list.d/ubuntu.sources");
    expect((await setup()).failure).toMatch(/the package lists could not be updated: the host cannot reach the archive 127\.0\.0\.1:1/);
    expect(await sh(host, 'ls /var/lib/fleet-tap 2>/dev/null || true')).toBe('');
  });

  test('what is not Linux', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    await sh(host, `sed -i 's/"Linux ring/"FreeBSD ring/' /usr/local/bin/uname`);
    expect((await setup()).failure).toContain('FreeBSD is not Linux: ');
  });

  test('a kernel that came from proposed packages: its pocket is asked for too', { timeout: 120_000 }, async () => {
    const { codename, kernel, kernelVersion } = RELEASES.noble;
    const { host, server, setup } = await given({ pockets: ['-proposed', ''], ddebs: [await symbolsDeb(RELEASES.noble, true)] });
    const image = await makeDeb({ name: `linux-image-${kernel}`, version: kernelVersion, files: { [`boot/vmlinuz-${kernel}`]: 'x' } });
    await server.publish('ubuntu', [{ name: `${codename}-proposed`, debs: [image], key: fleet().ubuntuKey }], fleet().architecture);
    await sh(host, `sed -i 's/^Suites: .*/& ${codename}-proposed/' /etc/apt/sources.list.d/ubuntu.sources; apt-get -q update; apt-get -q -y install linux-image-${kernel}`);
    expect((await setup()).failure).toBe('');
    expect(await sh(host, 'grep ^Suites /etc/apt/sources.list.d/fleet-tap-ddebs.sources')).toBe(`Suites: ${codename} ${codename}-proposed\n`);
  });
});
