// What comes in: a host of the ring, a release, its kernel, an address of archives. What goes out: the host says that it is that Ubuntu, runs that
// kernel, and gets its packages from there; and the packages that it finds there, small, with the names, dependencies and scripts of the real ones.
import type { RingHost } from '../ring/host.js';
import { type Deb, makeDeb } from './debs.js';

export interface Release {
  readonly codename: string;
  readonly version: string;
  /** uname -r */
  readonly kernel: string;
  /** uname -v */
  readonly build: string;
  /** Of the kernel's packages. */
  readonly kernelVersion: string;
}

export const RELEASES = {
  focal: { codename: 'focal', version: '20.04', kernel: '5.4.0-216-generic', build: '#236-Ubuntu SMP Fri Apr 11 19:53:21 UTC 2025', kernelVersion: '5.4.0-216.236' },
  jammy: { codename: 'jammy', version: '22.04', kernel: '6.8.0-49-generic', build: '#49~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC Wed Nov 6 17:42:15 UTC 2', kernelVersion: '6.8.0-49.49~22.04.1' },
  noble: { codename: 'noble', version: '24.04', kernel: '6.8.0-1018-aws', build: '#19-Ubuntu SMP Mon Oct 7 18:14:20 UTC 2024', kernelVersion: '6.8.0-1018.19' },
  resolute: { codename: 'resolute', version: '26.04', kernel: '7.0.0-34-generic', build: '#34-Ubuntu SMP PREEMPT_DYNAMIC Tue Aug 4 10:00:00 UTC 2026', kernelVersion: '7.0.0-34.34' },
} as const satisfies Record<string, Release>;

export const DEBIANS = {
  bullseye: { codename: 'bullseye', version: '11', kernel: '5.10.0-35-cloud-amd64', build: '#1 SMP Debian 5.10.237-1 (2025-05-19)', kernelVersion: '5.10.237-1' },
  bookworm: { codename: 'bookworm', version: '12', kernel: '6.1.0-37-amd64', build: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)', kernelVersion: '6.1.140-1' },
  backports: { codename: 'bookworm', version: '12', kernel: '6.12.30+bpo-amd64', build: '#1 SMP PREEMPT_DYNAMIC Debian 6.12.30-1~bpo12+1 (2025-06-14)', kernelVersion: '6.12.30-1~bpo12+1' },
  trixie: { codename: 'trixie', version: '13', kernel: '6.12.41+deb13-rt-amd64', build: '#1 SMP PREEMPT_RT Debian 6.12.41-1 (2025-08-12)', kernelVersion: '6.12.41-1' },
  forky: { codename: 'forky', version: '', kernel: '7.2.12+deb14-amd64', build: '#1 SMP PREEMPT_DYNAMIC Debian 7.2.12-1 (2026-11-01)', kernelVersion: '7.2.12-1' },
} as const satisfies Record<string, Release>;

/** As becomeUbuntu; the archive is signed with what stands for Debian's key. */
export async function becomeDebian(host: RingHost, release: Release, url: string, key: Buffer): Promise<void> {
  await becomeUbuntu(host, release, url, key);
  const { codename, version } = release;
  const versioned = version === '' ? '' : `VERSION_ID="${version}"\nVERSION="${version} (${codename})"\n`;
  await put(host, '/etc/os-release', `PRETTY_NAME="Debian GNU/Linux ${version === '' ? `${codename}/sid` : version}"\nNAME="Debian GNU/Linux"\n${versioned}VERSION_CODENAME=${codename}\nID=debian\n`);
  await sh(host, 'cd /usr/share/keyrings && rm -f debian-archive-keyring.gpg && mv ubuntu-archive-keyring.gpg debian-archive-keyring.gpg; cd /etc/apt/sources.list.d && sed "s/ubuntu-archive/debian-archive/" ubuntu.sources > debian.sources && rm ubuntu.sources');
}

