// Lines as stap/tcpdumplike.stp prints them on one host, made up: packets evenly in time, TCP and now and then UDP, a heartbeat every 200 ms.

const HEARTBEAT_NS = 200_000_000n;

export interface WireLines {
  readonly host: number;
  /** Nanoseconds since 1970 of the beginning. */
  readonly beganNs: bigint;
  readonly packets: number;
  /** Nanoseconds from one packet to the next. */
  readonly pauseNs: bigint;
}

/** @param withMarks also begin, heartbeats and end: without them the lines are sorted as text */
export function wireLines({ host, beganNs, packets, pauseNs }: WireLines, withMarks: boolean): string {
  const lines: string[] = withMarks ? [`B 1 ${beganNs} ${beganNs % 1_000_000_000_000n}`] : [];
  let beatNs = beganNs + HEARTBEAT_NS;
  let now = beganNs;
  for (let packet = 0; packet < packets; packet += 1) {
    // Every host has its own places between the ticks: equal times are rare, as they are in life.
    now = beganNs + BigInt(packet) * pauseNs + BigInt((host * 7919 + packet * 104_729) % Number(pauseNs));
    for (; withMarks && beatNs < now; beatNs += HEARTBEAT_NS) lines.push(`H ${beatNs} ${beatNs % 1_000_000_000_000n} ${packet}`);
    const peers = `10.${host % 250}.${packet % 200}.${(packet * 7) % 250} 10.1.${host >> 8}.${host & 255}`;
    if (packet % 16 === 15) lines.push(`U ${now} ${peers} 53 ${32_768 + (packet % 28_000)} ${packet % 500}`);
    else lines.push(`T ${now} ${peers} ${32_768 + (packet % 28_000)} 443 0${packet % 2 === 0 ? '11' : '10'}000 ${(packet * 1448) % 4_294_967_296} ${1_000_000 + packet} 501 ${packet % 1449}`);
  }
  if (withMarks) lines.push(`E ${now} ${now % 1_000_000_000_000n} ${packets}`);
  return `${lines.join('\n')}\n`;
}
