// What comes in: the path of a folder. What goes out: that folder, with all that was missing above it.
// Not by `recursive` of mkdir: Node asks again and again, and never ends, where the system says "no such file" below a folder that is there (/proc).
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** @param mode of folders that are made. @throws what mkdir(2) says; ENOTDIR where a file stands in the way */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const missing: string[] = [];
  let folder = resolve(path);
  for (let found = await kindOf(folder); found !== 'folder'; found = await kindOf(folder)) {
    if (found === 'other') throw Object.assign(new Error(`${folder} is not a folder`), { code: 'ENOTDIR' });
    missing.unshift(folder);
    folder = dirname(folder);
  }
  for (const each of missing) {
    await mkdir(each, { mode }).catch((error: NodeJS.ErrnoException) => {
      // Another program, or another host's output, was faster.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing';
    throw error;
  }
}
