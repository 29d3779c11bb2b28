// What comes in: what apt-get printed when it failed. What goes out: one sentence, the most specific cause first, and what to do.
// Pure. The texts are apt's own in the C locale (apt-pkg, apt-private, dpkg).
import { type HostText, lastLines, printable } from '../base/host-text.js';

export interface Explanation {
  readonly message: string;
  readonly hint?: string;
}

interface Cause {
  readonly pattern: RegExp;
  explain(match: RegExpExecArray): Explanation;
}

const causes: readonly Cause[] = [
  {
    pattern: /Could not open lock file \S+ - open \(13: Permission denied\)|are you root\?/,
    explain: () => ({ message: 'packages need root', hint: 'become: true' }),
  },
  {
    pattern: /No space left on device|You don't have enough free space in (\S+?)\.?$/m,
    explain: ([, path]) => ({ message: `there is no space left${path === undefined ? '' : ` in ${path}`}`, hint: 'free some: apt-get clean, old kernels, old logs; then run it again' }),
  },
  {
    pattern: /(?:Could not get lock (\S+?)\.?(?: |$).*?|Unable to acquire the dpkg frontend lock \((\S+)\).*?)(?:held by process (\d+)(?: \(([^)]*)\))?|$)/m,
    explain: ([, lock, frontend, pid, program]) => ({
      message: `another program${program === undefined ? '' : ` (${program}, process ${pid})`} holds apt's lock ${lock ?? frontend ?? ''}`.trimEnd(),
      hint: 'wait until it has finished and run this again, or raise lock_timeout',
    }),
  },
  {
    pattern: /dpkg was interrupted, you must manually run/,
    explain: () => ({ message: 'an earlier installation was interrupted halfway', hint: 'run `dpkg --configure -a` on the host, then this again' }),
  },
  {
    pattern: /E: Unable to locate package (\S+)|E: Couldn't find any package by (?:glob|regex) '([^']+)'/,
    explain: ([, name, glob]) => ({ message: `apt knows no package ${name ?? glob}`, hint: 'are the package lists fresh (update_cache), and does this release have it?' }),
  },
  {
    pattern: /E: (?:Package '?([^' ]+)'? has no installation candidate|Version '([^']+)' for '([^']+)' was not found)/,
    explain: ([, name, version, versioned]) => ({
      message: version === undefined ? `no archive that apt knows has the package ${name}` : `no archive that apt knows has ${versioned} in version ${version}`,
      hint: 'look at `apt-cache policy` for it on the host',
    }),
  },
  {
    pattern: /(?:Failed to fetch|Err:\d+) +(\S+)[^\n]*\n?[^\n]*\b(404|403|401) +(Not Found|Forbidden|Unauthorized)?/,
    explain: ([, url, status]) => ({
      message: `the archive answered ${status} for ${url}`,
      hint: status === '404' ? 'the package lists are older than the archive (update_cache), or the archive has dropped this release' : 'the archive wants a login, or a proxy is in between',
    }),
  },
  {
    pattern: /The repository '([^']+)' does not have a Release file/,
    explain: ([, repository]) => ({ message: `there is no archive at ${repository}`, hint: 'correct or remove it in /etc/apt/sources.list.d' }),
  },
  {
    // gpgv; sqv, apt 3's.
    pattern: /(?:EXPKEYSIG|KEYEXPIRED) ?([0-9A-F]{8,})?|Signing key on ([0-9A-F]+) is bad:[^\n]*Expired on/,
    explain: ([, gpgv, sqv]) => ({
      message: `the key of an archive has expired${gpgv === undefined && sqv === undefined ? '' : ` (${gpgv ?? sqv})`}`,
      hint: 'upgrade the keyring package of that archive: the key has been prolonged or replaced since',
    }),
  },
  {
    pattern: /sqv returned an error[^\n]*SHA1 is not considered secure/,
    explain: () => ({ message: 'the key of an archive is signed with SHA-1, which apt 3 takes no longer', hint: 'upgrade the keyring package of that archive; or allow SHA-1 for apt in /etc/crypto-policies/back-ends/apt-sequoia.config' }),
  },
  {
    pattern: /sqv returned an error[^\n]*Missing key ([0-9A-F]+)/,
    explain: ([, key]) => sentenceOfKey(key),
  },
  {
    pattern: /(?:The following signatures (?:couldn't be verified|were invalid)|Sub-process \S*sqv returned an error)(?:[^\n]*NO_PUBKEY ([0-9A-F]+))?|NO_PUBKEY ([0-9A-F]+)/,
    explain: ([, inLine, alone]) => sentenceOfKey(inLine ?? alone),
  },
  {
    pattern: /Release file for (\S+) is (not valid yet|expired)/,
    explain: ([, url, what]) => ({ message: `the package lists of ${url} are ${what}`, hint: "is the host's clock right?" }),
  },
  {
    pattern: /Temporary failure resolving '([^']+)'|Could not resolve '([^']+)'/,
    explain: ([, one, other]) => ({ message: `the host cannot find the address of the archive ${one ?? other}`, hint: 'look at DNS (/etc/resolv.conf) and the proxy of the host' }),
  },
  {
    // The first is said for a download that began and stopped; Acquire::http::Timeout (apt.conf(5)).
    pattern: /Failed to fetch +(\S+) +(?:Connection timed out|Data socket timed out|Connection failed|Error reading from server|Undetermined Error)/,
    explain: ([, url]) => ({ message: `a download stopped: ${url} sent nothing any more`, hint: 'run it again: apt goes on where it stopped; if it stays, look at the network and the proxy of the host, or use a mirror' }),
  },
  {
    pattern: /(?:Could not connect to|Unable to connect to|Cannot initiate the connection to) (\S+)/,
    explain: ([, address]) => ({ message: `the host cannot reach the archive ${address}`, hint: 'look at the network and the proxy of the host' }),
  },
  {
    pattern: /E: Sub-process \/usr\/bin\/dpkg returned an error code[^\n]*/,
    explain: () => ({ message: 'dpkg could not finish' }),
  },
  {
    pattern: /(?:The following packages have unmet dependencies|held broken packages)[^\n]*/,
    explain: () => ({ message: 'the packages cannot be installed together (unmet dependencies)', hint: 'run `apt-get install` by hand to see what holds them' }),
  },
];

function sentenceOfKey(key: string | undefined): Explanation {
  return { message: `the signature of an archive cannot be verified${key === undefined ? '' : ` (key ${key} is missing)`}`, hint: 'install the keyring package of that archive' };
}

/** @param step what was tried: `update`, `install`, `remove`, `look` */
export function explainApt(output: HostText, step: string, names: readonly string[]): Explanation {
  if (step === 'look') return { message: 'this host has no apt-get', hint: 'the module apt is for Debian and its relatives' };
  const doing = { update: 'the package lists could not be updated', upgrade: 'the packages could not be upgraded', clean: 'the cache could not be cleaned', autoremove: 'what is no longer needed could not be removed', autoclean: 'the cache could not be cleaned', remove: `could not remove ${names.join(', ')}` }[step] ?? `could not install ${names.join(', ')}`;
  for (const { pattern, explain } of causes) {
    const match = pattern.exec(output);
    if (match === null) continue;
    const { message, hint } = explain(match);
    return { message: printable(`${doing}: ${message}`).replaceAll('\n', ' '), ...(hint === undefined ? {} : { hint }) };
  }
  const errors = output.split('\n').filter((line) => line.startsWith('E: ')).join('\n');
  return { message: `${doing}; apt said: ${lastLines(errors === '' ? output : errors, 3)}` };
}
