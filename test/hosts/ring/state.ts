// What comes in: a host after a playbook. What goes out: every path that differs from the root it began as, and what it is now: kind, mode, owner,
// content. Two hosts are in the same state when these agree. What no playbook means to say is left out: caches, logs, times, process numbers.
import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ring, RingHost } from './host.js';

/** What a path is, in words; a path that is not here is as it was. */
export type State = Readonly<Record<string, string>>;

const LEFT_OUT = [
  /^ring(\/|$)/, /^proc\//, /^dev(\/|$)/, /^run(\/|$)/, /^sys(\/|$)/, /^tmp(\/|$)/, /^var\/tmp(\/|$)/, /^(root|home\/[^/]+)\/\.ansible(\/|$)/, /__pycache__/, /\.pyc$/, /^root\/\.gnupg(\/|$)/,
  /^var\/log\/(apt\/.*|dpkg\.log|alternatives\.log|wtmp|wtmp\.db|btmp|lastlog|faillog)$/, /^var\/cache\/(apt|ldconfig|debconf)\/.*/, /^var\/lib\/apt\/lists\/(lock|partial|auxfiles)/,
  // The archive that the root was made from: its address is the machine's own. Those of the root itself are folders (`_srv_…`).
  /^etc\/apt\/sources\.list\.d\/0000[^/]*\.list$/, /^var\/lib\/apt\/lists\/[^_/][^/]*_(InRelease|Release|Packages|Translation)/, /^var\/lib\/apt\/periodic/,
  /^var\/lib\/dpkg\/(lock|lock-frontend|triggers\/Lock|status-old|available-old|updates\/.*|diversions-old|statoverride-old)$/, /^var\/lib\/apt\/extended_states.*lock$/, /^etc\/\.pwd\.lock$/, /^etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/,
  /^var\/cache\/debconf\/.*-old$/, /^etc\/machine-id$/, /^var\/log\/journal(\/|$)/, /^var\/lib\/systemd\/(timers|random-seed|catalog|linger)/, /^etc\/ld\.so\.cache$/,
];

/** Python walks its own host: paths of any kind, in one go. */
const WALK = `
import hashlib, json, os, stat, sys
out = {}
def tell(path):
    s = os.lstat(path)
    who = '%d:%d %04o' % (s.st_uid, s.st_gid, stat.S_IMODE(s.st_mode))
    if stat.S_ISLNK(s.st_mode): return 'link to ' + os.readlink(path) + ' %d:%d' % (s.st_uid, s.st_gid)
    if stat.S_ISDIR(s.st_mode): return 'folder ' + who
    if not stat.S_ISREG(s.st_mode): return 'special %o ' % stat.S_IFMT(s.st_mode) + who
    data = open(path, 'rb').read()
    text = None
    if len(data) < 2000000:
        try: text = data.decode()
        except UnicodeDecodeError: pass
    return 'file ' + who + ' ' + (json.dumps(text) if text is not None else hashlib.sha256(data).hexdigest())
`;

/** Up to here a text is told whole; of longer ones, what differs from the root. */
const WHOLE_CHARS = 3000;

/** Of all hosts of a case; where there are several, each path with its host's name before it. @param http the server's address, for which a name stands */
export async function statesOf(ring: Ring, hosts: ReadonlyMap<string, RingHost>, http: string): Promise<State> {
  const states: Record<string, string> = {};
  for (const [name, host] of hosts) for (const [path, text] of Object.entries(await stateOf(ring, host))) states[hosts.size === 1 ? path : `${name}:${path}`] = text.replaceAll(http, 'http://ring');
  return states;
}

/** The host's changed paths are those of the overlay's upper folder, seen from outside; each is then told as it is seen inside. */
export async function stateOf(ring: Ring, host: RingHost): Promise<State> {
  const listed = await ring.run(['find', `${host.folder}/upper`, '-mindepth', '1', '-printf', '%P\\0']);
  const paths = listed.stdout.split('\0').filter((path) => path !== '' && !LEFT_OUT.some((pattern) => pattern.test(path)));
  const told = await tell(ring, host, paths);
  // A folder is there too when only something below it has changed.
  const isAsBefore = async (path: string, text: string) => {
    if (!text.startsWith('folder ')) return false;
    const before = await lstat(join(ring.root, path)).catch(() => undefined);
    return before?.isDirectory() === true && text === `folder ${before.uid}:${before.gid} ${(before.mode & 0o7777).toString(8).padStart(4, '0')}`;
  };
  const changed = await Promise.all(Object.entries(told).map(async ([path, text]) => ((await isAsBefore(path, text)) ? [] : [[path, text] as const])));
  return Object.fromEntries(changed.flat());
}

/** Paths as they are on a host: also for those that only the other engine has changed. */
export async function tell(ring: Ring, host: RingHost, paths: readonly string[]): Promise<State> {
  const program = `${WALK}
for p in json.load(sys.stdin):
    try: out[p] = tell('/' + p)
    except FileNotFoundError: out[p] = 'nothing'
    except NotADirectoryError: out[p] = 'nothing'
print(json.dumps(out))`;
  const { status, stdout, stderr } = await host.run(['python3', '-c', program], { input: JSON.stringify(paths) });
  if (status !== 0) throw new Error(`the state of ${host.name} could not be read: ${stderr}`);
  const told = await Promise.all(Object.entries(JSON.parse(stdout) as Record<string, string>).map(async ([path, text]) => [path, text.length > WHOLE_CHARS ? await shortened(join(ring.root, path), text) : text] as const));
  return normal(Object.fromEntries(told));
}

/** So that a newer release of Debian's packages changes nothing here. */
async function shortened(original: string, told: string): Promise<string> {
  const [, words = '', text] = /^(file \S+ \S+ )(".*)$/s.exec(told) ?? [];
  if (text === undefined) return told.length > WHOLE_CHARS ? digest(told) : told;
  const before = await readFile(original, 'utf8').catch(() => undefined);
  if (before === undefined) return `${words}${digest(text)}`;
  const left = new Map<string, number>();
  for (const line of before.split('\n')) left.set(line, (left.get(line) ?? 0) + 1);
  const added: string[] = [];
  for (const line of (JSON.parse(text) as string).split('\n')) {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    else added.push(line);
  }
  const removed = [...left].flatMap(([line, count]) => Array.from({ length: count }, () => line));
  return `${words}${JSON.stringify({ added, removed })}`;
}

/** Days of passwords are those of the run. Names of backups hold a process number and a time; so does what crontab writes above a table. The root's own archives are packed with its birth's times. */
export function normal(state: Readonly<Record<string, string>>): State {
  return Object.fromEntries(
    Object.entries(state)
      .map(([path, text]) => [path.replace(/\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/, '.BACKUP~'), text.replace(/# \(\/tmp\/\S+ installed on [^)]*\)/, '# (installed)').replaceAll(/ [0-9a-f]{64} \d+ Packages/g, ' (sum) Packages').replaceAll(/([\w-]+:[^:\s]*:)2\d{4}(?=:\d*:\d*:)/g, '$1(day)')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
