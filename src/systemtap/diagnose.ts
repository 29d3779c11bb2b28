// What comes in: what stap or staprun printed when it failed. What goes out: one sentence and what to do.
// The texts were seen on real hosts or stand in SystemTap's source; the first row that matches wins, most specific first.
import { lastLines, type HostText } from '../base/host-text.js';

export interface Diagnosis {
  /** Stable, for example `symbols-missing`. */
  readonly code: string;
  readonly sentence: string;
  readonly hint: string;
}

interface Row {
  readonly code: string;
  readonly pattern: RegExp;
  readonly sentence: (match: RegExpExecArray, release: string) => string;
  readonly hint: string;
}

const SETUP = 'run fleet-tap setup on this host';

const ROWS: readonly Row[] = [
  {
    code: 'script-syntax',
    // `saw: operator '}' at FILE:3:1`, `at: junk '' at FILE:1:19`, or `saw: FILE EOF`.
    pattern: /^parse error: (.+)\n\s*(?:saw|at): (?:(?:.* at )?\S*?:(\d+):(\d+)|\S+ EOF)$/m,
    sentence: (match) => `the script does not parse: ${match[2] === undefined ? 'at its end' : `line ${match[2]}, column ${match[3]}`}: ${match[1]}`,
    hint: 'correct the script there; stap -p1 FILE checks it without a kernel',
  },
  {
    code: 'headers-missing',
    pattern: /Checking "\/lib\/modules\/([^/]+)\/build\/[^"]*" failed with error/,
    sentence: (match) => `the headers of kernel ${match[1]} are not installed`,
    hint: SETUP,
  },
  { code: 'disk-full', pattern: /No space left on device/, sentence: () => 'the disk is full', hint: 'free some space under /tmp and /var, then try again' },
  {
    code: 'symbols-missing',
    // A script that needs no symbols gets the same warning: when it came to pass 4, that was not the cause.
    pattern: /^(?![\s\S]*Pass 4: compilation failed)[\s\S]*?(?:missing \S+ kernel\/module debuginfo|cannot find module kernel debuginfo|No DWARF information found)/,
    sentence: (_match, release) => `the debug symbols of kernel ${release} are not installed`,
    hint: `${SETUP}, or capture without symbols: --probes netfilter`,
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
    code: 'kernel-module-mismatch',
    pattern: /(Invalid module format|version mismatch|has wrong symbol version|Unknown symbol in module)/,
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
    code: 'stap-no-rights',
    pattern: /You are trying to run systemtap as a normal user|staprun: Permission denied/,
    sentence: () => 'the login may not load kernel modules',
    hint: 'use become (-b), or log in as root',
  },
  { code: 'stap-missing', pattern: /(stap|staprun): (command )?not found/, sentence: (match) => `${match[1]} is not installed`, hint: SETUP },
];

/** @param release the kernel that was compiled for or loaded into, for the sentence */
export function diagnose(output: HostText, release: string): Diagnosis {
  for (const row of ROWS) {
    const match = row.pattern.exec(output);
    if (match !== null) return { code: row.code, sentence: lastLines(row.sentence(match, release), 1), hint: row.hint };
  }
  const said = lastLines(output.replace(/^Tip: .*$/gm, ''), 3).replaceAll('\n', ' | ');
  return { code: 'stap-failed', sentence: said === '' ? 'stap failed and said nothing' : `stap failed: ${said}`, hint: 'the whole output is what the same command prints on the host' };
}
