// Setup's way on Debian, 11 to testing, with real apt and dpkg: headers and debug symbols of any flavour, the kernel's alone or all of them; and kernels
// that the archive has no more, from the archive as it was on another day.
import { expect, test } from 'vitest';
import { type Deb, makeDeb } from './archive/debs.js';
import { type Given, installed, onAptFleet } from './archive/fleet.js';
import { notesOn, play } from './archive/play.js';
import { baseDebs, DEBIANS, debianSymbolsDeb, type Release, sh } from './archive/ubuntu.js';
import { stateOf } from './ring/state.js';

const DAY = '20250524T031415Z';

onAptFleet('setup on what says it is Debian', (fleet) => {
  const all = async (release: Release) => [...(await baseDebs(release)), await debianSymbolsDeb(release)];
  const without = (debs: readonly Deb[], part: string) => debs.filter(({ name }) => !name.startsWith(part));

  test.each(Object.entries(DEBIANS))('%s: ready, and the second time nothing changes', { timeout: 120_000 }, async (_name, release) => {
    const { host, server, setup } = await fleet().debian(release, await all(release));
    expect((await setup()).failure).toBe('');
    expect(await installed(host)).toEqual(expect.arrayContaining(['systemtap', `linux-headers-${release.kernel}`, `linux-image-${release.kernel}-dbg`]));
    expect(await sh(host, 'find /usr/lib/debug -type f'), 'of the kernel only').toBe(`/usr/lib/debug/boot/vmlinux-${release.kernel}\n`);
    expect((await setup()).changed).toEqual([]);
    expect(server.asked.filter((path) => path.startsWith('/snapshot'))).toEqual([]);
  });

  test('symbols of the loadable modules too: at once, or later', { timeout: 120_000 }, async () => {
    const release = DEBIANS.trixie;
    const both = `/usr/lib/debug/boot/vmlinux-${release.kernel}\n/usr/lib/debug/lib/modules/${release.kernel}/kernel/net/tcp.ko.debug\n`;
    const atOnce = await fleet().debian(release, await all(release));
    expect((await atOnce.setup({ fleet_tap_symbols_full: true })).failure).toBe('');
    expect(await sh(atOnce.host, 'find /usr/lib/debug -type f | sort')).toBe(both);
    const later = await fleet().debian(release, await all(release));
    expect((await later.setup()).failure).toBe('');
    expect((await later.setup({ fleet_tap_symbols_full: true })).changed).toEqual(['Debug symbols of the loadable modules, which an earlier setup left out']);
    expect(await sh(later.host, 'find /usr/lib/debug -type f | sort')).toBe(both);
    expect((await later.setup({ fleet_tap_symbols_full: true })).changed).toEqual([]);
  });

  test('symbols of a kernel that is gone: doctor names them, prune takes those that setup has put there, and no others', { timeout: 120_000 }, async () => {
    const release = DEBIANS.trixie;
    const later = { ...release, kernel: '6.12.48+deb13-rt-amd64' };
    const theirs = await makeDeb({ name: 'linux-image-6.1.0-9-amd64-dbg', version: '1', files: { 'usr/lib/debug/boot/vmlinux-6.1.0-9-amd64': 'x' } });
    const kept = await makeDeb({ name: 'linux-image-6.1.0-8-amd64', version: '1', files: { 'boot/vmlinuz-6.1.0-8-amd64': 'x' } });
    const { host, setup } = await fleet().debian(release, [...(await all(release)), theirs, kept]);
    await sh(host, 'apt-get -q update; apt-get -q -y install linux-image-6.1.0-9-amd64-dbg linux-image-6.1.0-8-amd64');
    expect((await setup()).failure).toBe('');
    expect(await notesOn(host)).toEqual(['debug symbols of kernels that are gone, not put there by setup, take up disk: linux-image-6.1.0-9-amd64-dbg']);
    expect((await play(host, 'prune')).changed, 'the kernel runs').toEqual([]);
    await sh(host, `sed -i 's/${release.kernel.replaceAll('+', '.')}/${later.kernel}/' /usr/local/bin/uname; echo x > /usr/lib/debug/boot/vmlinux-6.1.0-7-amd64; echo x > /usr/lib/debug/boot/vmlinux-6.1.0-8-amd64; printf '/usr/lib/debug/boot/vmlinux-6.1.0-%s-amd64\n' 7 8 > /var/lib/fleet-tap/files`);
    expect((await notesOn(host))[0]).toMatch(/^debug symbols of kernels that are gone take up 1 MiB: 6\.1\.0-7-amd64, 6\.12\.41\+deb13-rt-amd64; fleet-tap setup --prune frees them$/);
    expect((await play(host, 'prune', { fleet_tap_build_for: [release.kernel, '6.1.0-7-amd64'] })).changed, 'a build host for them').toEqual([]);
    expect((await play(host, 'prune', {}, true)).changed).toEqual(['Their packages, away', 'Their files, away']);
    expect((await play(host, 'prune')).changed).toEqual(['Their packages, away', 'Their files, away']);
    expect(await sh(host, 'ls /usr/lib/debug/boot')).toBe('vmlinux-6.1.0-8-amd64\nvmlinux-6.1.0-9-amd64\n');
    expect(await installed(host)).toEqual(expect.arrayContaining(['linux-image-6.1.0-9-amd64-dbg', 'systemtap']));
    expect((await play(host, 'prune')).changed).toEqual([]);
    expect((await notesOn(host)).length).toBe(1);
  });

  /** The archive as it was on a day, and what is said of a package. */
  async function snapshot({ server }: Given, debs: readonly Deb[], suite: string, archive: string, asked: string, key = fleet().ubuntuKey): Promise<void> {
    const hash = 'a'.repeat(40);
    const info = { binary: asked, result: [{ architecture: 'sparc', hash: 'b'.repeat(40) }, { architecture: fleet().architecture, hash }], fileinfo: { [hash]: [{ archive_name: archive, first_seen: DAY, name: 'x.deb', path: '/pool/main/l/linux', size: 1 }] } };
    server.put(`/snapshot/mr/binary/${asked}/binfiles?fileinfo=1`, Buffer.from(JSON.stringify(info)));
    await server.publish(`snapshot/archive/${archive}/${DAY}`, [{ name: suite, debs, key, validUntil: new Date(Date.now() - 1e9) }], fleet().architecture);
  }

  test.each([
    ['a kernel of a point release', 'bookworm-proposed-updates', 'debian'],
    ['a kernel of a security update', 'bookworm-security', 'debian-security'],
  ])('%s whose packages are gone: from the archive of its day, which is taken out again', { timeout: 120_000 }, async (_what, suite, archive) => {
    const release = DEBIANS.bookworm;
    const given = await fleet().debian(release, without(await all(release), 'linux-'));
    const { host, setup } = given;
    await snapshot(given, (await all(release)).filter(({ name }) => name.startsWith('linux-')), suite, archive, `linux-headers-${release.kernel}/${release.kernelVersion}`);
    await sh(host, 'apt-get -q update');
    const [packages, before] = [await installed(host), await stateOf(fleet().ring, host)];
    expect((await setup()).failure).toBe('');
    expect(await installed(host)).toEqual(expect.arrayContaining([`linux-headers-${release.kernel}`, `linux-image-${release.kernel}-dbg`]));
    expect(await sh(host, 'ls /etc/apt/sources.list.d; apt-cache policy')).not.toContain('snapshot');
    expect((await setup()).changed).toEqual([]);
    expect((await play(host, 'teardown')).failure).toBe('');
    expect(await installed(host)).toEqual(packages);
    expect(Object.keys(await stateOf(fleet().ring, host)).filter((path) => !(path in before)).sort()).toEqual(['etc/group', 'etc/gshadow', 'var/lib/apt/extended_states', 'var/lib/dpkg/status']);
  });

  test('another build of the same release is in the archive: the symbols are of the running one', { timeout: 120_000 }, async () => {
    const release = DEBIANS.bookworm;
    const given = await fleet().debian(release, [...(await baseDebs(release)), await debianSymbolsDeb(release, '6.1.147-1')]);
    await snapshot(given, [await debianSymbolsDeb(release)], 'bookworm', 'debian', `linux-image-${release.kernel}-dbg/${release.kernelVersion}`);
    expect((await given.setup()).failure).toBe('');
    expect(await sh(given.host, `cat /usr/lib/debug/boot/vmlinux-${release.kernel}`)).toBe(`vmlinux ${release.kernelVersion}`);
  });

  test('gone from everywhere, or signed by another: one sentence, and apt works as before', { timeout: 120_000 }, async () => {
    const release = DEBIANS.bookworm;
    const given = await fleet().debian(release, without(await all(release), 'linux-image'));
    expect((await given.setup()).failure).toContain(`no archive of this host has linux-image-${release.kernel}-dbg in version ${release.kernelVersion} any more, nor has ${given.server.url}/snapshot (fleet_tap_snapshot_url): upgrade the kernel, reboot, and run setup again`);
    await snapshot(given, [await debianSymbolsDeb(release)], 'bookworm', 'debian', `linux-image-${release.kernel}-dbg/${release.kernelVersion}`, await fleet().keys.make('stranger'));
    expect((await given.setup()).failure).toMatch(/the signature of an archive cannot be verified.* was taken out again\.$/);
    expect(await sh(given.host, 'ls /etc/apt/sources.list.d; apt-get -q update')).not.toContain('snapshot');
  });
});
