// Traffic in known number over the machines' common network: lab-a opens TCP connections to lab-b and sends it datagrams, over IPv4 and
// IPv6; one connection and one datagram go to closed ports. Python in the guests, because it says exactly what it did.
import { setTimeout as sleep } from 'node:timers/promises';
import { machineNamed } from './places.js';
import { remote } from './remote.js';

export const TCP_PORT = 7000;
export const UDP_PORT = 7002;
const CLOSED_PORT = 7999;

export interface Sent {
  readonly connections: number;
  readonly datagrams: number;
}

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
u.bind(("::", ${UDP_PORT})); u.settimeout(float(sys.argv[1]))
threading.Thread(target=serve, args=(t,), daemon=True).start()
print("ready", flush=True)
got, end = 0, time.time() + float(sys.argv[1])
try:
    while time.time() < end and got < int(sys.argv[2]):
        u.recvfrom(4096); got += 1
except socket.timeout: pass
time.sleep(1)
print("datagrams", got, flush=True)
`;

const CLIENT = `
import socket, sys
connections, datagrams = int(sys.argv[1]), int(sys.argv[2])
peers = [(socket.AF_INET, "10.77.0.2"), (socket.AF_INET6, "fd77::2")]
for i in range(connections):
    family, peer = peers[i % 2]
    s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(20)
    s.connect((peer, ${TCP_PORT}))
    for n in range(2):
        s.sendall(b"x" * (10 + i)); s.recv(4096)
    s.close()
for i in range(datagrams):
    family, peer = peers[i % 2]
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.sendto(b"y" * (20 + i), (peer, ${UDP_PORT})); s.close()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"z", ("10.77.0.2", ${CLOSED_PORT}))
try: socket.create_connection(("10.77.0.2", ${CLOSED_PORT}), 20)
except ConnectionRefusedError: print("refused")
`;

/** @throws when the receiver did not get every datagram: then the network lost it, and the test would test nothing */
export async function makeTraffic(sent: Sent): Promise<void> {
  const [a, b] = [machineNamed('lab-a'), machineNamed('lab-b')];
  const server = remote(b, `python3 -u -c ${shellWord(SERVER)} 40 ${sent.datagrams}`, { limitMs: 90_000 });
  // A failure of the server shows at the end; until then the client must not wait for it.
  server.catch(() => {});
  for (let tries = 0; !/:7000 /.test(await remote(b, 'ss -Hltn')); tries += 1) {
    if (tries === 40) throw new Error(`nothing listens on lab-b:${TCP_PORT}`);
    await sleep(250);
  }
  const said = await remote(a, `python3 -u -c ${shellWord(CLIENT)} ${sent.connections} ${sent.datagrams}`, { limitMs: 90_000 });
  if (!said.includes('refused')) throw new Error(`the closed port did not refuse: ${said}`);
  const got = await server;
  if (!got.includes(`datagrams ${sent.datagrams}`)) throw new Error(`lab-b received ${got.trim()} of ${sent.datagrams}`);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
