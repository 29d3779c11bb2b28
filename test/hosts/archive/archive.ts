// What comes in: packages for the pockets of a release, and a key. What goes out: a signed archive as Debian's and Ubuntu's are laid out, served on
// loopback, or where it is told: dists/POCKET/InRelease, COMPONENT/binary-ARCH/Packages, pool/.
// Guaranteed: what the server is asked for is written down; a path may be told to answer with another status, or to stop in the middle.
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Deb, packagesEntry } from './debs.js';
import type { SigningKey } from './keys.js';

const COMPONENTS = ['main', 'restricted', 'universe', 'multiverse'];

export interface Pocket {
  /** `jammy`, `jammy-updates`. */
  readonly name: string;
  /** All in main. */
  readonly debs: readonly Deb[];
  readonly key: SigningKey;
  /** Of the Release file. */
  readonly validUntil?: Date;
}

/** Several archives below one address. */
export class ArchiveServer {
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[] = [];
  /** Path → what comes instead. `stop`: the first half, and then nothing. */
  readonly troubles = new Map<string, number | 'stop'>();
  readonly #files = new Map<string, Buffer>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param port of `address`; 0: any that is free */
  static async start(address = '127.0.0.1', port = 0): Promise<ArchiveServer> {
    const server = createServer();
    const archives = new ArchiveServer(server);
    server.on('request', (request, response) => archives.#answer(decodeURIComponent(request.url ?? ''), response));
    await new Promise<void>((resolve) => server.listen(port, address, resolve));
    return archives;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @param archive `ubuntu`, `ddebs`: the first part of the path @param architecture Debian's name for it */
  async publish(archive: string, pockets: readonly Pocket[], architecture: string): Promise<void> {
    for (const { name, debs, key, validUntil } of pockets) {
      const sums: string[] = [];
      for (const component of COMPONENTS) {
        const inIt = component === 'main' ? debs : [];
        const path = `${component}/binary-${architecture}/Packages`;
        const entries = inIt.map((deb) => {
          const place = `pool/${component}/${deb.fileName}`;
          this.#files.set(`/${archive}/${place}`, deb.bytes);
          return packagesEntry(deb, place);
        });
        const bytes = Buffer.from(entries.join('\n'));
        this.#files.set(`/${archive}/dists/${name}/${path}`, bytes);
        sums.push(` ${createHash('sha256').update(bytes).digest('hex')} ${bytes.length} ${path}`);
      }
      const lines = [
        `Origin: ${archive}`, `Label: ${archive}`, `Suite: ${name}`, `Codename: ${name.replace(/-.*/, '')}`, `Date: ${new Date().toUTCString()}`,
        ...(validUntil === undefined ? [] : [`Valid-Until: ${validUntil.toUTCString()}`]), `Architectures: ${architecture}`, `Components: ${COMPONENTS.join(' ')}`, 'SHA256:', ...sums,
      ];
      this.#files.set(`/${archive}/dists/${name}/InRelease`, Buffer.from(await key.sign(`${lines.join('\n')}\n`)));
    }
  }

  /** Any file. */
  put(path: string, bytes: Buffer): void {
    this.#files.set(path, bytes);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(path: string, response: ServerResponse): void {
    this.asked.push(path);
    const trouble = this.troubles.get(path);
    const bytes = this.#files.get(path);
    if (bytes === undefined || typeof trouble === 'number') {
      response.writeHead(typeof trouble === 'number' ? trouble : 404).end();
      return;
    }
    response.writeHead(200, { 'Content-Length': bytes.length });
    if (trouble === 'stop') response.write(bytes.subarray(0, bytes.length >> 1));
    else response.end(bytes);
  }
}
