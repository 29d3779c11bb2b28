import { describe, expect, it } from 'vitest';
import type { Facts } from '../../src/facts/facts.js';
import { parseFacts } from '../../src/facts/gather.js';
import { HostFiles } from '../../src/facts/host-files.js';
import { type Candidate, planBuilds } from '../../src/systemtap/plan-builds.js';

const A = '6.12.1-amd64';
const B = '7.2.12-amd64';

/** A host that runs kernel A and can compile for it. */
function host(name: string, facts: Partial<Facts> = {}, buildFor: readonly string[] = []): Candidate {
  const release = facts.kernelRelease ?? A;
  const own: Partial<Facts> = {
    kernelRelease: release,
    kernelBuild: `#1 SMP ${release}`,
    architecture: 'x86_64',
    stapVersion: '5.1',
    staprunVersion: '5.1',
    headersFor: [release],
    symbolsFor: [release],
  };
  return { host: name, facts: { ...parseFacts({ sections: new Map(), files: new HostFiles('') }), ...own, ...facts }, buildFor };
}
const runtimeOnly = { stapVersion: null, headersFor: [], symbolsFor: [] } satisfies Partial<Facts>;

function planned(candidates: readonly Candidate[], needsSymbols = true): { builds: string[]; problems: Record<string, string> } {
  const { builds, problems } = planBuilds(candidates, needsSymbols);
  for (const [name, error] of problems) expect(error).toMatchObject({ kind: 'host', place: { host: name }, hint: expect.stringMatching(/\w+ \w+/) });
  return {
    builds: builds.map((build) => `${build.release} on ${build.builder} for ${build.targets.join(' ')}`),
    problems: Object.fromEntries([...problems].map(([name, { code, message }]) => [name, `${code}: ${message}`])),
  };
}

