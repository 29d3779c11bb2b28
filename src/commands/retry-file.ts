// What comes in: the hosts that failed in a playbook. What goes out: a file of their names for --limit (ansible.cfg, retry_files_enabled).
// Guaranteed: Ansible's name and form (executor/playbook_executor.py). One that cannot be written is told, and nothing else changes.
import { writeFile } from 'node:fs/promises';
import { fileReason } from '../base/file-reason.js';
import { makeFolder } from '../base/make-folder.js';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { compareNames } from '../inventory/python-text.js';

/** @param folder default: the playbook's. @returns its path; undefined when it could not be written */
export async function writeRetryFile(playbook: string, folder: string | undefined, hosts: readonly string[], say: (line: string) => void): Promise<string | undefined> {
  const path = join(folder ?? dirname(resolve(playbook)), `${basename(playbook, extname(playbook))}.retry`);
  try {
    await makeFolder(dirname(path));
    await writeFile(path, hosts.toSorted(compareNames).map((host) => `${host}\n`).join(''));
    return path;
  } catch (error) {
    say(`warning: ${path} cannot be written: ${fileReason(error, 'its folder cannot be made')}`);
    return undefined;
  }
}
