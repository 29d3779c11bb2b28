// What comes in: the hub of the machines' common network. What goes out: how far the stamps of QEMU's dump are ahead of this machine's clock.
// QEMU's stamps begin at some whole second and go on with its own clock: the difference is constant and unknown. The witness is one more
// cable on the hub: it sends frames that carry the time, and the dump says when they passed.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LINK_DUMP_FILE, WITNESS_PORT } from './places.js';

/** Local experimental (IEEE 802): no machine does anything with it. */
const ETHERTYPE = 0x88b5;
const FRAMES = 100;
const PAUSE_MS = 20;

export interface DumpClock {
  /** Microseconds to be taken from the dump's stamps. The quickest frame still took its way, so times of the dump come out early, never late. */
  readonly aheadUs: number;
  /** How late the quickest tenth of the frames were against the quickest: about what `aheadUs` may be wrong by. */
  readonly spreadUs: number;
}

/** Microseconds since 1970, as fleet-tap's own clock begins (base/clock.ts). */
function nowUs(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

export async function dumpClock(): Promise<DumpClock> {
  const socket = connect(WITNESS_PORT, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  for (let index = 0; index < FRAMES; index += 1) {
    const frame = Buffer.alloc(64);
    frame.fill(0xff, 0, 6);
    frame.write('525400770099', 6, 'hex');
    frame.writeUInt16BE(ETHERTYPE, 12);
    // QEMU's socket: the length before each frame.
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    frame.writeDoubleBE(nowUs(), 14);
    socket.write(Buffer.concat([length, frame]));
    await sleep(PAUSE_MS);
  }
  socket.destroy();
  await once(socket, 'close');
  const { stdout } = await promisify(execFile)('tshark', ['-n', '-r', LINK_DUMP_FILE, '-Y', `eth.type == ${ETHERTYPE}`, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'data.data'], { maxBuffer: 64 * 2 ** 20 });
  const late = stdout.split('\n').filter((line) => line !== '').slice(-FRAMES).map((line) => {
    const [stamp = '', data = ''] = line.split('\t');
    return Number(stamp) * 1e6 - Buffer.from(data.slice(0, 16), 'hex').readDoubleBE();
  }).sort((left, right) => left - right);
  const [first, tenth] = [late[0], late[Math.floor(FRAMES / 10)]];
  if (first === undefined || tenth === undefined) throw new Error(`the witness sent ${FRAMES} frames, and the dump has ${late.length}`);
  return { aheadUs: first, spreadUs: tenth - first };
}
