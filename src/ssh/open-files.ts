// How many files this program may have open: each host takes one, through the system's ssh several.
import { readFileSync } from 'node:fs';

export interface OpenFileLimits {
  readonly soft: string;
  readonly hard: string;
}

/** Read before they are used up: afterwards nothing can be read. @returns undefined where the system does not say (no /proc) */
export function openFileLimits(): OpenFileLimits | undefined {
  try {
    const match = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match?.[1] === undefined || match[2] === undefined ? undefined : { soft: match[1], hard: match[2] };
  } catch {
    return undefined;
  }
}

/** What helps: the soft limit up to the hard one, the hard one by an administrator; or fewer hosts. */
export function tooManyOpenFiles(limits: OpenFileLimits | undefined): { sentence: string; hint: string } {
  const fewer = 'or take fewer hosts at once: --limit';
  if (limits === undefined) return { sentence: 'too many open files', hint: `raise the limit (ulimit -n 4096), ${fewer}` };
  const canRaise = limits.hard === 'unlimited' || Number(limits.hard) > Number(limits.soft);
  const raise = canRaise ? `ulimit -n ${limits.hard === 'unlimited' ? '65536' : limits.hard}` : 'as root: ulimit -Hn 65536; ulimit -n 65536 (for good: LimitNOFILE, or nofile in /etc/security/limits.conf)';
  return { sentence: `too many open files: the soft limit is ${limits.soft}, the hard limit ${limits.hard}`, hint: `${raise}, ${fewer}` };
}
