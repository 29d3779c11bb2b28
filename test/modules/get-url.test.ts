// get_url against an HTTP server on loopback, with each program that a host may fetch with. What is expected are the keys and values that ansible-core 2.19
// registered for the same requests, without the file's owner and times.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modules } from '../../src/modules/index.js';
import { bench, runModule } from './run-module.js';

const MODIFIED = new Date('2020-09-13T12:26:40Z');
let server: Server;
let url: string;
let bin: string;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    asked.push(`${request.method} ${pathname} ${request.headers['if-modified-since'] ?? '-'} ${request.headers['cache-control'] ?? '-'} ${request.headers['user-agent']}`);
    const send = (status: number, body: string | Buffer, headers = {}) => response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body);
    if (pathname === '/moved') return void send(302, '', { location: '/file.txt' });
    if (pathname === '/named') return void send(200, 'named\n', { 'content-disposition': 'attachment; filename="../its name.txt"' });
    if (pathname === '/packed') return void send(200, gzipSync('plain\n'), { 'content-encoding': 'gzip' });
    if (pathname === '/sums') return void send(200, 'a2131d2a0fd3f7c06f5e9c39d4b8d4d3e3b8c4ea.  ./other.txt\n3d4a0c4b5eaa2cd4cbf4fe4d2a5c9e0a5d2e1a7b.  x.txt\n046c168df2244d3a13985f042a50e479fe56455e.  ./file.txt\n');
    if (pathname === '/empty') return void send(204, '');
    if (pathname !== '/file.txt') return void send(404, 'nothing\n');
    const since = request.headers['if-modified-since'];
    if (since !== undefined && Date.parse(since) >= MODIFIED.getTime()) return void response.writeHead(304).end();
    send(200, 'file\n', { 'last-modified': MODIFIED.toUTCString() });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  bin = await mkdtemp(join(tmpdir(), 'fleet-tap-programs-'));
  const fetching = new Set(['curl', 'wget', 'busybox']);
  for (const folder of ['/usr/bin', '/bin']) for (const name of await readdir(folder)) if (!fetching.has(name)) await symlink(join(folder, name), join(bin, name)).catch(() => {});
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(bin, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
});

async function hostWith(program: string) {
  const host = await bench();
  for (const name of await readdir(bin)) await symlink(join(bin, name), join(host.bin, name)).catch(() => {});
  await symlink(`/usr/bin/${program}`, join(host.bin, program));
  const get = async (params: Readonly<Record<string, unknown>>, check = false) => {
    const { changed, failed, msg, values = {} } = await runModule(host, 'get_url', params, { onlyBench: true, check });
    const { owner: _owner, group: _group, uid: _uid, gid: _gid, mode: _mode, ...rest } = values as Record<string, unknown>;
    return { changed, ...(failed === true ? { failed } : {}), msg, ...rest };
  };
  return { host, get, at: (name: string) => join(host.work, name) };
}

const SUM = '046c168df2244d3a13985f042a50e479fe56455e';

