// What comes in: an agent's socket. What goes out: the keys that it holds, of every kind, and its signatures (draft-miller-ssh-agent).
// Guaranteed: one question a connection, as OpenSSH's clients may do; an answer is at most 256 KiB; an agent that is gone is an error at once.
// Not here: which key is tried when (identities.ts).
import { createConnection } from 'node:net';
import { SshReader, sshString } from './ssh-wire.js';

export interface AgentKey {
  /** As it travels. */
  readonly blob: Buffer;
  /** For example `ssh-ed25519`, or a certificate's or security key's type. */
  readonly type: string;
  readonly comment: string;
}

const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const RSA_SHA2_256 = 2;
const RSA_SHA2_512 = 4;

const ANSWER_LIMIT_BYTES = 256 * 1024;
/** An agent lists its keys at once; a signature may wait for a person (`ssh-add -c`). */
const LIST_TIMEOUT_MS = 10_000;

/** @throws Error in one sentence */
export async function agentKeys(socketPath: string): Promise<AgentKey[]> {
  const answer = await ask(socketPath, Buffer.from([REQUEST_IDENTITIES]), IDENTITIES_ANSWER, LIST_TIMEOUT_MS);
  const reader = new SshReader(answer);
  const count = reader.uint32();
  const keys: AgentKey[] = [];
  for (let index = 0; index < count; index += 1) {
    const blob = reader.string();
    const comment = reader.string().toString('utf8');
    keys.push({ blob, type: new SshReader(blob).string().toString('latin1'), comment });
  }
  return keys;
}

/** The signature without the name of its algorithm. @throws Error in one sentence, also when a person refused */
export async function agentSign(socketPath: string, blob: Buffer, data: Buffer, hash: string | undefined): Promise<Buffer> {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(hash === 'sha512' ? RSA_SHA2_512 : hash === 'sha256' ? RSA_SHA2_256 : 0);
  const answer = await ask(socketPath, Buffer.concat([Buffer.from([SIGN_REQUEST]), sshString(blob), sshString(data), flags]), SIGN_RESPONSE, undefined);
  const signature = new SshReader(new SshReader(answer).string());
  signature.string();
  return signature.string();
}

function ask(socketPath: string, question: Buffer, wanted: number, timeoutMs: number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path: socketPath });
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => fail(`it did not answer within ${timeoutMs / 1000} s`), timeoutMs);
    const fail = (reason: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(reason));
    };
    let received = Buffer.alloc(0);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code === 'ENOENT' ? 'its socket is gone' : error.code === 'ECONNREFUSED' ? 'nobody listens at its socket' : error.message));
    socket.on('close', () => fail('it closed the connection'));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 5) return;
      const length = received.readUInt32BE();
      if (length > ANSWER_LIMIT_BYTES) return fail(`it began an answer of ${length} bytes`);
      if (received.length < 4 + length) return;
      if (received[4] !== wanted) return fail('it refused');
      clearTimeout(timer);
      socket.destroy();
      resolve(received.subarray(5, 4 + length));
    });
    socket.write(sshString(question));
  });
}
