// A kernel whose debug symbols the archive has no more, with real apt and dpkg: another build of the same release is not taken for it; Launchpad has it in
// its exact version, debuginfod by its build ID, or setup says which newer kernel has symbols.
import { expect, test } from 'vitest';
import { makeDeb } from './archive/debs.js';
import { type Given, installed, onAptFleet, type Wanted } from './archive/fleet.js';
import { play } from './archive/play.js';
import { put, RELEASES, sh, symbolsDeb } from './archive/ubuntu.js';
import { stateOf } from './ring/state.js';

const { kernel, kernelVersion } = RELEASES.noble;
const SYMBOLS = `linux-image-unsigned-${kernel}-dbgsym`;
const FILE = `/usr/lib/debug/boot/vmlinux-${kernel}`;
const BUILD_ID = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';

/** An ELF note, as in /sys/kernel/notes and in vmlinux. */
function note(type: number, name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(12);
  for (const [at, value] of [name.length + 1, content.length, type].entries()) head.writeUInt32LE(value, at * 4);
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  return Buffer.concat([head, padded(Buffer.from(`${name}\0`)), padded(content)]);
}
const NOTES = Buffer.concat([note(6, 'Xen', Buffer.from('linux')), note(3, 'GNU', Buffer.from(BUILD_ID, 'hex')), note(0x100, 'Linux', Buffer.alloc(1))]);

onAptFleet('symbols that the archive has no more', (fleet) => {
  const pruned = (wanted: Wanted = {}) => fleet().given({ ddebs: [], ...wanted });
  /** Both places at the archives' server. */
  const elsewhere = ({ server }: Given) => ({ fleet_tap_launchpad_url: `${server.url}/launchpad`, fleet_tap_debuginfod_url: `${server.url}/debuginfod` });

  test('of two builds in the archive, that of the running kernel', { timeout: 120_000 }, async () => {
    const older = await symbolsDeb(RELEASES.noble, true);
    const newer = await symbolsDeb(RELEASES.noble, true, '6.8.0-1018.20');
    const given = await pruned({ ddebs: [older, newer] });
    expect((await given.setup(elsewhere(given))).failure).toBe('');
    expect(await sh(given.host, `cat ${FILE}`)).toBe(`vmlinux ${kernelVersion}`);
    expect((await given.setup(elsewhere(given))).changed).toEqual([]);
  });

  test('Launchpad has the exact version; teardown takes it back', { timeout: 120_000 }, async () => {
    const given = await pruned({ ddebs: [await symbolsDeb(RELEASES.noble, true, '6.8.0-1018.20')] });
    const { host, server, setup } = given;
    const deb = await symbolsDeb(RELEASES.noble, true);
    server.put(`/launchpad/ubuntu/+archive/primary/+files/${SYMBOLS}_${kernelVersion}_${fleet().architecture}.ddeb`, deb.bytes);
    const packages = await installed(host);
    await sh(host, 'apt-get -q update');
    expect((await setup(elsewhere(given), true)).failure, 'in check mode').toBe('');
    expect(server.asked.filter((path) => path.includes('launchpad')), 'in check mode nothing is downloaded').toEqual([]);
    expect((await setup(elsewhere(given))).failure).toBe('');
    expect(await sh(host, `cat ${FILE}; dpkg-query -W -f '\${Version}' ${SYMBOLS}; ls /var/cache`)).toMatch(new RegExp(`^vmlinux ${kernelVersion}${kernelVersion}(?!.*fleet-tap)`, 's'));
    expect(await sh(host, 'find /usr/lib/debug -type f'), 'of the kernel only').toBe(`${FILE}\n`);
    expect((await setup(elsewhere(given))).changed).toEqual([]);
    expect((await play(host, 'teardown')).failure).toBe('');
    expect(await installed(host)).toEqual(packages);
  });

  test('debuginfod has it by its build ID; a file of another build is not taken', { timeout: 120_000 }, async () => {
    const given = await pruned();
    const { host, server, setup } = given;
    await sh(host, 'apt-get -q update; mkdir -p /sys/kernel');
    await put(host, '/sys/kernel/notes', NOTES);
    const before = await stateOf(fleet().ring, host);
    const path = `/debuginfod/buildid/${BUILD_ID}/debuginfo`;
    server.put(path, Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(3_000_000)]));
    expect((await setup(elsewhere(given))).failure).toContain('neither Launchpad nor debuginfod gave them; ');
    // Where one part of the file ends that is read at once.
    const vmlinux = Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc((1 << 20) - 4 - 30, 1), NOTES.subarray(24), Buffer.alloc(1000)]);
    server.put(path, vmlinux);
    expect((await setup(elsewhere(given))).failure).toBe('');
    expect(await sh(host, `stat -c '%s %a' ${FILE}`)).toBe(`${vmlinux.length} 644\n`);
    expect((await setup(elsewhere(given))).changed).toEqual([]);
    expect((await play(host, 'teardown')).failure).toBe('');
    const after = await stateOf(fleet().ring, host);
    expect(Object.keys(after).filter((name) => !(name in before)).sort()).toEqual(['etc/group', 'etc/gshadow', 'var/lib/apt/extended_states', 'var/lib/dpkg/status']);
  });

  test('neither: which newer kernel has symbols, and that a reboot is needed', { timeout: 120_000 }, async () => {
    const newer = ['6.8.0-1020-aws', '6.8.0-1021-aws', '6.8.0-99-generic'];
    const symbols = await Promise.all(newer.map((release) => makeDeb({ name: `linux-image-unsigned-${release}-dbgsym`, version: '1' })));
    const images = await Promise.all(['6.8.0-1020-aws', '6.8.0-1021-aws', '6.8.0-99-generic'].map((release) => makeDeb({ name: `linux-image-${release}`, version: '1' })));
    const given = await pruned({ ddebs: symbols, base: images });
    const failed = await given.setup({ ...elsewhere(given), fleet_tap_ddebs_key: fleet().keys.file(fleet().ddebsKey), fleet_tap_ddebs_fingerprint: fleet().ddebsKey.fingerprint });
    expect(failed.failure).toContain(`no archive of this host has the debug symbols of kernel ${kernel} in version ${kernelVersion} any more, and neither Launchpad nor debuginfod gave them; the newest kernel of this kind with symbols is 6.8.0-1021-aws: 'apt-get install linux-image-6.8.0-1021-aws linux-headers-6.8.0-1021-aws', reboot, and run setup again; or capture without symbols (fleet_tap_symbols: none)`);
    expect((await given.setup({ fleet_tap_symbols: 'none' })).failure).toBe('');
  });
});
