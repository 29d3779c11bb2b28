// Modules that need what a test's host cannot have (systemd as the first process, kernel modules): their scripts under dash with programs of the test
// that answer as the real ones were seen to.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, bench, program, runModule } from './run-module.js';

let here: Bench;
beforeEach(async () => {
  here = await bench();
});
afterEach(() => rm(here.root, { recursive: true }));

const calls = async () => (await readFile(join(here.root, 'calls'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
const put = (name: string, text: string) => writeFile(join(here.root, name), text);

describe('systemd, with what systemctl says', () => {
  /** Of a unit: LoadState, ActiveState, and the answer and status of is-enabled; verbs that change are noted and done. */
  beforeEach(async () => {
    await put('load', 'loaded');
    await put('active', 'inactive');
    await put('enabled', 'disabled');
    await program(here, 'systemctl', `cd ${here.root}
case $1 in
show) printf 'Id=app.service\\nLoadState=%s\\nActiveState=%s\\n' "$(cat load)" "$(cat active)" ;;
is-enabled) cat enabled; case $(cat enabled) in enabled) exit 0 ;; *) exit 1 ;; esac ;;
*) echo "$*" >> calls
  case $1 in
  start | restart | reload) printf active > active ;;
  stop) printf inactive > active ;;
  enable) printf enabled > enabled ;;
  disable) printf disabled > enabled ;;
  mask) printf masked > load; printf masked > enabled ;;
  unmask) printf loaded > load; printf disabled > enabled ;;
  esac ;;
esac`);
  });

  test.each([
    ['started', { state: 'started' }, 'inactive', ['start app']],
    ['started already', { state: 'started' }, 'active', []],
    ['stopped', { state: 'stopped' }, 'active', ['stop app']],
    ['stopped already', { state: 'stopped' }, 'inactive', []],
    ['failed is stopped', { state: 'stopped' }, 'failed', []],
    ['restarted', { state: 'restarted' }, 'active', ['restart app']],
    ['restarted, and not running', { state: 'restarted' }, 'inactive', ['start app']],
    ['reloaded', { state: 'reloaded' }, 'active', ['reload app']],
    ['reloaded, and not running', { state: 'reloaded' }, 'inactive', ['start app']],
    ['enabled', { enabled: true }, 'active', ['enable app']],
    ['disabled already', { enabled: false }, 'active', []],
    ['masked', { masked: true }, 'active', ['mask app']],
    ['both', { state: 'started', enabled: true }, 'inactive', ['enable app', 'start app']],
    ['after new units', { state: 'started', daemon_reload: true }, 'active', ['daemon-reload']],
  ] as const)('%s', async (_what, params, active, expected) => {
    await put('active', active);
    const changes = expected.filter((call) => call !== 'daemon-reload');
    expect(await runModule(here, 'systemd', { name: 'app', ...params }, { check: true })).toMatchObject({ changed: changes.length > 0 });
    expect(await calls()).toEqual([]);
    expect(await runModule(here, 'systemd', { name: 'app', ...params })).toMatchObject({ changed: changes.length > 0, values: { name: 'app', status: { Id: 'app.service' } } });
    expect(await calls()).toEqual(expected);
    if ('state' in params && (params.state === 'restarted' || params.state === 'reloaded')) return;
    expect(await runModule(here, 'systemd_service', { name: 'app', ...params })).toMatchObject({ changed: false });
  });

  test('a unit that others bring with them is enabled where systemctl says more than "indirect"', async () => {
    await program(here, 'systemctl', `case $1 in
show) printf 'LoadState=loaded\\nExecStart={ path=/a ; argv[]=/a x\\ny = z ; pid=0 }\\nId=app.service\\n' ;;
is-enabled) echo indirect; case "$*" in *" -l") echo "  app.socket" ;; esac ;;
*) echo "$*" >> ${here.root}/calls ;;
esac`);
    expect(await runModule(here, 'systemd', { name: 'app', enabled: true })).toMatchObject({ changed: false, values: { status: { ExecStart: '{ path=/a ; argv[]=/a x\ny = z ; pid=0 }', Id: 'app.service' } } });
    expect(await runModule(here, 'systemd', { daemon_reload: true })).toMatchObject({ changed: false, values: { name: null, status: {} } });
    expect(await calls()).toEqual(['daemon-reload']);
  });

  test('a unit that is not there', async () => {
    await put('load', 'not-found');
    expect(await runModule(here, 'systemd', { name: 'nothing-here', state: 'started' })).toMatchObject({ failed: true, changed: false, msg: 'Could not find the requested service nothing-here: host' });
    expect(await runModule(here, 'systemd', { name: 'nothing-here', enabled: true })).toMatchObject({ failed: true });
  });

  test('what failed is told in the words of systemctl, and nothing besides', async () => {
    await program(here, 'systemctl', `case $1 in
show) printf 'LoadState=loaded\\nActiveState=inactive\\n' ;;
is-enabled) echo disabled; exit 1 ;;
*) echo "Failed to $1" >&2; exit 1 ;;
esac`);
    const failed = async (params: Record<string, unknown>) => {
      const { msg, values } = await runModule(here, 'systemd', { name: 'app', ...params });
      return [msg, values];
    };
    expect(await failed({ state: 'started' })).toEqual(['Unable to start service app: Failed to start\n', {}]);
    expect(await failed({ enabled: true })).toEqual(['Unable to enable service app: Failed to enable\n', {}]);
    expect(await failed({ masked: true })).toEqual(['Failed to mask the service (app): Failed to mask', {}]);
    expect(await failed({ daemon_reload: true })).toEqual(['failure 1 during daemon-reload: Failed to daemon-reload\n', {}]);
  });

  test('service: the same where it is told to ask systemd', async () => {
    expect(await runModule(here, 'service', { name: 'app', state: 'started', use: 'systemd' })).toMatchObject({ changed: true });
    expect(await calls()).toEqual(['start app']);
  });
});

test('modprobe: loads and unloads what is not so already', async () => {
  await program(here, 'modprobe', `echo "$*" >> ${here.root}/calls; case $* in *broken*) echo "modprobe: FATAL: Module broken not found" >&2; exit 1 ;; esac`);
  expect(await runModule(here, 'modprobe', { name: 'fleet_tap_nothing', params: 'a=1 b=2' })).toMatchObject({ changed: true });
  expect(await runModule(here, 'modprobe', { name: 'fleet_tap_nothing' }, { check: true })).toMatchObject({ changed: true });
  expect(await runModule(here, 'modprobe', { name: 'fleet_tap_nothing', state: 'absent' })).toMatchObject({ changed: false });
  expect(await calls()).toEqual(['fleet_tap_nothing a=1 b=2', '-n fleet_tap_nothing']);
  expect(await runModule(here, 'modprobe', { name: 'broken' })).toMatchObject({ failed: true, msg: 'modprobe: FATAL: Module broken not found', values: { rc: 1 } });
});

describe('fetch', () => {
  test('below a folder for each host, or flat; once', async () => {
    await writeFile(join(here.work, 'log'), 'lines\n');
    const first = await runModule(here, 'fetch', { src: join(here.work, 'log'), dest: 'fetched' });
    expect(first).toMatchObject({ changed: true, values: { dest: join(here.work, 'fetched/here', here.work, 'log') } });
    expect(await readFile(join(here.work, 'fetched/here', here.work, 'log'), 'utf8')).toBe('lines\n');
    expect(await runModule(here, 'fetch', { src: join(here.work, 'log'), dest: 'fetched' })).toMatchObject({ changed: false });
    expect(await runModule(here, 'fetch', { src: join(here.work, 'log'), dest: 'flat/', flat: true })).toMatchObject({ changed: true, values: { dest: join(here.work, 'flat/log') } });
    expect(await runModule(here, 'fetch', { src: join(here.work, 'log'), dest: 'flat2/', flat: true }, { check: true })).toMatchObject({ changed: false, skipped: true });
  });

  test('what is missing fails, or is told', async () => {
    await mkdir(join(here.work, 'd'));
    expect(await runModule(here, 'fetch', { src: '/no/where', dest: 'x' })).toMatchObject({ failed: true, msg: 'the remote file does not exist, not transferring, ignored' });
    expect(await runModule(here, 'fetch', { src: join(here.work, 'd'), dest: 'x' })).toMatchObject({ failed: true });
    await mkdir(join(here.work, 'taken'), { recursive: true });
    expect(await runModule(here, 'fetch', { src: '/etc/passwd', dest: 'taken', flat: true })).toMatchObject({ failed: true, msg: 'dest is an existing directory, use a trailing slash if you want to fetch src into that directory' });
    await mkdir(join(here.work, 'taken/passwd'));
    expect(await runModule(here, 'fetch', { src: '/etc/passwd', dest: 'taken/', flat: true })).toMatchObject({ failed: true, msg: `calculated dest '${join(here.work, 'taken/passwd')}' is an existing directory, use another path that does not point to an existing directory` });
    expect(await runModule(here, 'fetch', { src: '/no/where', dest: 'x', fail_on_missing: false })).toMatchObject({ changed: false, msg: 'the remote file does not exist, not transferring, ignored' });
  });

  test('a host whose home directory climbs up writes nothing elsewhere (CVE-2019-3828)', async () => {
    await mkdir(join(here.work, 'a'));
    await writeFile(join(here.work, 'evil'), 'x');
    await expect(runModule(here, 'fetch', { src: '~/evil', dest: 'kept' }, { env: { HOME: `${'../'.repeat(30)}${here.work.slice(1)}` } })).rejects.toThrow('Detected directory traversal');
  });
});

test.skipIf(process.getuid?.() !== 0)(`apt_key: a key becomes a keyring of its own, without apt-key${process.getuid?.() === 0 ? '' : ' (skipped: only root may write where apt looks)'}`, async () => {
  const ring = join(here.work, 'ring.gpg');
  await program(here, 'gpg', `case $* in
*--show-keys*) f=; for f; do :; done; if grep -q KEY "$f" 2>/dev/null; then printf 'pub:-:\\nfpr:::::::::0123456789ABCDEF0123456789ABCDEF01234567:\\n'; fi ;;
*--dearmor*) cat ;;
*--export*) : ;;
esac`);
  const task = { data: '-----BEGIN PGP PUBLIC KEY BLOCK-----\nKEY\n-----END PGP PUBLIC KEY BLOCK-----\n', keyring: ring };
  expect(await runModule(here, 'apt_key', task, { check: true })).toMatchObject({ changed: true });
  await expect(readFile(ring)).rejects.toThrow();
  expect(await runModule(here, 'apt_key', task)).toMatchObject({ changed: true, values: { key_id: '89ABCDEF01234567', short_id: '01234567' } });
  expect(await readFile(ring, 'utf8')).toBe(task.data);
  expect(await runModule(here, 'apt_key', task)).toMatchObject({ changed: false });
  expect(await runModule(here, 'apt_key', { id: '0x01234567', state: 'absent', keyring: ring })).toMatchObject({ changed: true });
  await expect(readFile(ring)).rejects.toThrow();
  expect(await runModule(here, 'apt_key', { id: '0x01234567', state: 'absent', keyring: ring })).toMatchObject({ changed: false });
});

test('sysctl: what failed is told in its own words, output first, with their newlines', async () => {
  await program(here, 'sysctl', `case $* in *-n*) echo 0 ;; *-p*) echo 'vm.x = 1' ; echo 'permission denied' >&2; exit 1 ;; *) echo 'no such key' >&2; exit 1 ;; esac`);
  const file = join(here.root, 'sysctl.conf');
  expect(await runModule(here, 'sysctl', { name: 'vm.x', value: '1', sysctl_file: file })).toMatchObject({ failed: true, msg: 'Failed to reload sysctl: vm.x = 1\npermission denied\n' });
  expect(await runModule(here, 'sysctl', { name: 'vm.y', value: '1', sysctl_set: true, sysctl_file: file })).toMatchObject({ failed: true, msg: 'setting vm.y failed: no such key\n' });
});

describe('debconf, with what debconf-show says', () => {
  beforeEach(async () => {
    await program(here, 'debconf-show', `echo '* app/list: c, a'; echo '  app/name: x'`);
    await program(here, 'debconf-set-selections', `cat >> ${here.root}/calls`);
  });

  test('a list is sorted only to be compared; other answers are told where a question is new', async () => {
    const before = { 'app/list': 'c, a', 'app/name': 'x' };
    const list = (question: string, value: readonly unknown[], options?: { readonly check: boolean }) => runModule(here, 'debconf', { name: 'app', question, vtype: 'multiselect', value }, options);
    expect(await list('app/list', ['c', 'a'])).toMatchObject({ changed: false, msg: '', values: { current: before } });
    expect(await list('app/list', ['d', 'b'], { check: true })).toMatchObject({ changed: true, values: { current: { 'app/list': ['b', 'd'] } } });
    expect(await list('app/list', ['d', 'b'])).toMatchObject({ changed: true, values: { current: { 'app/list': 'b, d' }, previous: { 'app/list': 'c, a' } } });
    expect(await list('app/new', ['d', 'b'])).toMatchObject({ changed: true, msg: '', values: { current: { 'app/new': 'd, b' }, previous: { ...before, 'app/new': '' } } });
    expect(await list('app/list', ['a', 1])).toMatchObject({ failed: true, msg: "Invalid value provided for 'multiselect': '<' not supported between instances of 'int' and 'str'" });
    expect(await list('app/list', [1, 2])).toMatchObject({ failed: true, msg: "Invalid value provided for 'multiselect': sequence item 0: expected str instance, int found" });
    expect(await runModule(here, 'debconf', { name: 'app', question: 'app/name', vtype: 'string', value: 5 })).toMatchObject({ failed: true, msg: 'Task failed: Module failed: sequence item 3: expected str instance, int found' });
    expect(await calls()).toEqual(['app app/list multiselect b, d', 'app app/new multiselect d, b']);
  });
});

test('mount: where a mount cannot be changed in place it is unmounted and mounted again; options that are written then fail', async () => {
  const log = join(here.work, 'log');
  for (const name of ['mount', 'umount']) await program(here, name, `echo ${name} "$@" >> '${log}'\ncase $* in *remount*) echo cannot >&2; exit 1 ;; esac`);
  const fstab = join(here.work, 'fstab');
  expect(await runModule(here, 'mount', { path: '/mnt', state: 'remounted', fstab })).toMatchObject({ changed: true });
  expect(await readFile(log, 'utf8')).toBe(`mount -o remount -T ${fstab} /mnt\numount /mnt\nmount -T ${fstab} /mnt\n`);
  expect(await runModule(here, 'mount', { path: '/mnt', state: 'remounted', opts: 'ro', fstab })).toMatchObject({ failed: true, msg: expect.stringContaining('Options were specified with remounted') });
});

test('mount: noauto besides boot is told', async () => {
  const entry = { path: '/mnt', src: '/dev/x', fstype: 'ext4', state: 'present', fstab: join(here.work, 'fstab') };
  expect(await runModule(here, 'mount', { ...entry, opts: 'ro,noauto' })).toMatchObject({ changed: true, warnings: ["Ignore the 'boot' due to 'opts' contains 'noauto'."] });
  expect((await runModule(here, 'mount', { ...entry, boot: false })).warnings).toEqual([]);
});

test('apt_repository: a filename with a slash is a path; diff is there, filled where it is asked for', async () => {
  await program(here, 'apt-get', ':');
  const source = { repo: 'deb http://example.org/nowhere stable main', update_cache: false, filename: './made/here' };
  expect(await runModule(here, 'apt_repository', source, { check: true, diff: true })).toMatchObject({ values: { sources_added: ['./made/here.list'] }, diff: [{ after_header: './made/here.list' }] });
  expect(await runModule(here, 'apt_repository', source)).toMatchObject({ changed: true, diff: [] });
  expect(await readFile(join(here.work, 'made/here.list'), 'utf8')).toBe('deb http://example.org/nowhere stable main\n');
});

test('service_facts asks systemctl only where systemd manages the host: in a chroot it answers, too', async () => {
  await program(here, 'systemctl', `case $1 in list-units) echo 'x.service loaded active running X' ;; list-unit-files) echo 'x.service enabled enabled' ;; show) echo ActiveState=active ;; esac`);
  await program(here, 'service', `echo ' [ + ]  cron'`);
  const { values } = await runModule(here, 'service_facts', {});
  const isManaged = ['/run/systemd/system', '/dev/.run/systemd', '/dev/.systemd'].some((path) => existsSync(path)) || readFileSync('/proc/1/comm', 'utf8').trim() === 'systemd';
  const { services } = (values?.ansible_facts ?? {}) as { services: Record<string, object> };
  expect(services.cron).toEqual({ name: 'cron', state: 'running', source: 'sysv' });
  expect(services['x.service']).toEqual(isManaged ? { name: 'x.service', state: 'running', status: 'enabled', source: 'systemd' } : undefined);
});
