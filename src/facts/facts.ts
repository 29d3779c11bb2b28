// All that fleet-tap knows of a host before it touches anything: asked in one round trip, in POSIX sh, without Python or lsb_release.
// null means "asked, and not there"; every string is the host's and is only data.
import type { HostText } from '../base/host-text.js';
import type { FactsAnswer } from './host-files.js';

export interface Facts {
  /** os-release ID, lower case: `debian`, `ubuntu`. */
  readonly distributionId: HostText;
  /** Ansible's name: `Debian`, `Ubuntu`, …; os-release's NAME for those that Ansible has no name for. */
  readonly distribution: HostText;
  /** `13`, `24.04`; `forky/sid` style versions come out as `n/a`. */
  readonly distributionVersion: HostText;
  /** The distribution's own: `trixie`, `noble`; Mint's `virginia`. */
  readonly codename: HostText;
  /** `Debian` or `Ubuntu`: the distribution itself, or the one that it is made from; empty when that is not known. */
  readonly baseDistribution: HostText;
  /** The base's: `jammy` for Mint's `virginia`. An archive's address is made of this one. `testing` for Kali; empty when it is not known. */
  readonly baseCodename: HostText;
  /** `Debian` for both families of apt. */
  readonly osFamily: HostText;
  /** uname -r */
  readonly kernelRelease: HostText;
  /** uname -v: tells two builds of one release apart. */
  readonly kernelBuild: HostText;
  /** uname -m */
  readonly architecture: HostText;
  /** dpkg --print-architecture, for example `amd64`. */
  readonly debArchitecture: HostText | null;
  readonly nodename: HostText;
  /** Version of stap (the compiler), for example `5.1`. */
  readonly stapVersion: HostText | null;
  /** Version of staprun (the loader). */
  readonly staprunVersion: HostText | null;
  /** /lib/modules/RELEASE/build has a Makefile or .config. */
  readonly hasHeaders: boolean;
  /** The first vmlinux with symbols of the running release that exists. */
  readonly symbolsPath: HostText | null;
  /** Kernel releases whose headers are installed here (RELEASE of each /lib/modules/RELEASE/build that is complete); sorted. For build hosts. */
  readonly headersFor: readonly HostText[];
  /** Kernel releases whose vmlinux with symbols is installed here; sorted. For build hosts. */
  readonly symbolsFor: readonly HostText[];
  /** Free bytes for the superuser's packages. Key: the directory asked about (`/`, `/usr`, `/var`, `/boot`, `/tmp`). */
  readonly freeBytes: Readonly<Record<string, number>>;
  /** `kvm`, `qemu`, `none`, `lxc`, `docker`, … as systemd-detect-virt says; `unknown` without it. */
  readonly virtualization: HostText;
  /** A kernel module loaded here would go into somebody else's kernel. */
  readonly isContainer: boolean;
  /** The kernel takes no unsigned module: lockdown or signature enforcement; the words that say so, or null. */
  readonly moduleLoadingRefused: HostText | null;
  /** kernel_lockdown(7): `none`, `integrity`, `confidentiality`; null where the kernel has no such thing. */
  readonly lockdown: HostText | null;
  /** null without UEFI. */
  readonly secureBoot: boolean | null;
  /** Installed packages of kernel images, headers and debug symbols; sorted. */
  readonly kernelPackages: readonly HostText[];
  readonly symbols: SymbolsOnDisk;
  /** /usr/lib/debug exists. */
  readonly hasDebugFolder: boolean;
  /** Where debuginfod is asked by default: DEBUGINFOD_URLS and /etc/debuginfod. */
  readonly debuginfodUrls: readonly HostText[];
  /** The running kernel's build ID, hexadecimal. */
  readonly kernelBuildId: HostText | null;
  /** The host's clock when it answered, nanoseconds since 1970 as decimal digits; null without `date +%N`. */
  readonly clockNs: HostText | null;
  /** A shell that can print the time without a fork (`bash` 5 or newer), or null. */
  readonly clockShell: HostText | null;
  /** uid of the login. */
  readonly uid: number;
  readonly addresses: readonly { readonly interfaceName: HostText; readonly address: HostText }[];
  readonly serviceManager: HostText;
  readonly memoryTotalMb: number;
  readonly processors: number;
  /** All that the host said; ansible.ts reads the rest of it. */
  readonly answer: FactsAnswer;
}

/** Debug symbols of kernels, and what setup has to do with them. */
export interface SymbolsOnDisk {
  /** What they take of the disk, by kernel release. */
  readonly kibByRelease: Readonly<Record<string, number>>;
  readonly isSetUp: boolean;
  /** Packages of debug symbols that were there before setup. */
  readonly before: readonly HostText[];
  /** Releases whose symbols setup has fetched without a package. */
  readonly fetched: readonly HostText[];
}
