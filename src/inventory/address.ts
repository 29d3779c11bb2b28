// What comes in: a word that may name one machine: a host name, an IPv4 or IPv6 address, with ranges in it, perhaps with a port.
// What goes out: whether Ansible takes it for one (parsing/utils/addresses.py, parse_address with ranges allowed).
// Guaranteed: its patterns, quirks included: in an IPv6 address most forms need only stand at the beginning, so `db::web` counts as an address.
// Not here: expanding the ranges (host-range.ts).

const NUMERIC = String.raw`\[[0-9]+:[0-9]+(?::[0-9]+)?\]`;
const HEXADECIMAL = String.raw`\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\]`;
const ALPHANUMERIC = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const OCTET = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${NUMERIC})`;
const GROUP = `(?:[0-9a-f]{1,4}|${HEXADECIMAL})`;
const LABEL = String.raw`(?:[\p{L}\p{N}_]|${ALPHANUMERIC})(?:[\p{L}\p{N}_-]|${ALPHANUMERIC})*(?<![_-])`;

const IPV4 = new RegExp(String.raw`^(?:${OCTET}\.){3}${OCTET}$`, 'iu');
const IPV6 = new RegExp(
  `^(?:${[
    `(?:${GROUP}:){7}${GROUP}`,
    `(?:${GROUP}:){1,6}:`,
    `${GROUP}:(?::${GROUP}){1,6}`,
    ...[2, 3, 4, 5].map((before) => `(?:${GROUP}:){${before}}(?::${GROUP}){1,${7 - before}}`),
    `(?:${GROUP}:){6}:${GROUP}`,
    `:(?::${GROUP}){1,6}`,
    `${GROUP}?::`,
    String.raw`(?:0:){6}(?:${GROUP}\.){3}${GROUP}`,
    String.raw`::(?:ffff:)?(?:${GROUP}\.){3}${GROUP}`,
    String.raw`(?:0:){5}ffff:(?:${GROUP}\.){3}${GROUP}$`,
  ].join('|')})`,
  'iu',
);
const HOSTNAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, 'iu');
const BRACKETED_PORT = /^\[(.+)\]:[0-9]+$/;
const NAME_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):[0-9]+$/;

/** `web1`, `web[1:3]:22`, `10.0.0.1`, `fe80::1`, `[fe80::1]:22`. */
export function isAddress(word: string): boolean {
  const inner = BRACKETED_PORT.exec(word)?.[1] ?? word;
  const name = NAME_PORT.exec(inner)?.[1] ?? inner;
  return IPV4.test(name) || IPV6.test(name) || HOSTNAME.test(name);
}
