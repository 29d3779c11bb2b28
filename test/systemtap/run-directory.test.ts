// Where a run lives on its host, as root and as a member of SystemTap's groups. Scripts run under dash on this machine.
import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FleetTapError } from '../../src/base/errors.js';
import type { Session } from '../../src/ssh/session.js';
import { makeRunDirectory } from '../../src/systemtap/run-directory.js';
import { LocalHost, whyNoDash } from './local-host.js';

const RUN_ID = '0123456789ab';

describe.skipIf(whyNoDash !== undefined)(`without root's rights ${whyNoDash ?? ''}`, () => {
  let host: LocalHost;
  beforeEach(async () => {
    host = await LocalHost.open();
  });
  afterEach(() => host.close());

  const refused = (code: string): Session => {
    const session = Object.create(host) as LocalHost;
    session.run = (script, options) => (options?.become === true ? Promise.reject(new FleetTapError('host', code, 'no', { place: { host: 'here' } })) : host.run(script, options));
    return session;
  };
  const groups = (names: string) => host.program('id', `case $1 in -Gn) echo "${names}" ;; *) exec /usr/bin/id "$@" ;; esac`);
  const base = () => host.file('tmp', `fleet-tap-${process.getuid?.()}`);

  it.each(['sudo-password-needed', 'become-not-allowed'])('a member of stapusr and stapdev has a directory that nobody else can enter: %s', async (code) => {
    await groups('users stapusr stapdev');
    const made = await makeRunDirectory(refused(code), RUN_ID);
    expect(made).toEqual({ path: `${base()}/${RUN_ID}`, become: false });
    for (const folder of [base(), made.path]) expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700');
  });

  it.each(['users', 'users mystapdev stapusr2'])('others are told why they may not: %s', async (names) => {
    await groups(names);
    await expect(makeRunDirectory(refused('sudo-not-allowed'), RUN_ID)).rejects.toMatchObject({ code: 'sudo-not-allowed' });
  });

  it.each([
    ['users stapusr', /stapdev may load only kernel modules that an administrator has put into/, 'stapdev'],
    ['users stapdev', /may not run staprun/, 'stapusr'],
  ])('one of the two groups is not enough, and which one is missing is said: %s', async (names, sentence, missing) => {
    await groups(names);
    await expect(makeRunDirectory(refused('become-password-needed'), RUN_ID)).rejects.toMatchObject({ code: 'stap-group-missing', message: expect.stringMatching(sentence), hint: expect.stringContaining(missing) });
  });

  it('does not trust a link of that name', async () => {
    await groups('stapusr stapdev');
    await mkdir(host.file('elsewhere'));
    await symlink(host.file('elsewhere'), base());
    await expect(makeRunDirectory(refused('sudo-not-allowed'), RUN_ID)).rejects.toMatchObject({ code: 'sudo-not-allowed' });
  });

  it('closes a folder of its own that was open', async () => {
    await groups('stapusr stapdev');
    await mkdir(base());
    await chmod(base(), 0o777);
    await makeRunDirectory(refused('sudo-not-allowed'), RUN_ID);
    expect(((await stat(base())).mode & 0o777).toString(8)).toBe('700');
  });

  it('lets a lost connection be one', async () => {
    await expect(makeRunDirectory(refused('connection-lost'), RUN_ID)).rejects.toMatchObject({ code: 'connection-lost' });
  });
});
