// What comes in: what a Debian package says and holds, or a .deb. What goes out: the .deb, made by dpkg-deb, and its entry for an archive's Packages file.
// Not here: archives (archive.ts), what stands in them (ubuntu.ts).
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { $ } from 'zx/core';

export interface DebWanted {
  readonly name: string;
  readonly version: string;
  readonly depends?: string;
  /** Of the control file; what its files take unless said. */
  readonly installedKib?: number;
  /** Path without the first slash → content. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Lines of sh. */
  readonly postinst?: string;
  readonly postrm?: string;
}

export interface Deb extends DebWanted {
  readonly fileName: string;
  readonly bytes: Buffer;
  /** The control file's lines. */
  readonly control: string;
}

export async function makeDeb(wanted: DebWanted): Promise<Deb> {
  const { name, version, depends, files = {}, postinst, postrm } = wanted;
  const folder = await mkdtemp(join(tmpdir(), 'fleet-tap-deb-'));
  try {
    const root = join(folder, 'root');
    await mkdir(join(root, 'DEBIAN'), { recursive: true, mode: 0o755 });
    let contentBytes = 0;
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content, { mode: /(^|\/)s?bin\//.test(path) ? 0o755 : 0o644 });
      contentBytes += content.length;
    }
    const kib = wanted.installedKib ?? Math.ceil(contentBytes / 1024) + 4;
    const lines = [`Package: ${name}`, `Version: ${version}`, 'Architecture: all', 'Maintainer: nobody <nobody@example.org>', `Installed-Size: ${kib}`, ...(depends === undefined ? [] : [`Depends: ${depends}`]), 'Description: for tests'];
    const control = `${lines.join('\n')}\n`;
    await writeFile(join(root, 'DEBIAN', 'control'), control);
    for (const [script, body] of [['postinst', postinst], ['postrm', postrm]] as const) {
      if (body !== undefined) await writeFile(join(root, 'DEBIAN', script), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }
    const fileName = `${name}_${version.replace(/^\d+:/, '')}_all.deb`;
    await $`dpkg-deb --root-owner-group -Znone -b ${root} ${join(folder, fileName)}`.quiet();
    return { ...wanted, fileName, control, bytes: await readFile(join(folder, fileName)) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A package that an archive has made. @param path of a .deb */
export async function readDeb(path: string): Promise<Deb> {
  const { stdout: control } = await $`dpkg-deb -f ${path}`.quiet();
  const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(control)?.[1] ?? '';
  return { name: field('Package'), version: field('Version'), fileName: basename(path), control, bytes: await readFile(path) };
}

/** @param path where the archive has the file */
export function packagesEntry(deb: Deb, path: string): string {
  return `${deb.control}Filename: ${path}\nSize: ${deb.bytes.length}\nSHA256: ${createHash('sha256').update(deb.bytes).digest('hex')}\n`;
}
