import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { newKeyPair } from '../../src/demo/keys.js';

describe('newKeyPair', () => {
  it('makes pairs that work, every one', () => {
    // ssh2 itself writes about one of 200 wrongly.
    const lines = Array.from({ length: 1000 }, () => {
      const pair = newKeyPair();
      const privateKey = ssh2.utils.parseKey(pair.privateKey);
      const publicKey = ssh2.utils.parseKey(pair.publicLine);
      if (privateKey instanceof Error || publicKey instanceof Error) throw new Error('unreadable');
      expect(publicKey.getPublicSSH().equals(pair.publicBytes)).toBe(true);
      expect(publicKey.verify('text', privateKey.sign('text') as Buffer)).toBe(true);
      expect(pair.publicLine).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+=*$/);
      return pair.publicLine;
    });
    expect(new Set(lines).size).toBe(1000);
  });
});