/** @param url of the archive of the release itself @param key its public key, as `gpg --export` writes it */
export async function becomeUbuntu(host: RingHost, release: Release, url: string, key: Buffer): Promise<void> {
  const { codename, version, kernel, build } = release;
  const osRelease = `PRETTY_NAME="Ubuntu ${version}"\nNAME="Ubuntu"\nVERSION_ID="${version}"\nVERSION="${version} (for tests)"\nVERSION_CODENAME=${codename}\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=${codename}\n`;
  const uname = `#!/bin/sh\ncase $1 in\n-r) echo '${kernel}' ;;\n-v) echo '${build}' ;;\n-snrvm) echo "Linux ring ${kernel} ${build} $(/bin/uname -m)" ;;\n*) exec /bin/uname "$@" ;;\nesac\n`;
  const source = `Types: deb\nURIs: ${url}\nSuites: ${codename}\nComponents: main universe\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n`;
  const settings = 'Acquire::Languages "none";\nAcquire::Retries "0";\nAcquire::http::Timeout "3";\n';
  await put(host, '/etc/os-release', osRelease);
  await put(host, '/usr/local/bin/uname', uname, '755');
  // The kernel is this machine's, and says so in /proc; where that gives no release, uname is asked (src/facts/answer.ts).
  await sh(host, 'mount --bind /dev/null /proc/sys/kernel/osrelease');
  // What it plays is a virtual machine; it is a container, and the real program says so.
  await put(host, '/usr/local/bin/systemd-detect-virt', '#!/bin/sh\ncase $1 in --container) echo none; exit 1 ;; *) echo kvm ;; esac\n', '755');
  await put(host, '/usr/share/keyrings/ubuntu-archive-keyring.gpg', key);
  await put(host, '/etc/apt/sources.list.d/ubuntu.sources', source);
  await put(host, '/etc/apt/apt.conf.d/90ring', settings);
  await sh(host, `rm -f /etc/apt/sources.list.d/*.list; rm -rf /var/lib/apt/lists/* /var/lib/apt/periodic; mkdir -p /lib/modules/${kernel}`);
}

/** @param mode octal */
export async function put(host: RingHost, path: string, content: string | Buffer, mode = '644'): Promise<void> {
  const input = Buffer.from(content).toString('base64');
  const { status, stderr } = await host.run(['sh', '-c', 'rm -f "$1"; base64 -d > "$1" && chmod "$2" "$1"', 'sh', path, mode], { input });
  if (status !== 0) throw new Error(`${path} could not be written: ${stderr}`);
}

/** @returns standard output. @throws Error with what it said, if it fails */
export async function sh(host: RingHost, script: string): Promise<string> {
  const { status, stdout, stderr } = await host.run(['sh', '-c', script]);
  if (status !== 0) throw new Error(`${script}: ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** What Ubuntu's own archive has for a release. */
export async function baseDebs({ kernel, kernelVersion }: Release): Promise<Deb[]> {
  return Promise.all([
    // As the real one's script makes them; they stay when it goes.
    makeDeb({ name: 'systemtap-runtime', version: '5.0-2', files: { 'usr/bin/staprun': '#!/bin/sh\n' }, postinst: 'for g in stapusr stapsys stapdev; do getent group "$g" >/dev/null || groupadd -r "$g"; done' }),
    makeDeb({ name: 'systemtap', version: '5.0-2', depends: 'systemtap-runtime (= 5.0-2), ftcommon', files: { 'usr/bin/stap': '#!/bin/sh\n' } }),
    makeDeb({ name: 'ftcommon', version: '1', files: { 'usr/share/ftcommon/data': 'x' } }),
    makeDeb({ name: 'gcc', version: '4:13.2', files: { 'usr/bin/gcc': '#!/bin/sh\n' } }),
    makeDeb({ name: 'make', version: '4.3', files: { 'usr/bin/make': '#!/bin/sh\n' } }),
    makeDeb({ name: `linux-headers-${kernel}`, version: kernelVersion, files: { [`usr/src/linux-headers-${kernel}/Makefile`]: 'all:\n', [`usr/src/linux-headers-${kernel}/.config`]: 'CONFIG_MODULES=y\n' } }),
  ]);
}

/** @param unsigned whose name the package has: a signed kernel's symbols are those of the unsigned one */
export function symbolsDeb({ kernel, kernelVersion }: Release, unsigned: boolean, version: string = kernelVersion): Promise<Deb> {
  return makeDeb({
    name: `linux-image-${unsigned ? 'unsigned-' : ''}${kernel}-dbgsym`,
    version,
    files: { [`usr/lib/debug/boot/vmlinux-${kernel}`]: `vmlinux ${version}`, [`usr/lib/debug/lib/modules/${kernel}/kernel/net/tcp.ko`]: 'kernel module' },
  });
}

/** Debian's name for them. */
export function debianSymbolsDeb({ kernel, kernelVersion }: Release, version: string = kernelVersion): Promise<Deb> {
  return makeDeb({
    name: `linux-image-${kernel}-dbg`,
    version,
    files: { [`usr/lib/debug/boot/vmlinux-${kernel}`]: `vmlinux ${version}`, [`usr/lib/debug/lib/modules/${kernel}/kernel/net/tcp.ko.debug`]: 'kernel module' },
  });
}

export function keyringDeb(name: string, key: Buffer): Promise<Deb> {
  return makeDeb({ name, version: '2023.11.28.1', files: { 'usr/share/keyrings/ubuntu-dbgsym-keyring.gpg': key } });
}
