// What comes in: this machine's own apt configuration. What goes out: a sources.list for another suite from the same mirror.
// The mirror is never written down in the project: it is whatever this machine uses.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Suite } from './places.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Base URLs of the Debian archive and of its security archive, from .sources and .list files. */
async function machineMirrors(): Promise<{ archive: string; security: string | undefined }> {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const files = [...names.filter((name) => /\.(sources|list)$/.test(name)).map((name) => join(folder, name)), '/etc/apt/sources.list'];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const urls = texts.flatMap((text) => [...text.matchAll(/^(?:URIs:|deb(?: \[[^\]]*\])?) *(https?:\S+)/gm)].map((match) => match[1] ?? ''));
  const debian = urls.filter((url) => /debian/.test(url));
  const archive = debian.find((url) => !/security/.test(url));
  if (archive === undefined) throw new Error('no Debian mirror in /etc/apt/sources.list.d: the lab builds its machines from the mirror that this machine uses');
  return { archive, security: debian.find((url) => /security/.test(url)) };
}

/** One-line entries for a suite; testing has no updates or security suite worth asking. */
export async function sourcesFor(suite: Suite): Promise<string> {
  const { archive, security } = await machineMirrors();
  const lines = [`deb [signed-by=${KEYRING}] ${archive} ${suite} main`];
  if (suite !== 'forky') {
    lines.push(`deb [signed-by=${KEYRING}] ${archive} ${suite}-updates main`);
    if (security !== undefined) lines.push(`deb [signed-by=${KEYRING}] ${security} ${suite}-security main`);
  }
  return `${lines.join('\n')}\n`;
}
