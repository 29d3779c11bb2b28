// What comes in: a compiled kernel module. What goes out: the same one next time, without compiling.
// Guaranteed: the key holds everything that makes modules differ; content that does not match its hash is compiled anew.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildRequest, kernelModuleName } from './build.js';
import { REMEDIES } from './compat.js';

export interface CacheKey {
  readonly request: BuildRequest;
  /** uname -v */
  readonly kernelBuild: string;
  readonly architecture: string;
  readonly stapVersion: string;
}

function fileFor(directory: string, key: CacheKey): string {
  const name = kernelModuleName(key.request);
  const parts = [name, key.request.release, key.kernelBuild, key.architecture, key.stapVersion, key.request.stap ?? '', REMEDIES];
  return join(directory, `${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}.ko`);
}

/** The module's bytes, or undefined when there is none or it is damaged. The file is a hash in hex, a newline, the bytes. */
export async function readCached(directory: string, key: CacheKey): Promise<Buffer | undefined> {
  const file = await readFile(fileFor(directory, key)).catch(() => undefined);
  const content = file?.subarray(65);
  return content !== undefined && content.length > 0 && file?.[64] === 0x0a && file.subarray(0, 64).toString('latin1') === sha256(content) ? content : undefined;
}

/** Keeps it for the owner's eyes only; a reader never sees half a file. */
export async function writeCached(directory: string, key: CacheKey, content: Buffer): Promise<void> {
  const file = fileFor(directory, key);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const making = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(making, Buffer.concat([Buffer.from(`${sha256(content)}\n`, 'latin1'), content]), { mode: 0o600 });
  await rename(making, file);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
