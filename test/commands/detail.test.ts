// -v, -vv, -vvv, and passwords from files, on a real sshd.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPasswordFile } from '../../src/commands/password-file.js';
import { startExecFleet } from './exec-fleet.js';
import { newPerson } from './person.js';

describe('each level says more than the one before, and none a secret', () => {
  it('-v, -vv, -vvv', async () => {
    const fleet = await startExecFleet(['web01'], {}, ['ansible_password: velvet-anchor', 'ansible_become_password: velvet-anchor', 'secret: velvet-anchor']);
    const said: string[] = [];
    for (const verbose of [0, 1, 2, 3]) {
      const { status, stderr } = await fleet.exec(['true'], { verbose, configFile: '/etc/ansible/ansible.cfg' });
      expect(status, stderr).toBe(0);
      expect(stderr).not.toContain('velvet');
      said.push(stderr);
    }
    const [plain = '', v = '', vv = '', vvv = ''] = said;
    expect(plain).not.toContain('connected');
    expect(v).toMatch(/configuration: \/etc\/ansible\/ansible\.cfg\n {2}inventory: .*fleet\.yml: 1 in all; chosen: web01\n {2}web01: connected to 127\.0\.0\.1 in [\d.]+ s\n {2}web01: exit status 0 after [\d.]+ s\n/);
    expect(v).not.toContain('keys ');
    expect(vv).toMatch(/web01: \w+@127\.0\.0\.1:\d+, keys .*, a password, become, where a task wants it: root by sudo\n/);
    expect(vv).not.toContain('known in');
    expect(vvv).toMatch(/web01: host key checking yes, known in .*; agent none; 120 s to connect, 1 attempt\n/);
    expect(vvv).toMatch(/web01: its host key is believed: SHA256:[\w+/]{43}\n/);
    expect(vvv).toMatch(/web01: logged in with .*key/);
  });
});

it('the password of a file: line ends are cut off, a program is run, mistakes name the file', async () => {
  const { folder } = await newPerson();
  const [file, program] = [join(folder, 'password'), join(folder, 'program')];
  writeFileSync(file, ' velvet anchor \r\n\n');
  expect(await readPasswordFile(file)).toBe(' velvet anchor ');
  writeFileSync(program, '#!/bin/sh\necho "$0"; exit 0\n');
  chmodSync(program, 0o755);
  expect(await readPasswordFile(program)).toBe(program);
  writeFileSync(program, '#!/bin/sh\necho velvet; exit 3\n');
  await expect(readPasswordFile(program)).rejects.toThrow('the password program failed (exit status 3)');
  writeFileSync(file, '\n');
  await expect(readPasswordFile(file)).rejects.toMatchObject({ code: 'password-file', message: 'the password is empty', place: { file } });
  await expect(readPasswordFile(join(folder, 'none'))).rejects.toThrow('there is no such password file');
});
