// What comes in: a DialTarget. What goes out: words for the system's ssh that say the same. Pure.
// Guaranteed: no secret among them; what would open more than a connection (forwards, agent, commands, terminals) is off.
import { keepaliveOptions } from './keepalive.js';
import type { DialTarget } from './target.js';

/** For a connection that others share, kept in the foreground. @param controlPath a socket in a private folder */
export function masterWords(target: DialTarget, controlPath: string, answersQuestions: boolean, proxyCommand: string | undefined): string[] {
  return [
    '-M', '-N', '-S', controlPath, ...options({
      ControlPersist: 'no', BatchMode: answersQuestions ? 'no' : 'yes', NumberOfPasswordPrompts: String(Math.min(1, target.login.passwordPrompts)), ConnectionAttempts: '1', LogLevel: 'ERROR', RequestTTY: 'no',
      ...keepaliveOptions(target), TCPKeepAlive: 'yes', ConnectTimeout: String(Math.ceil(target.connectTimeoutMs / 1000)),
      ClearAllForwardings: 'yes', ForwardAgent: 'no', ForwardX11: 'no', UpdateHostKeys: 'no', VisualHostKey: 'no', EscapeChar: 'none', RemoteCommand: 'none', ForkAfterAuthentication: 'no', Tunnel: 'no',
      // Told on its standard output when the login is done and the socket is there.
      PermitLocalCommand: 'yes', LocalCommand: `echo ${READY}`,
    }),
    ...targetWords(target, proxyCommand), '--', target.systemSshHost,
  ];
}

export const READY = 'fleet-tap-ready';

/** For a channel on it. It must never connect by itself where the master does not take it: so its way to a server leads nowhere. */
export function channelWords(controlPath: string, host: string): string[] {
  return ['-F', 'none', '-S', controlPath, ...options({ ControlMaster: 'no', ProxyCommand: 'false', BatchMode: 'yes', LogLevel: 'ERROR', ForwardAgent: 'no' }), '-T', '--', host];
}

/** A stream to a port, through it. */
export function forwardWords(controlPath: string, host: string, address: string, port: string): string[] {
  const words = channelWords(controlPath, host);
  return ['-W', address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`, ...words];
}

function targetWords(target: DialTarget, proxyCommand: string | undefined): string[] {
  const { login, hostKey, algorithms } = target;
  const methods = (login.preferred ?? ['gssapi-with-mic', 'hostbased', 'publickey', 'keyboard-interactive', 'password']).filter(
    (method) => login.password !== undefined || (method !== 'password' && method !== 'keyboard-interactive'),
  );
  const list = (names: readonly string[] | undefined) => (names === undefined ? undefined : names.join(','));
  return [
    ...options({
      HostName: target.hostName, Port: String(target.port), User: target.user,
      AddressFamily: target.addressFamily === 'any' ? undefined : target.addressFamily, BindAddress: target.bindAddress,
      ProxyCommand: proxyCommand ?? target.proxyCommand?.replaceAll('%', '%%'),
      IdentitiesOnly: login.identitiesOnly ? 'yes' : undefined, IdentityAgent: login.agentSocket === undefined ? 'none' : quoted(login.agentSocket),
      PubkeyAuthentication: login.publicKey ? undefined : 'no', PasswordAuthentication: login.passwordMethod ? undefined : 'no', KbdInteractiveAuthentication: login.keyboardInteractive ? undefined : 'no',
      PreferredAuthentications: methods.join(','), PubkeyAcceptedAlgorithms: list(login.publicKeyAlgorithms),
      StrictHostKeyChecking: hostKey.checking, HostKeyAlias: hostKey.alias,
      UserKnownHostsFile: hostKey.userFiles.length === 0 ? 'none' : hostKey.userFiles.map(quoted).join(' '), GlobalKnownHostsFile: hostKey.globalFiles.length === 0 ? 'none' : hostKey.globalFiles.map(quoted).join(' '),
      KexAlgorithms: list(algorithms.kex), Ciphers: list(algorithms.ciphers), MACs: list(algorithms.macs), HostKeyAlgorithms: list(algorithms.hostKey),
    }),
    ...login.identityFiles.filter(({ named }) => named).flatMap(({ path }) => ['-o', `IdentityFile=${quoted(path)}`]),
    ...login.certificateFiles.flatMap((path) => ['-o', `CertificateFile=${quoted(path)}`]),
    ...target.systemSshWords,
  ];
}

function options(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : ['-o', `${name}=${value}`]));
}

/** As ssh_config(5) reads a value with spaces; a percent sign would be a token. */
function quoted(path: string): string {
  const escaped = path.replaceAll('%', '%%');
  return /[\s"\\]/.test(escaped) ? `"${escaped.replace(/["\\]/g, '\\$&')}"` : escaped;
}
