// ssh2 alone, for stream.ts: one connection to each address, one command on each, and what comes goes to standard output as it comes, in no order, not
// even line by line. What comes in is a JSON argument. It is the least that a program with ssh2 can do: the ceiling of what fleet-tap can reach.
import { readFileSync, writeSync } from 'node:fs';
import { Client } from 'ssh2';

export interface Ssh2Request {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly keyFile: string;
  /** The only key that is taken. */
  readonly hostKeyFile: string;
  readonly command: string;
}

const { addresses, port, keyFile, hostKeyFile, command } = JSON.parse(process.argv[2] ?? '') as Ssh2Request;
const privateKey = readFileSync(keyFile);
const hostKey = Buffer.from(readFileSync(hostKeyFile, 'utf8').split(' ')[1] ?? '', 'base64');
for (const host of addresses) {
  const client = new Client();
  client.on('ready', () => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) throw error;
      channel.on('data', (chunk: Buffer) => {
        for (let at = 0; at < chunk.length; ) at += writeSync(1, chunk, at);
      });
      channel.stderr.resume();
      channel.on('close', () => void client.end());
    });
  });
  client.connect({ host, port, username: 'root', privateKey, hostVerifier: (key: Buffer) => key.equals(hostKey) });
}
