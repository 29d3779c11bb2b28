// The answers are read as the real modules read them.
import { describe, expect, it } from 'vitest';
import { answerModule, type SimulatedDisk } from '../../src/demo/simulated-modules.js';
import { parseAnswer } from '../../src/modules/answer.js';
import { quote } from '../../src/base/quote.js';

const RELEASE = '6.12.0-demo-amd64';
const newDisk = (): SimulatedDisk => ({ packages: new Set(), files: new Set(), roles: [] });
const ask = (disk: SimulatedDisk, name: string, parameters: object) =>
  parseAnswer(name, { status: 0, stdout: answerModule(name, quote(JSON.stringify(parameters)), disk, RELEASE), stderr: '' });

describe('the modules of a simulated host', () => {
  it('install a package once', () => {
    const disk = newDisk();
    expect(ask(disk, 'apt', { name: ['systemtap', 'gcc'] }).changed).toBe(true);
    expect(ask(disk, 'apt', { name: ['gcc'] }).changed).toBe(false);
    expect(ask(disk, 'apt', { name: ['gcc', 'make'] }).changed).toBe(true);
    expect(ask(disk, 'apt', {}).changed).toBe(false);
    expect([...disk.packages]).toEqual(['systemtap', 'gcc', 'make']);
  });

  it('write a file once', () => {
    const disk = newDisk();
    expect(ask(disk, 'copy', { dest: "/etc/it's" })).toMatchObject({ changed: true });
    expect(ask(disk, 'copy', { dest: "/etc/it's" })).toMatchObject({ changed: false });
    expect([...disk.files]).toEqual(["/etc/it's"]);
  });

  it('name the packages of headers and symbols', () => {
    const answer = ask(newDisk(), 'shell', { cmd: "packages='systemtap gcc make'" });
    expect(answer.text('stdout').split('\n')).toEqual(['systemtap', 'gcc', 'make', `linux-headers-${RELEASE}`, `linux-image-${RELEASE}-dbg`]);
  });

  it.each([
    ['shell', { cmd: 'rm -rf /' }],
    ['reboot', {}],
  ])('fail for what setup does not ask: %s', (name, parameters) => {
    const answer = ask(newDisk(), name, parameters);
    expect(answer.values.get('failed')).toBe('true');
    expect(answer.text('msg')).toBe(`this host is simulated and has no answer to the module ${name}`);
  });
});
