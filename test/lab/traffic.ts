// Traffic in known number over the machines' common network: each machine opens TCP connections to the next one and sends it datagrams, over
// IPv4 and IPv6; one connection and one datagram go to closed ports. Python in the guests, because it says exactly what it did.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Machine, MACHINES } from './places.js';
import { remote } from './remote.js';

export const TCP_PORT = 7000;
export const UDP_PORT = 7002;
const CLOSED_PORT = 7999;

/** Of each machine, to the next one. */
export interface Sent {
  readonly connections: number;
  readonly datagrams: number;
}

/** An emulated machine makes a few connections a second when all are busy. */
const LIMIT_SEC = 300;

const SERVER = `
import socket, threading, sys, time
def echo(c):
    while True:
        d = c.recv(4096)
        if not d: break
        c.sendall(d)
    c.close()
def serve(s):
    while True:
        c, _ = s.accept()
        threading.Thread(target=echo, args=(c,), daemon=True).start()
t = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
t.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
t.bind(("::", ${TCP_PORT})); t.listen(64)
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
u.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
u.bind(("::", ${UDP_PORT}))
threading.Thread(target=serve, args=(t,), daemon=True).start()
print("ready", flush=True)
# Counts until somebody ends our standard input, which is when the clients are done.
got = 0
def count():
    global got
    while True:
        u.recvfrom(4096); got += 1
threading.Thread(target=count, daemon=True).start()
sys.stdin.readline()
end = time.time() + 20
while got < int(sys.argv[1]) and time.time() < end: time.sleep(0.05)
print("datagrams", got, flush=True)
`;

const CLIENT = `
import socket, sys, time
connections, datagrams, peer4, peer6 = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
peers = [(socket.AF_INET, peer4), (socket.AF_INET6, peer6)]
for i in range(connections):
    family, peer = peers[i % 2]
    s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(60)
    s.connect((peer, ${TCP_PORT}))
    for n in range(2):
        s.sendall(b"x" * (10 + i % 1000)); s.recv(4096)
    s.close()
for i in range(datagrams):
    family, peer = peers[i % 2]
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.sendto(b"y" * (20 + i % 1000), (peer, ${UDP_PORT})); s.close()
    # The card's queue holds a few hundred; what does not fit is lost before any kernel sees it.
    if i % 50 == 49: time.sleep(0.1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"z", (peer4, ${CLOSED_PORT}))
try: socket.create_connection((peer4, ${CLOSED_PORT}), 60)
except ConnectionRefusedError: print("refused")
`;

interface Flow {
  readonly client: Machine;
  readonly server: Machine;
}

/** Each machine is the client of the next. */
export const FLOWS: readonly Flow[] = MACHINES.map((client, index) => {
  const server = MACHINES[(index + 1) % MACHINES.length];
  if (server === undefined) throw new RangeError(client.name);
  return { client, server };
});

/** @throws when a receiver did not get every datagram: then the network lost it, and the test would test nothing */
export async function makeTraffic(sent: Sent): Promise<void> {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const servers = FLOWS.map(async ({ server }) => {
    const got = await remote(server, `python3 -u -c ${shellWord(SERVER)} ${sent.datagrams}`, { limitMs: LIMIT_SEC * 1000, inputAfter: over });
    if (!got.includes(`datagrams ${sent.datagrams}\n`)) throw new Error(`${server.name} received ${got.trim()} of ${sent.datagrams}`);
  });
  // A failure of a server shows at the end; until then the clients must not wait for it.
  for (const server of servers) server.catch(() => {});
  try {
    await Promise.all(FLOWS.map(({ server }) => untilListening(server)));
    await Promise.all(FLOWS.map((flow) => talk(flow, sent)));
  } finally {
    end();
  }
  await Promise.all(servers);
}

async function untilListening(server: Machine): Promise<void> {
  for (let tries = 0; !/:7000 /.test(await remote(server, 'ss -Hltn')); tries += 1) {
    if (tries === 80) throw new Error(`nothing listens on ${server.name}:${TCP_PORT}`);
    await sleep(250);
  }
}

async function talk({ client, server }: Flow, sent: Sent): Promise<void> {
  const words = [sent.connections, sent.datagrams, server.linkAddress, server.linkAddress6].join(' ');
  const said = await remote(client, `python3 -u -c ${shellWord(CLIENT)} ${words}`, { limitMs: LIMIT_SEC * 1000 });
  if (!said.includes('refused')) throw new Error(`the closed port of ${server.name} did not refuse: ${said}`);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export const FLOOD_PORT = 7020;
/** More than a machine has CPUs. */
const FLOODERS = 3;

export interface Flood {
  readonly sent: number;
  /** What UDP got, as the kernel counts it: the rest was dropped on its way there, in the queue of a CPU that nobody emptied in time. */
  readonly received: number;
}

/** Datagrams to itself, as fast as the machine can, with all its CPUs, to a port where nobody listens. */
export async function flood(machine: Machine, seconds: number): Promise<Flood> {
  const script = `
import socket, time
end = time.time() + ${seconds}; n = 0
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while time.time() < end:
    for _ in range(50): s.sendto(b"x" * 20, ("127.0.0.1", ${FLOOD_PORT})); n += 1
print(n)
`;
  const unheard = async () => Number((await remote(machine, "awk '$1 == \"Udp:\" { n = $3 } END { print n }' /proc/net/snmp")).trim());
  const before = await unheard();
  const said = await remote(machine, `for i in $(seq ${FLOODERS}); do python3 -c ${shellWord(script)} & done; wait`, { limitMs: LIMIT_SEC * 1000 });
  const sent = said.trim().split('\n').reduce((sum, line) => sum + Number(line), 0);
  return { sent, received: (await unheard()) - before };
}