describe.each(['curl', 'wget', 'busybox'])('%s', (program) => {
  test('a new file, the same again, one that somebody has changed since, and forced', async () => {
    const { get, at } = await hostWith(program);
    const dest = at('f');
    const result = { url: `${url}/file.txt`, dest, elapsed: 0, msg: 'OK (5 bytes)', status_code: 200, md5sum: 'bbe02f946d5455d74616fc9777557c22', checksum_src: SUM, size: 5, state: 'file' };
    expect(await get({ url: `${url}/file.txt`, dest })).toEqual({ ...result, changed: true, checksum_dest: null });
    await utimes(dest, 0, 0);
    expect(await get({ url: `${url}/file.txt`, dest })).toEqual({ ...result, changed: false, checksum_dest: SUM });
    await writeFile(dest, 'mine');
    const kept = { changed: false, url: `${url}/file.txt`, dest, elapsed: 0, msg: 'HTTP Error 304: Not Modified', status_code: 304, size: 4, state: 'file' };
    expect(await get({ url: `${url}/file.txt`, dest, mode: '0600' })).toEqual(kept);
    expect((await stat(dest)).mode & 0o777).not.toBe(0o600);
    expect(await get({ url: `${url}/file.txt`, dest, force: true })).toEqual({ ...result, changed: true, checksum_dest: createHash('sha1').update('mine').digest('hex') });
    expect(asked.map((line) => line.replace(/[A-Z][a-z]{2}, .* GMT/, 'DATE'))).toEqual(['GET /file.txt - - ansible-httpget', 'GET /file.txt DATE - ansible-httpget', 'GET /file.txt DATE - ansible-httpget', 'GET /file.txt - no-cache ansible-httpget']);
  });

  test('what the server says that it is a mistake, or no file', async () => {
    const { get, at } = await hostWith(program);
    const failed = { changed: false, failed: true, elapsed: 0, msg: 'Request failed', dest: at('f') };
    expect(await get({ url: `${url}/none`, dest: at('f') })).toEqual({ ...failed, url: `${url}/none`, status_code: 404, response: 'HTTP Error 404: Not Found' });
    expect(await get({ url: `${url}/empty`, dest: at('f') })).toEqual({ ...failed, url: `${url}/empty`, status_code: 204, response: 'OK (0 bytes)' });
    await writeFile(at('f'), 'before');
    expect(await get({ url: `${url}/file.txt`, dest: at('f'), checksum: `sha1:${url}/none` })).toEqual({ ...failed, url: `${url}/none`, status_code: 404, response: 'HTTP Error 404: Not Found', size: 6, state: 'file' });
    const wrong = await get({ url: `${url}/file.txt`, dest: at('f'), checksum: 'md5:00' });
    expect(wrong).toMatchObject({ changed: false, failed: true, checksum_src: SUM, size: 6, state: 'file' });
    expect(wrong.msg).toMatch(/^The checksum for .* did not match 00; it was bbe02f946d5455d74616fc9777557c22\.$/);
    const gone = await get({ url: 'http://127.0.0.1:1/x', dest: at('g') });
    expect(gone).toEqual({ changed: false, failed: true, url: 'http://127.0.0.1:1/x', dest: at('g'), elapsed: 0, msg: expect.stringMatching(/^Request failed: ./) });
  });

  test('into a folder: by the name that the server says, or where it has led', async () => {
    const { host, get } = await hostWith(program);
    expect(await get({ url: `${url}/named`, dest: host.work })).toMatchObject({ changed: true, dest: join(host.work, 'its name.txt') });
    expect(await get({ url: `${url}/moved?x=/y`, dest: `${host.work}/` })).toMatchObject({ changed: true, dest: join(host.work, 'file.txt'), url: `${url}/moved?x=/y` });
    expect((await readdir(host.work)).toSorted()).toEqual(['file.txt', 'its name.txt']);
  });

  test('what comes as gzip is unpacked, or stays so', async () => {
    const { get, at } = await hostWith(program);
    await get({ url: `${url}/packed`, dest: at('plain') });
    expect(await readFile(at('plain'), 'utf8')).toBe('plain\n');
    await get({ url: `${url}/packed`, dest: at('packed'), decompress: false });
    expect(await readFile(at('packed'))).toEqual(gzipSync('plain\n'));
  });

  test('sums with a point behind them; a file that is right is not fetched', async () => {
    const { get, at } = await hostWith(program);
    expect(await get({ url: `${url}/file.txt`, dest: at('f'), checksum: `sha1:${url}/sums` })).toMatchObject({ changed: true, checksum_src: SUM });
    asked.length = 0;
    expect(await get({ url: `${url}/file.txt`, dest: at('f'), checksum: `sha1:${SUM}.` })).toEqual({ changed: false, msg: 'file already exists', url: `${url}/file.txt`, dest: at('f'), elapsed: 0, checksum_src: null, checksum_dest: null, size: 5, state: 'file' });
    expect(asked).toEqual([]);
  });
});

test.each([
  [{ checksum: 'sha3_256:00' }, "the checksum's algorithm sha3_256 is not supported"],
  [{ checksum: '00' }, 'The checksum parameter has to be in format <algorithm>:<checksum>'],
  [{ unredirected_headers: ['Authorization', 'X-Mine'] }, 'unredirected_headers: "X-Mine" is not supported'],
  [{ unredirected_headers: ['authorization'] }, undefined],
])('refused before a host is asked: %j', (written, message) => {
  expect(modules.get('get_url')?.checkWritten?.(written)?.message).toBe(message);
});
