// What comes in: a name. What goes out: a signing key of gpg's, in a folder of its own, that signs an archive's Release as archives do.
// Guaranteed: the user's own keys are not touched; gpg's agent ends with `end`.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx/core';

export class SigningKeys {
  readonly #home: string;

  private constructor(home: string) {
    this.#home = home;
  }

  static async start(): Promise<SigningKeys> {
    return new SigningKeys(await mkdtemp(join(tmpdir(), 'fleet-tap-gpg-')));
  }

  async make(name: string): Promise<SigningKey> {
    const words = ['--homedir', this.#home, '--batch'];
    await $`gpg ${words} --passphrase ${''} --quick-generate-key ${name} ed25519 sign never`.quiet();
    return this.#key(name);
  }

  /** A key that was made for a month, long ago, and prolonged since; and its public half as it was before. */
  async makeProlonged(name: string): Promise<{ readonly key: SigningKey; readonly before: Buffer }> {
    const words = ['--homedir', this.#home, '--batch', '--passphrase', ''];
    await $`gpg ${words} --faked-system-time 20240101T000000! --quick-generate-key ${name} ed25519 sign 30d`.quiet();
    const { fingerprint, publicKey: before } = await this.#key(name);
    await $`gpg ${words} --quick-set-expire ${fingerprint} 0`.quiet();
    return { key: await this.#key(name), before };
  }

  /** A key whose own signature is of its time: with SHA-1, as that of ddebs.ubuntu.com, made in 2016 too. */
  async makeOfOldTimes(name: string): Promise<SigningKey> {
    const words = ['--homedir', this.#home, '--batch', '--passphrase', '', '--faked-system-time', '20160321T120000!', '--cert-digest-algo', 'SHA1', '--allow-weak-digest-algos'];
    await $`gpg ${words} --quick-generate-key ${name} rsa3072 sign never`.quiet();
    return this.#key(name);
  }

  async #key(name: string): Promise<SigningKey> {
    const words = ['--homedir', this.#home, '--batch', '--yes'];
    const listed = await $`gpg ${words} --with-colons --list-keys ${name}`.quiet();
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed.stdout)?.[1];
    if (fingerprint === undefined) throw new Error(`gpg made no key ${name}`);
    const exported = join(this.#home, `${fingerprint}.gpg`);
    await $`gpg ${words} --output ${exported} --export ${fingerprint}`.quiet();
    return {
      fingerprint,
      publicKey: await readFile(exported),
      sign: async (text) => (await $({ input: text })`gpg ${words} --local-user ${fingerprint} --clearsign`.quiet()).stdout,
    };
  }

  /** @returns a file of this machine with the public key */
  file({ fingerprint }: SigningKey): string {
    return join(this.#home, `${fingerprint}.gpg`);
  }

  async end(): Promise<void> {
    await $`gpgconf --homedir ${this.#home} --kill all`.quiet();
    await rm(this.#home, { recursive: true, force: true });
  }
}

export interface SigningKey {
  readonly fingerprint: string;
  /** As `gpg --export` writes it. */
  readonly publicKey: Buffer;
  /** @returns the text with its signature: an InRelease file */
  sign(text: string): Promise<string>;
}
