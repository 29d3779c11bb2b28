// What is worth knowing of a host's kernels, by the packages that it has.
import { expect, it } from 'vitest';
import { kernelNotes } from '../../src/systemtap/kernel-notes.js';

it.each<[string, string, string[], RegExp[]]>([
  ['all is well', '6.1.0-38-amd64', ['linux-image-6.1.0-38-amd64', 'linux-image-6.1.0-38-amd64-dbg', 'linux-headers-6.1.0-38-amd64', 'linux-image-amd64'], []],
  ['a newer one waits', '6.1.0-9-amd64', ['linux-image-6.1.0-9-amd64', 'linux-image-6.1.0-38-amd64'], [/^kernel 6\.1\.0-38-amd64 is installed and waits for a reboot; 6\.1\.0-9-amd64 runs/]],
  ['an older one is no news', '6.1.0-38-amd64', ['linux-image-6.1.0-9-amd64', 'linux-image-6.1.0-38-amd64'], []],
  ['another flavour is no newer one', '6.1.0-9-cloud-amd64', ['linux-image-6.1.0-9-cloud-amd64', 'linux-image-6.1.0-38-amd64', 'linux-image-6.1.0-38-rt-amd64'], []],
  ['Ubuntu', '6.8.0-45-generic', ['linux-image-6.8.0-45-generic', 'linux-image-unsigned-6.8.0-51-generic', 'linux-image-unsigned-6.8.0-40-generic-dbgsym'], [/^kernel 6\.8\.0-51-generic/, /^debug symbols of kernels that are gone take up disk: 6\.8\.0-40-generic$/]],
  ['symbols of several that are gone, in order', '6.12.9+bpo-amd64', ['linux-image-6.12.9+bpo-amd64', 'linux-image-6.12.9+bpo-amd64-dbg', 'linux-image-6.1.0-38-amd64-dbg', 'linux-image-6.1.0-9-amd64-dbg'], [/: 6\.1\.0-9-amd64, 6\.1\.0-38-amd64$/]],
])('%s', (_, kernelRelease, kernelPackages, expected) => {
  const notes = kernelNotes({ kernelRelease, kernelPackages, isContainer: false });
  expect(notes.length).toBe(expected.length);
  expected.forEach((pattern, index) => void expect(notes[index]).toMatch(pattern));
  expect(kernelNotes({ kernelRelease, kernelPackages, isContainer: true })).toEqual([]);
});
