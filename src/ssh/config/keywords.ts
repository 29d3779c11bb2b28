// The keywords of ssh_config(5), those of OpenSSH 10 included: how each one's value is checked, and what becomes of it.
// Keywords that only concern what this program does not do (forwarding, terminals, multiplexing …) are known, and passed over.

export type ValueKind =
  | 'flag' // yes or no
  | 'yes-no-ask'
  | 'checking' // StrictHostKeyChecking
  | 'pubkey' // yes, no, unbound, host-bound
  | 'family' // any, inet, inet6
  | 'canonicalize' // yes, no, always
  | 'time' // seconds, 5m, none
  | 'integer'
  | 'port'
  | 'text' // one word
  | 'files' // several words, or none
  | 'list' // the word of an earlier line does not displace this one: IdentityFile
  | 'algorithms'
  | 'command' // the rest of the line
  | 'jump'
  | 'agent'
  | 'block' // Host, Match, Include
  | 'ignored';

const KINDS: Readonly<Record<ValueKind, string>> = {
  block: 'Host Match Include',
  flag: 'BatchMode CheckHostIP Compression HashKnownHosts IdentitiesOnly KbdInteractiveAuthentication NoHostAuthenticationForLocalhost PasswordAuthentication HostbasedAuthentication GSSAPIAuthentication TCPKeepAlive',
  'yes-no-ask': 'VerifyHostKeyDNS UpdateHostKeys',
  checking: 'StrictHostKeyChecking',
  pubkey: 'PubkeyAuthentication',
  family: 'AddressFamily',
  canonicalize: 'CanonicalizeHostname',
  time: 'ConnectTimeout ServerAliveInterval',
  integer: 'ConnectionAttempts NumberOfPasswordPrompts ServerAliveCountMax RequiredRSASize CanonicalizeMaxDots',
  port: 'Port',
  text: 'BindAddress BindInterface HostKeyAlias Hostname IgnoreUnknown LogLevel PKCS11Provider PreferredAuthentications RevokedHostKeys SecurityKeyProvider Tag User',
  files: 'GlobalKnownHostsFile UserKnownHostsFile CanonicalDomains',
  list: 'CertificateFile IdentityFile',
  algorithms: 'Ciphers KexAlgorithms MACs HostKeyAlgorithms PubkeyAcceptedAlgorithms CASignatureAlgorithms',
  command: 'KnownHostsCommand ProxyCommand',
  jump: 'ProxyJump',
  agent: 'IdentityAgent',
  ignored:
    'AddKeysToAgent CanonicalizeFallbackLocal CanonicalizePermittedCNAMEs ChannelTimeout ClearAllForwardings ControlMaster ControlPath ControlPersist DynamicForward EnableEscapeCommandline ' +
    'EnableSSHKeysign EscapeChar ExitOnForwardFailure FingerprintHash ForkAfterAuthentication ForwardAgent ForwardX11 ForwardX11Timeout ForwardX11Trusted GatewayPorts GSSAPIDelegateCredentials ' +
    'HostbasedAcceptedAlgorithms HostbasedKeyTypes IPQoS KbdInteractiveDevices LocalCommand LocalForward LogVerbose ObscureKeystrokeTiming PermitLocalCommand PermitRemoteOpen ProxyUseFdpass RefuseConnection ' +
    'RekeyLimit RemoteCommand RemoteForward RequestTTY SendEnv SessionType SetEnv StdinNull StreamLocalBindMask StreamLocalBindUnlink SyslogFacility Tunnel TunnelDevice VersionAddendum VisualHostKey ' +
    'WarnWeakCrypto XAuthLocation Protocol Cipher FallBackToRsh GlobalKnownHostsFile2 RhostsAuthentication UserKnownHostsFile2 UseRoaming UseRsh UsePrivilegedPort AFSTokenPassing KerberosAuthentication ' +
    'KerberosTGTPassing RSAAuthentication RhostsRSAAuthentication CompressionLevel GSSAPIKeyExchange GSSAPITrustDNS GSSAPIRenewalForcesRekey GSSAPIServerIdentity GSSAPIClientIdentity GSSAPIKexAlgorithms ' +
    'ProtocolKeepAlives SetupTimeOut',
};

/** Other names for the same thing (readconf.c). */
const ALIASES: Readonly<Record<string, string>> = {
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
  dsaauthentication: 'pubkeyauthentication',
  identityfile2: 'identityfile',
  keepalive: 'tcpkeepalive',
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
  smartcarddevice: 'pkcs11provider',
};

const TABLE = new Map(Object.entries(KINDS).flatMap(([kind, names]) => names.toLowerCase().split(' ').map((name) => [name, kind as ValueKind] as const)));

/** @param keyword lower case. @returns the name under which its value is kept, and its kind; undefined when nobody knows it */
export function lookUpKeyword(keyword: string): { readonly name: string; readonly kind: ValueKind } | undefined {
  const name = ALIASES[keyword] ?? keyword;
  const kind = TABLE.get(name);
  return kind === undefined ? undefined : { name, kind };
}