describe('planBuilds', () => {
  it('has nothing to do for no host', () => expect(planned([])).toEqual({ builds: [], problems: {} }));

  it('compiles once for each distinct kernel', () => {
    expect(planned([host('a1'), host('b1', { kernelRelease: B }), host('a2'), host('b2', { kernelRelease: B })])).toEqual({
      builds: [`${A} on a1 for a1 a2`, `${B} on b1 for b1 b2`],
      problems: {},
    });
  });

  it('takes two builds of one release, and two architectures, for different kernels', () => {
    const arm = host('arm', { architecture: 'aarch64' });
    const { builds } = planBuilds([host('old'), host('new', { kernelBuild: '#2' }), arm], true);
    expect(builds).toEqual([
      { release: A, kernelBuild: `#1 SMP ${A}`, architecture: 'x86_64', builder: 'old', targets: ['old'] },
      { release: A, kernelBuild: '#2', architecture: 'x86_64', builder: 'new', targets: ['new'] },
      { release: A, kernelBuild: `#1 SMP ${A}`, architecture: 'aarch64', builder: 'arm', targets: ['arm'] },
    ]);
  });

  it('compiles apart for hosts whose staprun speaks as stap did before 5.0', () => {
    const old = { stapVersion: '4.8', staprunVersion: '4.8' };
    expect(planned([host('new1'), host('old1', { ...runtimeOnly, staprunVersion: '4.8' }), host('old2', old), host('new2', runtimeOnly)])).toEqual({ builds: [`${A} on new1 for new1 new2`, `${A} on old2 for old1 old2`], problems: {} });
    // The first build host is of the wrong side; the second is not.
    expect(planned([host('t', runtimeOnly), host('b1', old, [A]), host('b2', {}, [A])]).builds).toEqual([`${A} on b2 for t`]);
  });

  it('compiles on the first host that can', () => {
    expect(planned([host('bare', runtimeOnly), host('headers', { symbolsFor: [] }), host('full')]).builds).toEqual([`${A} on full for bare headers full`]);
    expect(planned([host('bare', runtimeOnly), host('headers', { symbolsFor: [] }), host('full')], false).builds).toEqual([`${A} on headers for bare headers full`]);
  });

  it('prefers the build host that names the kernel, whatever it runs, and does not capture from it', () => {
    const builder = host('builder', { kernelRelease: 'outer', headersFor: [A], symbolsFor: [A], isContainer: true, staprunVersion: null }, [A, B]);
    expect(planned([host('a1'), builder])).toEqual({ builds: [`${A} on builder for a1`], problems: {} });
  });

  it('falls back to a host of the kernel when the build host lacks something', () => {
    expect(planned([host('a1'), host('builder', { headersFor: [] }, [A])]).builds).toEqual([`${A} on a1 for a1`]);
  });

  it.each<[string, Partial<Facts>, string]>([
    ['a container', { isContainer: true, virtualization: 'lxc' }, 'container: this is a container (lxc): a kernel module would go into the kernel of the machine that runs it'],
    ['lockdown', { moduleLoadingRefused: 'lockdown: integrity' }, 'kernel-module-refused: this kernel takes no unsigned kernel module (lockdown: integrity)'],
    ['modules that wait for a reboot', { moduleLoadingRefused: 'kernel.modules_disabled=1' }, 'kernel-module-refused: this kernel takes no kernel module any more (kernel.modules_disabled=1)'],
    ['a kernel without modules', { moduleLoadingRefused: 'the kernel is built without kernel modules' }, 'kernel-module-refused: this kernel takes no kernel module (the kernel is built without kernel modules)'],
    ['no staprun', { staprunVersion: null }, 'stap-missing: staprun is not installed'],
  ])('leaves out, and does not compile on, a host with %s', (_name, facts, problem) => {
    expect(planned([host('bad', facts), host('good')])).toEqual({ builds: [`${A} on good for good`], problems: { bad: problem } });
    expect(planned([host('bad', facts)])).toEqual({ builds: [], problems: { bad: problem } });
  });

  it.each<[string, Partial<Facts>, string]>([
    ['stap', { stapVersion: null }, `stap-missing: stap is not installed here, and no other host can compile for kernel ${A}`],
    ['headers', { headersFor: [B] }, `headers-missing: the headers of kernel ${A} are not installed here`],
    ['symbols', { symbolsFor: [B] }, `symbols-missing: the debug symbols of kernel ${A} are not installed here`],
  ])('says that %s is what is missing', (_name, facts, problem) => {
    expect(planned([host('one', facts), host('two', facts), host('b', { kernelRelease: B })])).toEqual({ builds: [`${B} on b for b`], problems: { one: problem, two: problem } });
  });

  it('says what a build host lacks', () => {
    expect(planned([host('a1', runtimeOnly), host('builder', { symbolsFor: [] }, [A])])).toEqual({
      builds: [],
      problems: { a1: `symbols-missing: the debug symbols of kernel ${A} are not installed on its build host builder` },
    });
  });

  it('says that the build host has another architecture', () => {
    expect(planned([host('a1', runtimeOnly), host('builder', { architecture: 'aarch64' }, [A])])).toEqual({
      builds: [],
      problems: { a1: `architecture: no build host compiles for kernel ${A} on x86_64: builder is aarch64` },
    });
  });

  it.each([
    ['4.8', '5.1', false],
    ['5.1', '4.8', false],
    ['4.8', '4.9', true],
    ['5.0', '5.6', true],
    ['5.1', '12.0', true],
    ['5.1', 'unknown', true],
  ])('stap %s with staprun %s', (stapVersion, staprunVersion, fits) => {
    const candidates = [host('builder', { stapVersion }, [A]), host('same', { ...runtimeOnly, staprunVersion: stapVersion }), host('other', { ...runtimeOnly, staprunVersion })];
    const { builds, problems } = planned(candidates);
    expect(builds).toEqual([`${A} on builder for same${fits ? ' other' : ''}`]);
    expect(Object.keys(problems)).toEqual(fits ? [] : ['other']);
    if (!fits) expect(problems.other).toBe(`stap-versions-differ: staprun ${staprunVersion} here cannot load what stap ${stapVersion} on builder compiles: version 5.0 changed the format between them`);
  });

  it('compiles for nobody when nobody could load it', () => {
    const { builds, problems } = planned([host('builder', { stapVersion: '4.8' }, [A]), host('a1', runtimeOnly)]);
    expect(builds).toEqual([]);
    expect(problems.a1).toMatch(/^stap-versions-differ: /);
  });
});
