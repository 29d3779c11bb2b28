// known_hosts files, and a host that is asked for. <ed25519>, <ecdsa> and <rsa> are the server's keys, <other>, <another> (ed25519) and <otherRsa> are not;
// <hash NAME> is a hashed name.

export interface KnownHostsCase {
  readonly host: string;
  /** undefined: 22 */
  readonly port?: number;
  /** The user's file; null: there is none. */
  readonly user?: string | null;
  /** A second file of the user. */
  readonly second?: string;
  readonly global?: string;
  readonly revoked?: string;
  /** `-o`; @REVOKED@ and @USER@ are paths. */
  readonly options?: readonly string[];
  /** Default: a server that has all three keys. */
  readonly server?: 'withoutEd25519';
}

const REVOKED = ['RevokedHostKeys=@REVOKED@'];

export const KNOWN_HOSTS: Readonly<Record<string, KnownHostsCase>> = {
  'no file': { host: 'web1', user: null },
  'an empty file': { host: 'web1' },
  'comments only': { host: 'web1', user: '# web1 <ed25519>\n\n   \n' },
  'the key': { host: 'web1', user: 'web1 <ed25519>\n' },
  'the key with a comment': { host: 'web1', user: 'web1 <ed25519> root@web1\n' },
  'another key': { host: 'web1', user: 'web1 <other>\n' },
  'both keys': { host: 'web1', user: 'web1 <other>\nweb1 <ed25519>\n' },
  'a key of another type': { host: 'web1', user: 'web1 <rsa>\n' },
  'a wrong key of another type': { host: 'web1', user: 'web1 <otherRsa>\n' },
  'a wrong key and a right one of another type': { host: 'web1', user: 'web1 <other>\nweb1 <ecdsa>\n' },
  'all keys': { host: 'web1', user: 'web1 <ed25519>\nweb1 <ecdsa>\nweb1 <rsa>\n' },
  'a type that the server has lost': { host: 'web1', user: 'web1 <ed25519>\n', server: 'withoutEd25519' },
  'the type that is left': { host: 'web1', user: 'web1 <rsa>\n', server: 'withoutEd25519' },
  'a lost type and one that is left': { host: 'web1', user: 'web1 <ed25519>\nweb1 <rsa>\n', server: 'withoutEd25519' },
  'unknown, without the usual type': { host: 'web1', server: 'withoutEd25519' },
  'upper case in the file': { host: 'web1', user: 'WEB1 <ed25519>\n' },
  'upper case in the name': { host: 'WEB1', user: 'web1 <ed25519>\n' },
  'upper case, unknown': { host: 'WEB1.Example.org' },
  'names in a list': { host: 'web1', user: 'db1,web1,10.0.0.1 <ed25519>\n' },
  'not in the list': { host: 'web2', user: 'db1,web1 <ed25519>\n' },
  'a wildcard': { host: 'web1.example.org', user: '*.example.org <ed25519>\n' },
  'a wildcard with another key': { host: 'web1.example.org', user: '*.example.org <other>\n' },
  'a question mark': { host: 'web1', user: 'web? <ed25519>\n' },
  'negated': { host: 'bad.example.org', user: '*.example.org,!bad.example.org <ed25519>\n' },
  'negated first': { host: 'bad.example.org', user: '!bad.example.org,*.example.org <other>\n' },
  'only negated': { host: 'web1', user: '!db1 <ed25519>\n' },
  'hashed': { host: 'web1', user: '<hash web1> <ed25519>\n' },
  'hashed, another key': { host: 'web1', user: '<hash web1> <other>\n' },
  'hashed, another name': { host: 'web2', user: '<hash web1> <ed25519>\n' },
  'hashed, upper case': { host: 'WEB1', user: '<hash web1> <ed25519>\n' },
  'hashed with a broken salt': { host: 'web1', user: '|1|AAAA|BBBB <ed25519>\n' },
  'a port': { host: 'web1', port: 2222, user: '[web1]:2222 <ed25519>\n' },
  'a port with another key': { host: 'web1', port: 2222, user: '[web1]:2222 <other>\n' },
  'another port': { host: 'web1', port: 2222, user: '[web1]:2223 <ed25519>\n' },
  'a port, known by the bare name': { host: 'web1', port: 2222, user: 'web1 <ed25519>\n' },
  'a port, another key under the bare name': { host: 'web1', port: 2222, user: 'web1 <other>\n' },
  'a port with another key, right under the bare name': { host: 'web1', port: 2222, user: '[web1]:2222 <other>\nweb1 <ed25519>\n' },
  'a port, revoked under the bare name': { host: 'web1', port: 2222, user: '@revoked web1 <ed25519>\n' },
  'a port in a wildcard': { host: 'web1', port: 2222, user: '[*]:2222 <ed25519>\n' },
  'a star does not need brackets': { host: 'web1', port: 2222, user: '* <ed25519>\n' },
  'a hashed port': { host: 'web1', port: 2222, user: '<hash [web1]:2222> <ed25519>\n' },
  'port 22 in brackets': { host: 'web1', user: '[web1]:22 <ed25519>\n' },
  'an IPv6 address': { host: '2001:db8::1', user: '2001:db8::1 <ed25519>\n' },
  'an IPv6 address with a port': { host: '2001:db8::1', port: 2222, user: '[2001:db8::1]:2222 <ed25519>\n' },
  'an unknown IPv6 address': { host: '2001:db8::1', port: 2222 },
  'an IPv6 address written otherwise': { host: '2001:DB8:0::1', user: '2001:db8::1 <ed25519>\n' },
  'an alias': { host: 'web1', port: 2222, user: 'farm <ed25519>\n', options: ['HostKeyAlias=farm'] },
  'an alias in upper case': { host: 'web1', user: 'farm <ed25519>\n', options: ['HostKeyAlias=FARM'] },
  'an unknown alias': { host: 'web1', port: 2222, user: 'web1 <ed25519>\n', options: ['HostKeyAlias=farm'] },
  'HostName is what counts': { host: 'short', user: 'real.example.org <ed25519>\n', options: ['HostName=real.example.org'] },
  'HostName is written down': { host: 'short', options: ['HostName=Real.example.org'] },
  'revoked': { host: 'web1', user: '@revoked web1 <ed25519>\n' },
  'revoked, and known': { host: 'web1', user: 'web1 <ed25519>\n@revoked * <ed25519>\n' },
  'another key is revoked': { host: 'web1', user: 'web1 <ed25519>\n@revoked * <other>\n' },
  'revoked for another host': { host: 'web1', user: '@revoked db1 <ed25519>\n' },
  'revoked by the system': { host: 'web1', user: 'web1 <ed25519>\n', global: '@revoked * <ed25519>\n' },
  'a certificate authority': { host: 'web1', user: '@cert-authority web1 <other>\n' },
  'a certificate authority, and known': { host: 'web1', user: '@cert-authority * <other>\nweb1 <ed25519>\n' },
  'the key as a certificate authority': { host: 'web1', user: '@cert-authority web1 <ed25519>\n' },
  'an unknown marker': { host: 'web1', user: '@trusted web1 <ed25519>\n' },
  'two markers': { host: 'web1', user: '@revoked @cert-authority web1 <ed25519>\n' },
  'known to the system': { host: 'web1', global: 'web1 <ed25519>\n' },
  'another key in the system\'s file': { host: 'web1', global: 'web1 <other>\n' },
  'right in the user\'s file, another in the system\'s': { host: 'web1', user: 'web1 <ed25519>\n', global: 'web1 <other>\n' },
  'in the second file': { host: 'web1', second: 'web1 <ed25519>\n' },
  'another key in the second file': { host: 'web1', second: 'web1 <other>\n' },
  'hashed when written': { host: 'web1', options: ['HashKnownHosts=yes'] },
  'hashed when written, with a port': { host: 'Web1', port: 2222, user: 'db1 <other>\n', options: ['HashKnownHosts=yes'] },
  'no file at all': { host: 'web1', options: ['UserKnownHostsFile=none'] },
  'no file at all, known to the system': { host: 'web1', global: 'web1 <ed25519>\n', options: ['UserKnownHostsFile=none'] },
  'a file that forgets': { host: 'web1', options: ['UserKnownHostsFile=/dev/null'] },
  'no system file': { host: 'web1', global: 'web1 <other>\n', options: ['GlobalKnownHostsFile=none'] },
  'a folder that is not there': { host: 'web1', options: ['UserKnownHostsFile=/dev/null/none'] },
  'RevokedHostKeys': { host: 'web1', user: 'web1 <ed25519>\n', revoked: '# gone\n<other>\n<ed25519>\n', options: REVOKED },
  'RevokedHostKeys of others': { host: 'web1', user: 'web1 <ed25519>\n', revoked: '<other>\n<another>\n', options: REVOKED },
  'RevokedHostKeys that is missing': { host: 'web1', user: 'web1 <ed25519>\n', options: ['RevokedHostKeys=/nonexistent/revoked'] },
  'a key that is cut off': { host: 'web1', user: 'web1 ssh-ed25519 AAAAC3NzaC1lZDI1\n' },
  'a line without a key': { host: 'web1', user: 'web1\nweb1 ssh-ed25519\nweb1 <ed25519>\n' },
  'tabs and spaces': { host: 'web1', user: '\t web1\t <ed25519>  \t comment\n' },
  'carriage returns': { host: 'web1', user: 'web1 <ed25519>\r\n' },
  'an old key of SSH 1': { host: 'web1', user: 'web1 1024 65537 1234567890\n' },
  'a trailing comma': { host: 'web1', user: 'web1, <ed25519>\n' },
  'HostKeyAlgorithms names another type': { host: 'web1', user: 'web1 <ed25519>\n', options: ['HostKeyAlgorithms=rsa-sha2-512,ssh-ed25519'] },
  'HostKeyAlgorithms takes the known type away': { host: 'web1', user: 'web1 <ed25519>\n', options: ['HostKeyAlgorithms=-*ed25519*'] },
  'CheckHostIP says nothing through a command': { host: 'web1', user: 'web1 <ed25519>\n', options: ['CheckHostIP=yes'] },
  'localhost is not trusted through a command': { host: 'localhost', options: ['NoHostAuthenticationForLocalhost=yes'] },
};
