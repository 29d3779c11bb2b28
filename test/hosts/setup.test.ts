// Setup's way on Ubuntu, with real apt and dpkg on Debian systems that say they are Ubuntu, against signed archives on loopback: pockets, names, keys,
// and what is said where the archive is of no use.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeDeb } from './archive/debs.js';
import { type Given, installed, onAptFleet, type Wanted } from './archive/fleet.js';
import { play, playTheirs } from './archive/play.js';
import { keyringDeb, put, RELEASES, sh, symbolsDeb } from './archive/ubuntu.js';
import { type State, stateOf } from './ring/state.js';

const SOURCE = '/etc/apt/sources.list.d/fleet-tap-ddebs.sources';

onAptFleet('setup on what says it is Ubuntu', (fleet) => {
  const given = (wanted: Wanted = {}) => fleet().given(wanted);

  test.each(Object.values(RELEASES))('$codename: ready, and the second time nothing changes', { timeout: 120_000 }, async (release) => {
    const { host, server, setup } = await given({ release });
    const first = await setup();
    expect(first.failure).toBe('');
    expect(await sh(host, `cat ${SOURCE}`)).toBe(
      `# Written by fleet-tap setup\nTypes: deb\nURIs: ${server.url}/ddebs\nSuites: ${release.codename} ${release.codename}-updates\nComponents: main restricted universe multiverse\nSigned-By: /usr/share/keyrings/ubuntu-dbgsym-keyring.gpg\n`,
    );
    expect(await installed(host)).toEqual(expect.arrayContaining(['systemtap', 'gcc', `linux-headers-${release.kernel}`, `linux-image-unsigned-${release.kernel}-dbgsym`, 'ubuntu-dbgsym-keyring']));
    expect(await sh(host, `find /usr/lib/debug -type f`), 'of the kernel only').toBe(`/usr/lib/debug/boot/vmlinux-${release.kernel}\n`);
    expect((await setup()).changed).toEqual([]);
  });

  test('only the pockets that are there; those of proposed packages are not asked for', { timeout: 120_000 }, async () => {
    const { host, server, setup } = await given({ pockets: ['', '-security', '-proposed'] });
    expect((await setup()).failure).toBe('');
    expect(await sh(host, `grep ^Suites ${SOURCE}`)).toBe('Suites: noble noble-security\n');
    expect(server.asked.filter((path) => path.includes('-proposed'))).toEqual([]);
  });

  test('a kernel that is not signed has its symbols under its own name', { timeout: 120_000 }, async () => {
    const { host, setup } = await given({ ddebs: [await symbolsDeb(RELEASES.noble, false)] });
    expect((await setup()).failure).toBe('');
    expect(await installed(host)).toContain(`linux-image-${RELEASES.noble.kernel}-dbgsym`);
  });

  test("an archive that the host's owner has added is enough, and stays", { timeout: 120_000 }, async () => {
    const { host, server, setup } = await given();
    const theirs = `Types: deb\nURIs: ${server.url}/ddebs/\nSuites: noble noble-updates\nComponents: main\nSigned-By: /usr/share/keyrings/theirs.gpg\n`;
    await put(host, '/usr/share/keyrings/theirs.gpg', fleet().ddebsKey.publicKey);
    await put(host, '/etc/apt/sources.list.d/ddebs.sources', theirs);
    expect((await setup()).failure).toBe('');
    expect(await sh(host, 'ls /etc/apt/sources.list.d')).toBe('ddebs.sources\nubuntu.sources\n');
    expect((await play(host, 'teardown')).failure).toBe('');
    expect(await sh(host, 'cat /etc/apt/sources.list.d/ddebs.sources')).toBe(theirs);
  });

  test('symbols are downloaded by one host, and come to another over SSH, which takes them only if its archive has the same', { timeout: 600_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-push-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    // More than two parts.
    const big = await makeDeb({ name: `linux-image-unsigned-${RELEASES.noble.kernel}-dbgsym`, version: RELEASES.noble.kernelVersion, files: { [`usr/lib/debug/boot/vmlinux-${RELEASES.noble.kernel}`]: randomBytes(17_000_000) } });
    const downloads = ({ server }: Given) => server.asked.filter((path) => path.includes('/pool/') && path.includes('dbgsym_')).length;
    const role = (name: string) => ({ fleet_tap_push: name, fleet_tap_push_folder: folder });
    const giver = await given({ ddebs: [big] });
    expect((await giver.setup(role('give'))).failure).toBe('');
    expect([downloads(giver), (await readdir(folder)).length]).toEqual([1, 3]);
    const taker = await given({ ddebs: [big] });
    expect((await taker.setup(role('take'))).failure).toBe('');
    expect(downloads(taker)).toBe(0);
    const sum = (one: Given) => sh(one.host, 'sha256sum < /usr/lib/debug/boot/vmlinux-*; ls -A /var/cache | grep fleet-tap || true');
    expect(await sum(taker)).toBe(await sum(giver));
    // As long, and not the same: it is not taken, and the host downloads.
    const [last = ''] = (await readdir(folder)).toSorted().reverse();
    const part = await readFile(join(folder, last));
    await writeFile(join(folder, last), part.map((byte) => byte ^ 1));
    const careful = await given({ ddebs: [big] });
    expect((await careful.setup(role('take'))).failure).toBe('');
    expect([downloads(careful), await sum(careful)]).toEqual([1, await sum(giver)]);
    expect((await careful.setup(role('take'))).changed).toEqual([]);
  });

  test('check mode changes nothing, and says what would be', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    await sh(host, 'apt-get -q update');
    const before = await stateOf(fleet().ring, host);
    const { changed } = await setup({}, true);
    expect(changed).toContain("Ubuntu's debug symbols: archive");
    expect(await stateOf(fleet().ring, host)).toEqual(before);
  });

  describe('the key', () => {
    test('of ubuntu-keyring, where ubuntu-dbgsym-keyring is no package any more', { timeout: 120_000 }, async () => {
      const { host, setup } = await given({ base: [await keyringDeb('ubuntu-keyring', fleet().ddebsKey.publicKey)] });
      expect((await setup()).failure).toBe('');
      expect(await installed(host)).toContain('ubuntu-keyring');
    });

    test('that a mirror signs with, by its fingerprint', { timeout: 120_000 }, async () => {
      const otherKey = await fleet().keys.make('other');
      const { host, setup } = await given({ base: [], signs: otherKey });
      const file = fleet().keys.file(otherKey);
      const wrong = await setup({ fleet_tap_ddebs_key: file });
      expect(wrong.failure).toContain(`is not the key F2EDC64DC5AEE1F6B9C621F0C8CAB6595FDFF622 (fleet_tap_ddebs_fingerprint), but ${otherKey.fingerprint.toLowerCase()}`);
      expect(await sh(host, `ls /etc/apt/sources.list.d`)).not.toContain('fleet-tap');
      expect((await setup({ fleet_tap_ddebs_key: file, fleet_tap_ddebs_fingerprint: otherKey.fingerprint })).failure).toBe('');
      expect(await sh(host, `grep Signed-By ${SOURCE}`)).toBe('Signed-By: /usr/share/keyrings/fleet-tap-ddebs.gpg\n');
    });

    test('that came along is taken where no package has one, and an archive that another signed is taken out again', { timeout: 120_000 }, async () => {
      const { host, setup } = await given({ base: [] });
      const { failure, rescued } = await setup();
      expect(failure).toMatch(/signature of an archive cannot be verified.*The archive of debug symbols http\S+ was taken out again\.$/);
      expect(rescued).toBe(1);
      expect((await sh(host, 'sha1sum /usr/share/keyrings/fleet-tap-ddebs.gpg; ls /etc/apt/sources.list.d')).split('\n')).not.toContain('fleet-tap-ddebs.sources');
      await sh(host, 'apt-get -q update');
    });

    test('whose own signature is SHA-1: apt 3 does not take it; the archive is out again, and what may be done is said, and helps', { timeout: 600_000 }, async () => {
      const key = await fleet().keys.makeOfOldTimes('with-sha1');
      const { host, setup } = await given({ signs: key, base: [await keyringDeb('ubuntu-dbgsym-keyring', key.publicKey)] });
      expect(await sh(host, 'apt-get --version')).toMatch(/^apt [3-9]\./);
      const { failure } = await setup();
      expect(failure).toContain("the key of an archive is signed with SHA-1, which apt 3 takes no longer. The archive of debug symbols ");
      expect(failure).toContain('was taken out again');
      expect(await sh(host, 'apt-get -q update && ls /etc/apt/sources.list.d')).not.toContain('fleet-tap');
      const command = /as root: (mkdir -p .*apt-sequoia\.config)\. Or/.exec(failure)?.[1] ?? 'false';
      await sh(host, command);
      expect((await setup()).failure).toBe('');
    });

    test('that has expired', { timeout: 120_000 }, async () => {
      // As it happens: the archive's key lives on, the host has it as it was before it was prolonged.
      const { key, before } = await fleet().keys.makeProlonged('old');
      const { host, setup } = await given({ base: [await keyringDeb('ubuntu-dbgsym-keyring', before)], signs: key });
      expect((await setup()).failure).toMatch(/the key of an archive has expired \([0-9A-F]{40}\)/);
      await sh(host, 'apt-get -q update');
    });
  });

  test('the entries of the old note are put out of use, and come back', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    const note = ['', '-updates', '-security', '-proposed'].map((pocket) => `deb http://ddebs.ubuntu.com noble${pocket} main restricted universe multiverse`).join('\n');
    await put(host, '/etc/apt/sources.list.d/ddebs.list', `${note}\n`);
    await put(host, '/etc/apt/sources.list', `# mine\ndeb http://ddebs.ubuntu.com noble main\n`);
    expect((await setup()).failure).toBe('');
    expect(await sh(host, 'grep -rh "^ *deb " /etc/apt/sources.list /etc/apt/sources.list.d || true')).toBe('');
    expect((await setup()).changed).toEqual([]);
    expect((await play(host, 'teardown')).failure).toBe('');
    expect(await sh(host, 'cat /etc/apt/sources.list.d/ddebs.list; cat /etc/apt/sources.list')).toBe(`${note}\n# mine\ndeb http://ddebs.ubuntu.com noble main\n`);
    expect((await play(host, 'teardown')).changed).toEqual([]);
  });

  test('ansible-playbook does the same, task by task, with the same end', { timeout: 600_000 }, async () => {
    const ours = await given();
    const theirs = await given();
    // For Ansible the kernel is what Python says: that of the machine.
    const vars = ({ server }: Given) => ({ fleet_tap_build_for: [RELEASES.noble.kernel], fleet_tap_ddebs_url: `${server.url}/ddebs` });
    await Promise.all([ours, theirs].map(({ host }) => put(host, '/etc/apt/sources.list.d/ddebs.list', 'deb http://ddebs.ubuntu.com noble-security main\n')));
    const same = async (name: 'setup' | 'teardown') => {
      const told = (await play(ours.host, name, vars(ours))).told;
      expect(await playTheirs(theirs.host, name, vars(theirs))).toEqual(told);
      return told;
    };
    const state = async ({ host, server }: Given) => {
      const text = JSON.stringify(await stateOf(fleet().ring, host)).replaceAll(server.url, 'http://archive').replaceAll(new RegExp(server.url.slice(7).replace(':', '(:|%3a)'), 'g'), 'archive');
      return Object.fromEntries(Object.entries(JSON.parse(text) as State).filter(([path]) => !path.startsWith('var/lib/apt/lists')));
    };
    expect((await same('setup')).filter((line) => line.endsWith(': changed')).length).toBeGreaterThan(4);
    expect(await state(theirs)).toEqual(await state(ours));
    expect((await same('setup')).filter((line) => line.endsWith(': changed'))).toEqual([]);
    await same('teardown');
    expect(await state(theirs)).toEqual(await state(ours));
  });

  test('setup and teardown leave packages and files as they were, but for the groups of systemtap-runtime', { timeout: 120_000 }, async () => {
    const { host, setup } = await given();
    await sh(host, 'apt-get -q update');
    const [packages, before] = [await installed(host), await stateOf(fleet().ring, host)];
    expect((await setup()).failure).toBe('');
    await sh(host, 'mkdir -p /root/.systemtap/cache && : > /root/.systemtap/cache/stapconf');
    expect((await play(host, 'teardown')).failure).toBe('');
    expect(await installed(host)).toEqual(packages);
    expect(await sh(host, 'ls -A /root')).not.toContain('.systemtap');
    const after = await stateOf(fleet().ring, host);
    // The same lines in another order are no difference.
    const told = (state: State, path: string) => (state[path]?.endsWith('{"added":[],"removed":[]}') === true ? undefined : state[path]);
    const differs = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => told(before, path) !== told(after, path)).sort();
    expect(differs).toEqual(['etc/group', 'etc/gshadow']);
  });

  describe('an archive that is of no use, in one sentence', () => {
    test('nothing for this release', { timeout: 120_000 }, async () => {
      const { setup, server } = await given({ pockets: [] });
      expect((await setup()).failure).toContain(`the archive of debug symbols ${server.url}/ddebs has nothing for noble: `);
    });

    test('it does not answer', { timeout: 120_000 }, async () => {
      const { setup } = await given();
      expect((await setup({ fleet_tap_ddebs_url: 'http://127.0.0.1:1/ddebs' })).failure).toMatch(/the archive of debug symbols http:\/\/127\.0\.0\.1:1\/ddebs does not answer: .*(refused|connect)/i);
    });

    test('its lists are too old', { timeout: 120_000 }, async () => {
      const { setup } = await given({ validUntil: new Date(Date.now() - 86_400_000) });
      expect((await setup()).failure).toMatch(/expired.*was taken out again/);
    });
  });
});
