// What comes in: the build hosts of two suites, both set up. What goes out: the one's stap installed beside the other's own, in a folder of its own,
// as a person does who needs a newer one: PREFIX/bin/stap with its runtime and tapset below PREFIX. It brings its libraries and their loader along,
// since the other system's are older.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { $ } from 'zx/core';
import { type BuildHost, suiteDir } from './places.js';

const PREFIX = '/opt/systemtap-of';
const LOADER = 'ld-linux-x86-64.so.2';

/** @returns the path of that stap on `to` */
export async function installOtherStap(from: BuildHost, to: BuildHost): Promise<string> {
  const prefix = `${PREFIX}-${from.suite}`;
  const [source, target] = [join(suiteDir(from.suite), 'build'), join(suiteDir(to.suite), 'build', prefix)];
  await rm(target, { recursive: true, force: true });
  for (const folder of ['bin', 'lib', 'share', 'libexec']) await mkdir(join(target, folder), { recursive: true });
  await $`cp -L ${join(source, 'usr/bin/stap')} ${join(target, 'libexec')}`;
  await $`cp -a ${join(source, 'usr/share/systemtap')} ${join(target, 'share')}`;
  const libraries = (await $`chroot ${source} ldd /usr/bin/stap`).stdout.match(/\/\S+/g) ?? [];
  // A library's path is absolute in its own tree, and so are the links that it may be.
  for (const library of libraries) await $`chroot ${source} cat ${library} > ${join(target, 'lib', library.slice(dirname(library).length + 1))}`;
  await $`chmod 755 ${join(target, 'lib', LOADER)}`;
  const script = `#!/bin/sh
export SYSTEMTAP_TAPSET=${prefix}/share/systemtap/tapset SYSTEMTAP_RUNTIME=${prefix}/share/systemtap/runtime
exec ${prefix}/lib/${LOADER} --library-path ${prefix}/lib ${prefix}/libexec/stap "$@"
`;
  await writeFile(join(target, 'bin/stap'), script, { mode: 0o755 });
  return `${prefix}/bin/stap`;
}
