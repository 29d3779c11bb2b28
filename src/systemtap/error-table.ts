// What comes in: nothing. What goes out: the texts of stap, staprun and the kernel that setup and capture meet, each with its code, its cause in
// one sentence and what to do: data. The texts were seen on real hosts or stand in SystemTap's source.
// The first row that matches wins, so that a cause stands before what it leads to.
// Not here: warnings of a script that runs on (run-warnings.ts); what apt says (modules/apt-errors.ts, playbooks/setup.yml).

export interface ErrorRow {
  readonly code: string;
  readonly pattern: RegExp;
  readonly sentence: (match: RegExpExecArray, release: string) => string;
  readonly hint: string;
}

const NEWER_STAP = 'use a build host with a newer stap: name it in the inventory (fleet_tap_build_for)';
const SIGNING = 'turn Secure Boot off for this host; or stap --sign-module, mokutil --import FILE, and enrol the key at the console during a reboot';
const SETUP = 'run fleet-tap setup on this host';

export const ERROR_TABLE: readonly ErrorRow[] = [
  {
    code: 'script-syntax',
    // `saw: operator '}' at FILE:3:1`, `at: junk '' at FILE:1:19`, or `saw: FILE EOF`.
    pattern: /^parse error: (.+)\n\s*(?:saw|at): (?:(?:.* at )?\S*?:(\d+):(\d+)|\S+ EOF)$/m,
    sentence: (match) => `the script does not parse: ${match[2] === undefined ? 'at its end' : `line ${match[2]}, column ${match[3]}`}: ${match[1]}`,
    hint: 'correct the script there; stap -p1 FILE checks it without a kernel',
  },
  {
    code: 'headers-missing',
    pattern: /Checking "\s*\/lib\/modules\/([^/]+)\/build\/[^"]*"\s+failed with error/,
    sentence: (match) => `the headers of kernel ${match[1]} are not installed`,
    hint: SETUP,
  },
  {
    code: 'headers-missing',
    pattern: /Incorrect version or missing kernel-devel package, use: (.+)$/m,
    sentence: (_match, release) => `the headers of kernel ${release} are not installed (package kernel-devel)`,
    hint: 'setup does not know this distribution yet: install kernel-devel of the running kernel with its package manager',
  },
  { code: 'disk-full', pattern: /No space left on device/, sentence: () => 'the disk is full', hint: 'free some space under /tmp and /var, then try again' },
  {
    code: 'variable-optimized-out',
    pattern: /(?:unable to find local|failed to retrieve location attribute for) '([^']+)'/,
    sentence: (match, release) => `the compiler of kernel ${release} has left no place where ${match[1]} can be read`,
    hint: 'capture --probes netfilter; in a script of your own, kprobe.function with pointer_arg(N)',
  },
  {
    code: 'symbols-missing',
    pattern: /Missing separate debuginfos, use: (.+)$/m,
    sentence: (_match, release) => `the debug symbols of kernel ${release} are not installed`,
    hint: 'setup does not know this distribution yet: dnf debuginfo-install kernel, or capture without symbols: --probes netfilter',
  },
  {
    code: 'symbols-missing',
    // A script that needs no symbols gets the same warning: when it came to pass 4, that was not the cause.
    pattern: /^(?![\s\S]*Pass 4: compilation failed)[\s\S]*?(?:missing \S+ kernel\/module debuginfo|cannot find module kernel debuginfo|No DWARF information found)/,
    sentence: (_match, release) => `the debug symbols of kernel ${release} are not installed`,
    hint: `${SETUP}, or capture without symbols: --probes netfilter`,
  },
  {
    code: 'type-missing',
    pattern: /semantic error: type definition '([^']+)' not found in '([^']+)'/,
    sentence: (match, release) => `neither the debug symbols nor the headers of kernel ${release} here have the type ${match[1]}`,
    hint: `${SETUP}; when it is ready already, this kernel has no such type`,
  },
  {
    code: 'script-semantic',
    // `while resolving probe point` says where; the cause comes in an error of its own.
    pattern: /^semantic error: (while resolving probe point: .+)\n[\s\S]*?^semantic error: (.+)$|^semantic error: (.+)$/m,
    sentence: (match) => `stap refuses the script: ${match[3] ?? `${match[2]}; ${match[1]}`}`,
    hint: 'the probe or variable does not exist in this kernel: stap -l PROBE lists what does',
  },
  {
    code: 'stap-too-old',
    pattern: /implicit declaration of function '?strlcpy'?/,
    sentence: (_match, release) => `this stap uses strlcpy, which kernel ${release} has no more`,
    hint: `${NEWER_STAP}: 5.1 or later`,
  },
  {
    code: 'stap-too-old',
    pattern: /kallsyms_task_work_cancel/,
    sentence: (_match, release) => `this stap uses task_work_cancel as it was before kernel ${release}`,
    hint: `${NEWER_STAP}: 5.2 or later`,
  },
  {
    code: 'stap-too-old',
    pattern: /asm\/unaligned\.h: No such file/,
    sentence: (_match, release) => `this stap looks for asm/unaligned.h, which kernel ${release} has elsewhere`,
    hint: `${NEWER_STAP}: 5.2 or later`,
  },
  {
    code: 'stap-too-old',
    pattern: /Kernel version (\S+) is outside tested range (.+)$/m,
    sentence: (match) => `this stap was made for kernels ${match[2]}, and the kernel is ${match[1]}`,
    hint: 'a newer stap on a build host helps: name it in the inventory with fleet_tap_build_for',
  },
  {
    code: 'compiler-missing',
    pattern: /(?:^|[\s:])((?:[\w-]+-)?gcc(?:-\d+)?): (?:(?:command )?not found|No such file or directory)$/m,
    sentence: (match) => `${match[1]}, the compiler that made the kernel, is not installed`,
    hint: SETUP,
  },
  {
    code: 'compile-interrupted',
    pattern: /kbuild exited with signal: (\d+ \(.+\))$/m,
    sentence: (match, release) => `compiling for kernel ${release} was ended by signal ${match[1]}`,
    hint: 'try again; after Killed, see dmesg on the host: it may be short of memory',
  },
  {
    code: 'compile-failed',
    pattern: /Pass 4: compilation failed/,
    sentence: (_match, release) => `stap's C code does not compile for kernel ${release}`,
    hint: 'the stap here is most likely older than the kernel: use a build host with a newer one (fleet_tap_build_for)',
  },
  {
    code: 'probe-overload',
    // The sum is signed where it is printed, and some versions of stap let it go below 0.
    pattern: /probe overhead \((-?\d+) cycles\) exceeded threshold \(\d+ cycles\) in last (\d+) cycles/,
    sentence: (match) => `SystemTap ended the script: its probes took over half of a CPU (${match[1]} of ${match[2]} cycles)`,
    hint: 'capture less: --port, --host, --net, --flags, --tcp or --udp; of a script of your own, shorten the probes',
  },
  {
    code: 'probes-skipped',
    pattern: /Skipped too many probes/,
    sentence: () => 'SystemTap ended the script: over 100 of its probes could not run',
    hint: 'capture less, or see with stap -t what keeps them from running',
  },
  {
    code: 'kernel-symbol-gone',
    pattern: /Can't resolve (\w+)/,
    sentence: (match, release) => `the kernel module needs ${match[1]}, which kernel ${release} does not have`,
    hint: 'the stap that compiled it is most likely older than the kernel: use a build host with a newer one (fleet_tap_build_for)',
  },
  {
    code: 'symbols-mismatch',
    pattern: /[Bb]uild-id mismatch/,
    sentence: (_match, release) => `the debug symbols that the script was compiled with are those of another build of kernel ${release}`,
    hint: `${SETUP}; after an upgrade, reboot first`,
  },
  {
    code: 'kernel-module-refused',
    pattern: /Couldn't insert module in FIPS mode/,
    sentence: () => 'this kernel is in FIPS mode, and staprun loads no kernel module there',
    hint: 'capture from a host that is not in FIPS mode',
  },
  {
    code: 'kernel-module-refused',
    pattern: /Lockdown: \S+: unsigned module loading is restricted|The kernel on your system requires modules to be signed for loading/,
    sentence: () => 'this kernel takes signed kernel modules only (Secure Boot, lockdown)',
    hint: SIGNING,
  },
  {
    code: 'kernel-module-refused',
    pattern: /Failed to get list of machine owner keys \(MOK\) for module signing: rc (-?\d+)/,
    sentence: (match) => `this kernel takes signed kernel modules only, and stap cannot read the list of the machine's keys (status ${match[1]})`,
    hint: `install mokutil on this host; then ${SIGNING}`,
  },
  {
    code: 'kernel-module-mismatch',
    pattern: /(Invalid module format|version mismatch|release mismatch|has wrong symbol version|Unknown symbol in module|Invalid parameters)/,
    sentence: (match, release) => `the kernel module does not fit kernel ${release} here: ${match[1]}`,
    hint: 'the host runs another build of this kernel than the module was made for: reboot it into its newest kernel and run setup again',
  },
  {
    code: 'kernel-module-refused',
    pattern: /Couldn't insert module .*(Operation not permitted|Key was rejected by service|Required key not available)/,
    sentence: (match) => `this kernel takes no unsigned kernel module: ${match[1]}`,
    hint: 'Secure Boot (lockdown) or signature enforcement is on, or this is a container: see dmesg on the host',
  },
  {
    code: 'kernel-module-loaded',
    pattern: /Couldn't insert module .*File exists/,
    sentence: () => 'another capture with the same script runs on this host',
    hint: 'wait for it to end; a leftover of a dead run is removed by fleet-tap teardown',
  },
  {
    code: 'kernel-module-in-use',
    pattern: /'([^'\n]{1,64})' is not a zombie systemtap module/,
    sentence: (match) => `the kernel module ${match[1]} was not removed: it is in use, or not one of SystemTap's`,
    hint: 'end what uses it first: fleet-tap teardown ends captures of ours',
  },
  {
    code: 'control-channel',
    pattern: /Cannot attach to module (\S+) control channel/,
    sentence: (match) => `staprun cannot reach the kernel module ${match[1]}: it is gone, or /proc/systemtap and debugfs are hidden here`,
    hint: 'mount /proc and /sys/kernel/debug; in a container, capture from the machine that runs it',
  },
  {
    code: 'stap-no-rights',
    pattern: /For users with the privilege level (\S+), the module created/,
    sentence: (match) => `the login has only the rights of ${match[1]}, and may load only kernel modules that a compile server has signed`,
    hint: 'let the user become root (-K asks for its password), or make it a member of stapdev and stapusr',
  },
  {
    code: 'stap-no-rights',
    pattern: /You are trying to run systemtap as a normal user|be part of (?:the )?group "stapusr"|staprun: Permission denied/,
    sentence: () => 'the login may not load kernel modules',
    hint: 'let the user become root (-K asks for its password), or log in as root',
  },
  { code: 'stap-missing', pattern: /(stap|staprun): (command )?not found/, sentence: (match) => `${match[1]} is not installed`, hint: SETUP },
  {
    code: 'probe-refused',
    // Only a warning to staprun, which runs on without that probe: the cause when nothing else is said.
    pattern: /^WARNING: probe (\S{1,300}) .{0,300}registration error .{0,100}\(rc (-?\d+)\)/m,
    sentence: (match) => `the kernel refuses the probe ${match[1]} (status ${match[2]})`,
    hint: 'probe another place in the kernel; capture --probes netfilter needs no kprobes',
  },
];
