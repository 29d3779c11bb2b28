// What comes in: which Ubuntu or Debian, what its archives have. What goes out: a host of the ring that says it is that one, its archives on loopback,
// and setup to play on it. Guaranteed: all of it ends with the test.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { mayNotSkip } from '../../playbook/engines.js';
import { Ring, type RingHost } from '../ring/host.js';
import { ringRoot } from '../ring/rootfs.js';
import { ArchiveServer, type Pocket } from './archive.js';
import type { Deb } from './debs.js';
import { type SigningKey, SigningKeys } from './keys.js';
import { type Played, play } from './play.js';
import { baseDebs, becomeDebian, becomeUbuntu, keyringDeb, RELEASES, type Release, sh, symbolsDeb } from './ubuntu.js';

/** Why this machine cannot have such hosts. */
function whyNoHosts(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount and chroot';
  return ['/usr/bin/mmdebstrap', '/usr/bin/unshare', '/usr/bin/nsenter', '/usr/bin/gpg', '/usr/bin/dpkg-deb'].find((program) => !existsSync(program))?.replace(/^.*\//, 'there is no ');
}

export interface Wanted {
  /** Default: noble. */
  readonly release?: Release;
  /** Of the archive of debug symbols: the pockets that it has. */
  readonly pockets?: readonly string[];
  /** All in the first pocket. */
  readonly ddebs?: readonly Deb[];
  /** Beside systemtap, compiler, headers. */
  readonly base?: readonly Deb[];
  readonly signs?: SigningKey;
  readonly validUntil?: Date;
}

export interface Given {
  readonly host: RingHost;
  readonly server: ArchiveServer;
  readonly setup: (vars?: Readonly<Record<string, unknown>>, check?: boolean) => Promise<Played>;
}

class AptFleet {
  readonly ring: Ring;
  readonly keys: SigningKeys;
  readonly ubuntuKey: SigningKey;
  readonly ddebsKey: SigningKey;
  readonly architecture: string;
  #count = 0;

  private constructor(ring: Ring, keys: SigningKeys, ubuntuKey: SigningKey, ddebsKey: SigningKey, architecture: string) {
    this.ring = ring;
    this.keys = keys;
    this.ubuntuKey = ubuntuKey;
    this.ddebsKey = ddebsKey;
    this.architecture = architecture;
  }

  static async start(): Promise<AptFleet> {
    const [ring, keys] = await Promise.all([ringRoot().then((root) => Ring.start(root)), SigningKeys.start()]);
    const host = await ring.host('asked');
    const architecture = (await sh(host, 'dpkg --print-architecture')).trim();
    await host.stop();
    return new AptFleet(ring, keys, await keys.make('ubuntu'), await keys.make('ddebs'), architecture);
  }

  async given({ release = RELEASES.noble, pockets = ['', '-updates'], ddebs, base, signs = this.ddebsKey, validUntil }: Wanted = {}): Promise<Given> {
    const server = await ArchiveServer.start();
    const host = await this.ring.host(`ubuntu-${this.#count++}`);
    onTestFinished(() => Promise.all([host.stop(), server.stop()]).then(() => {}));
    const { codename } = release;
    const debs = [...(await baseDebs(release)), ...(base ?? [await keyringDeb('ubuntu-dbgsym-keyring', this.ddebsKey.publicKey)])];
    await server.publish('ubuntu', [{ name: codename, debs, key: this.ubuntuKey }], this.architecture);
    const symbols = ddebs ?? [await symbolsDeb(release, true)];
    await server.publish('ddebs', pockets.map((name, at): Pocket => ({ name: `${codename}${name}`, debs: at === 0 ? symbols : [], key: signs, ...(validUntil === undefined ? {} : { validUntil }) })), this.architecture);
    await becomeUbuntu(host, release, `${server.url}/ubuntu`, this.ubuntuKey.publicKey);
    return { host, server, setup: (vars = {}, check = false) => play(host, 'setup', { fleet_tap_ddebs_url: `${server.url}/ddebs`, ...vars }, check) };
  }

  /** A Debian host, whose only archive has these packages. */
  async debian(release: Release, debs: readonly Deb[]): Promise<Given> {
    const server = await ArchiveServer.start();
    const host = await this.ring.host(`debian-${this.#count++}`);
    onTestFinished(() => Promise.all([host.stop(), server.stop()]).then(() => {}));
    await server.publish('debian', [{ name: release.codename, debs, key: this.ubuntuKey }], this.architecture);
    await becomeDebian(host, release, `${server.url}/debian`, this.ubuntuKey.publicKey);
    return { host, server, setup: (vars = {}, check = false) => play(host, 'setup', { fleet_tap_snapshot_url: `${server.url}/snapshot`, ...vars }, check) };
  }

  async stop(): Promise<void> {
    await this.ring.stop();
    await this.keys.end();
  }
}

/** The root is unpacked on the first use of a machine. */
const START_LIMIT_MS = 600_000;

/** A suite whose tests share one fleet; skipped with the reason where this machine cannot have it. @param tests may ask for the fleet within tests only */
export function onAptFleet(title: string, tests: (fleet: () => AptFleet) => void): void {
  const why = whyNoHosts();
  describe.skipIf(why !== undefined && !mayNotSkip)(`${title}${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
    let started: AptFleet | undefined;
    beforeAll(async () => {
      started = await AptFleet.start();
    }, START_LIMIT_MS);
    afterAll(() => started?.stop());
    tests(() => {
      if (started === undefined) throw new RangeError('the fleet has not been started');
      return started;
    });
  });
}

/** Names of the packages. */
export async function installed(host: RingHost): Promise<string[]> {
  const listed = await sh(host, `dpkg-query -W -f '\${db:Status-Status} \${Package}\\n'`);
  return listed.split('\n').flatMap((line) => (line.startsWith('installed ') ? [line.slice(10)] : []));
}
