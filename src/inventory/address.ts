// What comes in: a word that may name one machine: a host name, an IPv4 or IPv6 address, with ranges in it, perhaps with a port.
// What goes out: its name and port, if Ansible takes it for one (parsing/utils/addresses.py, parse_address with ranges allowed).
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
const BRACKETED_PORT = /^\[(.+)\]:([0-9]+)$/;
const NAME_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/;

export interface Address {
  /** Ranges in it are not expanded. */
  readonly name: string;
  /** undefined when none is written. */
  readonly port: number | undefined;
}

/** `web1`, `web[1:3]:22`, `10.0.0.1`, `fe80::1`, `[fe80::1]:22`. @returns undefined when it is no such thing */
export function parseAddress(word: string): Address | undefined {
  let name = word;
  let port: number | undefined;
  for (const form of [BRACKETED_PORT, NAME_PORT]) {
    const [, inner, digits] = form.exec(name) ?? [];
    if (inner === undefined) continue;
    name = inner;
    port = Number(digits);
  }
  return name !== '' && (IPV4.test(name) || IPV6.test(name) || HOSTNAME.test(name)) ? { name, port } : undefined;
}
