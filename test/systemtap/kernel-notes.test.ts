// What is worth knowing of a host's kernels, by the packages that it has.
import { expect, it } from 'vitest';
import { kernelNotes } from '../../src/systemtap/kernel-notes.js';

it.each<[string, string, string[], RegExp[]]>([
  ['all is well', '6.1.0-38-amd64', ['linux-image-6.1.0-38-amd64', 'linux-image-6.1.0-38-amd64-dbg', 'linux-headers-6.1.0-38-amd64', 'linux-image-amd64'], []],
  ['a newer one waits', '6.1.0-9-amd64', ['linux-image-6.1.0-9-amd64', 'linux-image-6.1.0-38-amd64'], [/^kernel 6\.1\.0-38-amd64 is installed and waits for a reboot; 6\.1\.0-9-amd64 runs/]],
  ['an older one is no news', '6.1.0-38-amd64', ['linux-image-6.1.0-9-amd64', 'linux-image-6.1.0-38-amd64'], []],
  ['another flavour is no newer one', '6.1.0-9-cloud-amd64', ['linux-image-6.1.0-9-cloud-amd64', 'linux-image-6.1.0-38-amd64', 'linux-image-6.1.0-38-rt-amd64'], []],
  ['Ubuntu', '6.8.0-45-generic', ['linux-image-6.8.0-45-generic', 'linux-image-unsigned-6.8.0-51-generic', 'linux-image-unsigned-6.8.0-40-generic-dbgsym'], [/^kernel 6\.8\.0-51-generic/, /^debug symbols of kernels that are gone, not put there by setup, take up disk: linux-image-unsigned-6\.8\.0-40-generic-dbgsym$/]],
  ['symbols of several that are gone, in order', '6.12.9+bpo-amd64', ['linux-image-6.12.9+bpo-amd64', 'linux-image-6.12.9+bpo-amd64-dbg', 'linux-image-6.1.0-38-amd64-dbg', 'linux-image-6.1.0-9-amd64-dbg'], [/: linux-image-6\.1\.0-9-amd64-dbg, linux-image-6\.1\.0-38-amd64-dbg$/]],
])('%s', (_, kernelRelease, kernelPackages, expected) => {
  const symbols = { kibByRelease: {}, isSetUp: false, before: [], fetched: [] };
  const notes = kernelNotes({ kernelRelease, kernelPackages, isContainer: false, symbols });
  expect(notes.length).toBe(expected.length);
  expected.forEach((pattern, index) => void expect(notes[index]).toMatch(pattern));
  expect(kernelNotes({ kernelRelease, kernelPackages, isContainer: true, symbols })).toEqual([]);
});

it("of setup's own: what setup --prune would free; a build host's kernels are not gone, though they are installed nowhere", () => {
  const kernelPackages = ['linux-image-6.1.0-38-amd64', 'linux-image-6.1.0-38-amd64-dbg', 'linux-image-6.1.0-9-amd64-dbg', 'linux-image-6.1.0-10-amd64-dbg', 'linux-image-6.1.0-8-amd64-dbg'];
  const symbols = { kibByRelease: { '6.1.0-9-amd64': 400_000, '6.1.0-10-amd64': 409_601, '6.1.0-7-amd64': 1, '6.1.0-38-amd64': 500_000 }, isSetUp: true, before: ['linux-image-6.1.0-8-amd64-dbg'], fetched: ['6.1.0-7-amd64'] };
  const facts = { kernelRelease: '6.1.0-38-amd64', kernelPackages, isContainer: false, symbols };
  expect(kernelNotes(facts)).toEqual([
    'debug symbols of kernels that are gone take up 791 MiB: 6.1.0-7-amd64, 6.1.0-9-amd64, 6.1.0-10-amd64; fleet-tap setup --prune frees them',
    'debug symbols of kernels that are gone, not put there by setup, take up disk: linux-image-6.1.0-8-amd64-dbg',
  ]);
  expect(kernelNotes(facts, ['6.1.0-7-amd64', '6.1.0-8-amd64', '6.1.0-9-amd64'])).toEqual(['debug symbols of kernels that are gone take up 401 MiB: 6.1.0-10-amd64; fleet-tap setup --prune frees them']);
});
