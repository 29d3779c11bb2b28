// AssemblyScript. What comes in: where a field of a packet's line begins. What goes out: its number, at a place in memory, and where the next field begins; 0 when
// it is not what it nearly always is. Eight bytes are looked at together; those behind the field are there, whatever they hold.
// The eight bytes come with the field's first one lowest, each less '0' by exclusive or: digits are 0 to 9 then, a space 0x10, a dot 0x1e, a newline 0x3a.

const ZEROS: u64 = 0x3030303030303030;
const ZERO: i32 = 0x30;
const SPACE: u32 = 0x20;
const DOT_LESS_ZERO: u32 = 0x1e;
const SPACE_LESS_ZERO: u32 = 0x10;

/** The highest bit of each byte that is no digit, up to the first of them; behind that, whatever. */
function notDigits(bytes: u64): u64 {
  return ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
}

/** Eight digits as a number. Neighbours are put together: to pairs, to fours, to all. */
function ofDigits(digits: u64): u64 {
  const pairs = digits * 10 + (digits >> 8);
  return ((pairs & 0x000000ff000000ff) * 0x000f424000000064 + ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
}

/** 10 digits of seconds, 9 of nanoseconds and a space: nanoseconds since the origin, by the same steps as in wire-fields.ts; NaN when it is not that. */
export function realTime(at: i32, originSec: f64): f64 {
  const seconds = load<u64>(at) ^ ZEROS;
  const tens: u32 = load<u8>(at, 8) - ZERO;
  const ones: u32 = load<u8>(at, 9) - ZERO;
  const nanos = load<u64>(at, 10) ^ ZEROS;
  const last: u32 = load<u8>(at, 18) - ZERO;
  if ((notDigits(seconds) | notDigits(nanos)) !== 0 || tens > 9 || ones > 9 || last > 9 || load<u8>(at, 19) !== SPACE) return NaN;
  const second: i64 = ofDigits(seconds) * 100 + (tens * 10 + ones);
  const nano: i64 = ofDigits(nanos) * 10 + last;
  return (<f64>second - originSec) * 1e9 + <f64>nano;
}

/** Four octets without leading zeros, and a space. */
export function putIpv4(start: i32, place: i32): i32 {
  let at = start;
  let address: u32 = 0;
  for (let octets = 0; octets < 4; octets += 1) {
    const bytes = load<u32>(at) ^ <u32>ZEROS;
    const after = octets < 3 ? DOT_LESS_ZERO : SPACE_LESS_ZERO;
    let octet = bytes & 0xff;
    if (octet > 9) return 0;
    const second = (bytes >> 8) & 0xff;
    at += 2;
    if (second !== after) {
      if (second > 9 || octet === 0) return 0;
      octet = octet * 10 + second;
      const third = (bytes >> 16) & 0xff;
      at += 1;
      if (third !== after) {
        octet = octet * 10 + third;
        if (third > 9 || octet > 255 || bytes >> 24 !== after) return 0;
        at += 1;
      }
    }
    address = (address << 8) | octet;
  }
  store<u32>(place, address);
  return at;
}

/** 1 to 7 digits, at most 65535, and the byte `after`. */
export function putShort(at: i32, after: i32, place: i32): i32 {
  const bytes = load<u64>(at) ^ ZEROS;
  // The bits before that of the first byte that is no digit: seven, and eight for each digit.
  const bits: i32 = <i32>ctz(notDigits(bytes));
  if (bits < 8 || bits > 63) return 0;
  const behind = (bits - 7) >> 3;
  const number = ofDigits(bytes << (71 - bits));
  if (number > 0xffff || load<u8>(at + behind) !== after) return 0;
  store<u16>(place, <u16>number);
  return at + behind + 1;
}

/** 1 to 10 digits, at most 4294967295, and the byte `after`. */
export function putLong(start: i32, after: i32, place: i32): i32 {
  let at = start;
  const bytes = load<u64>(at) ^ ZEROS;
  const bits: i32 = <i32>ctz(notDigits(bytes));
  let number: u64;
  if (bits < 64) {
    if (bits < 8) return 0;
    number = ofDigits(bytes << (71 - bits));
    at += (bits - 7) >> 3;
  } else {
    number = ofDigits(bytes);
    at += 8;
    for (let more = 0; more < 2; more += 1) {
      const digit: u32 = load<u8>(at) - ZERO;
      if (digit > 9) break;
      number = number * 10 + digit;
      at += 1;
    }
  }
  if (number > 0xffffffff || load<u8>(at) !== after) return 0;
  store<u32>(place, <u32>number);
  return at + 1;
}

/** Six digits 0 or 1, the first the highest bit, and a space. */
export function putFlags(at: i32, place: i32): bool {
  const bytes = load<u64>(at);
  if ((bytes & 0x00fffefefefefefe) !== 0x0020303030303030) return false;
  store<u8>(place, <u8>(((bytes & 1) << 5) | ((bytes >> 4) & 16) | ((bytes >> 13) & 8) | ((bytes >> 22) & 4) | ((bytes >> 31) & 2) | ((bytes >> 40) & 1)));
  return true;
}
