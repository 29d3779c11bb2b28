// AssemblyScript: this becomes WebAssembly (build-wasm.mjs), and src/sinks/compiled-text.ts calls it.
// What comes in: rows as packed-rows.ts makes them, in the module's memory, and tables of texts that text-bytes.ts makes. What goes out: their lines.
// Guaranteed: a line is what text-lines.ts writes. Rows that are not like nearly all (IPv6, late, no packets, another second than the one that is spelled)
// end the writing in front of them, and are written there.

// A row, bytes of each field: packed-rows.ts.
const ROW_BYTES: i32 = 24;
const SOURCE: i32 = 8;
const DESTINATION: i32 = 12;
const PORTS: i32 = 16;
const MARKS: i32 = 20;
const FLAG_BITS: i32 = 63;
const UDP_BIT: i32 = 1 << 6;
/** Late, IPv6 at either end; and in the kind, no packet. */
const ODD_BITS: i32 = (7 << 8) | (1 << 7);
const HOST_SHIFT: i32 = 11;

// Where what stands: compiled-text.ts.
const MILLIS: i32 = 0;
const HUNDREDS: i32 = 4000;
const SMALL: i32 = 8000;
const OCTETS: i32 = 12_000;
const LAST_OCTETS: i32 = 13_024;
const THOUSANDS: i32 = 14_048;
const FLAGS_END: i32 = 14_312;
const FLAGS: i32 = 14_568;
const OCTET_BYTES: i32 = 15_080;
const SECOND: i32 = 15_336;

const SECOND_BYTES: i32 = 20;
const UTC_AND_SPACE: u16 = 0x205a;
const UDP_LINE: u32 = 0x0a504455;
const SPACES: u64 = 0x2020202020202020;

let end: i32 = 0;

/** After `spell`: behind the last line. */
export function newAt(): i32 {
  return end;
}

/**
 * @param rows where they begin
 * @param at where the first line goes
 * @param secondNs the second that is spelled
 * @param hosts texts of the hosts' columns, each in `hostBytes`: its length, and from the fifth byte on itself
 * @returns how many rows
 */
export function spell(rows: i32, count: i32, at: i32, secondNs: f64, width: i32, hosts: i32, hostBytes: i32): i32 {
  let row = rows;
  const rowsEnd = rows + count * ROW_BYTES;
  const nextNs = secondNs + 1e9;
  while (row < rowsEnd) {
    const tNs = load<f64>(row);
    const marks = load<i32>(row, MARKS);
    if ((marks & ODD_BITS) !== 0 || !(tNs >= secondNs && tNs < nextNs)) break;
    at = putTime(at, <i32>((tNs - secondNs) / 1000));
    at = putHost(at, hosts + (marks >>> HOST_SHIFT) * hostBytes);
    at = putIpv4(at, load<u32>(row, SOURCE), width);
    at = putIpv4(at, load<u32>(row, DESTINATION), width);
    const ports = load<u32>(row, PORTS);
    at = putPort(at, ports & 0xffff);
    at = putPort(at, ports >> 16);
    if ((marks & UDP_BIT) !== 0) {
      store<u32>(at, UDP_LINE);
      at += 4;
    } else {
      const flags = marks & FLAG_BITS;
      store<u64>(at, load<u64>(FLAGS + (flags << 3)));
      store<u32>(at, load<u32>(FLAGS_END + (flags << 2)), 8);
      at += 12;
    }
    row += ROW_BYTES;
  }
  end = at;
  return (row - rows) / ROW_BYTES;
}

/** The second, six digits, a Z and a space. */
function putTime(at: i32, micros: i32): i32 {
  store<u64>(at, load<u64>(SECOND));
  store<u64>(at, load<u64>(SECOND, 8), 8);
  store<u32>(at, load<u32>(SECOND, 16), 16);
  const millis: i32 = micros / 1000;
  store<u32>(at, load<u32>(MILLIS + (millis << 2)), SECOND_BYTES);
  store<u32>(at, load<u32>(MILLIS + ((micros - 1000 * millis) << 2)), SECOND_BYTES + 3);
  store<u16>(at, UTC_AND_SPACE, SECOND_BYTES + 6);
  return at + SECOND_BYTES + 8;
}

function putHost(at: i32, host: i32): i32 {
  const bytes = load<i32>(host);
  for (let put = 0; put < bytes; put += 8) store<u64>(at + put, load<u64>(host + put, 4));
  return at + bytes;
}

/** Right-aligned in `width` columns, 15 at least, and a space. */
function putIpv4(at: i32, address: u32, width: i32): i32 {
  const first = address >> 24;
  const second = (address >> 16) & 255;
  const third = (address >> 8) & 255;
  const fourth = address & 255;
  const next = at + width + 1;
  const firstBytes: i32 = load<u8>(first, OCTET_BYTES);
  const secondBytes: i32 = load<u8>(second, OCTET_BYTES);
  const thirdBytes: i32 = load<u8>(third, OCTET_BYTES);
  let place = next - firstBytes - secondBytes - thirdBytes - <i32>load<u8>(fourth, OCTET_BYTES);
  store<u64>(at, SPACES);
  for (let filled = at + 8; filled < place; filled += 8) store<u64>(filled, SPACES);
  store<u32>(place, load<u32>(first << 2, OCTETS));
  place += firstBytes;
  store<u32>(place, load<u32>(second << 2, OCTETS));
  place += secondBytes;
  store<u32>(place, load<u32>(third << 2, OCTETS));
  store<u32>(place + thirdBytes, load<u32>(fourth << 2, LAST_OCTETS));
  return next;
}

/** Right-aligned in five columns, and a space. */
function putPort(at: i32, port: i32): i32 {
  const thousands: i32 = port / 1000;
  store<u32>(at, load<u32>(THOUSANDS + (thousands << 2)));
  store<u32>(at, load<u32>((thousands === 0 ? SMALL : HUNDREDS) + ((port - 1000 * thousands) << 2)), 2);
  return at + 6;
}
