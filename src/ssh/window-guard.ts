// A server may send as much as the channel's window allows, and no more. ssh2 does not insist on it (its issue 1505): a hostile server could
// fill this program's memory while we wait for a slow reader. Here it costs it the connection.
import type { ClientChannel } from 'ssh2';

/** @param onViolation called once, with a sentence; it must end the connection */
export function guardWindow(channel: ClientChannel, onViolation: (sentence: string) => void): void {
  const { incoming } = channel as unknown as { incoming?: { window?: number } };
  if (incoming === undefined) return;
  let isTold = false;
  const guard = (stream: { push(chunk: unknown, encoding?: BufferEncoding): boolean }) => {
    const push = stream.push.bind(stream);
    stream.push = (chunk, encoding) => {
      if (chunk === null || (incoming.window ?? 0) >= 0) return push(chunk, encoding);
      if (!isTold) onViolation('the server sent more than it may (SSH window)');
      isTold = true;
      return false;
    };
  };
  guard(channel);
  guard(channel.stderr);
}
