// What comes in: a folder. What goes out: an HTTP server on loopback that serves it, with what get_url asks for: ETag and Last-Modified are left out,
// so that nothing depends on when a file was checked out; `/private/…` wants the login ring:secret, `/moved/…` leads to the file of that name.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';

export interface Served {
  /** Without a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

const LOGIN = `Basic ${Buffer.from('ring:secret').toString('base64')}`;

export async function serve(folder: string): Promise<Served> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://ring').pathname);
    if (path.startsWith('/moved/')) return void response.writeHead(302, { location: path.slice('/moved'.length) }).end();
    if (path.startsWith('/private/') && request.headers.authorization !== LOGIN) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="ring"' }).end();
    readFile(join(folder, path.replace(/^\/private/, ''))).then(
      (content) => response.writeHead(200, { 'content-length': content.length, 'content-type': 'application/octet-stream' }).end(request.method === 'HEAD' ? undefined : content),
      () => response.writeHead(404).end('not here\n'),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
