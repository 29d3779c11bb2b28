// Known troubles between a stap and a kernel, and what helps, as data. Each is decided by asking the build host, never by version numbers.
// `test` is a shell condition with $k = /lib/modules/RELEASE/build and $r = stap's runtime directory; when it holds, `prepare` runs, and `options` go
// to stap. The same lines stand in playbooks/setup/probe.yml (npm run docs writes them there; a test compares).

export interface Remedy {
  readonly name: string;
  /** What is wrong without it, in one sentence. */
  readonly trouble: string;
  /** What it does, in one sentence. */
  readonly does: string;
  /** Where it was seen to help, or `unproven`. */
  readonly provenOn: string;
  readonly test: string;
  /** Shell lines; what they set may stand in `options`. */
  readonly prepare?: string;
  /** Words of sh. */
  readonly options: readonly string[];
}

export const REMEDIES: readonly Remedy[] = [
  {
    // The kernel renamed uprobe_unregister to ..._nosync; a runtime that does not know the new name asks for the old one at load
    // ("Can't resolve uprobe_unregister!"). Only user-space probes would use it, so the runtime may believe that it is exported.
    name: 'uprobe-unregister-renamed',
    trouble: "compiles; staprun: `Can't resolve uprobe_unregister!`",
    does: '`-DSTAPCONF_UPROBE_UNREGISTER_EXPORTED`',
    provenOn: 'Debian 13, stap 5.1, kernel 6.12',
    test: 'grep -qs uprobe_unregister_nosync "$k/Module.symvers" && ! grep -qs uprobe_unregister_nosync "$r/transport/transport.c"',
    options: ['-DSTAPCONF_UPROBE_UNREGISTER_EXPORTED'],
  },
  {
    // The kernel's task_work_cancel took a new meaning and the old one became task_work_cancel_func; stable kernels got it too. A runtime
    // that looks the old name up in the kernel's symbols does not compile ("kallsyms_task_work_cancel"): in a copy of it, the new name.
    name: 'task-work-cancel-renamed',
    trouble: 'pass 4: `kallsyms_task_work_cancel`: incompatible types',
    does: 'a corrected copy of the runtime (`-R`)',
    provenOn: 'Debian 12, stap 4.8, kernel 6.1',
    test: 'grep -qs "task_work_cancel_func" "$k/include/linux/task_work.h" "$(dirname "$k")/source/include/linux/task_work.h" && grep -qs "typeof(&task_work_cancel)" "$r/stp_task_work.c"',
    // Kept beside stap's own cache, which goes by the runtime's path: in a new folder each time, every script would compile all that it shares with
    // the last one again (23 s of CPU instead of 3). Made under another name; of two at once the first stays. Another correction needs another name.
    prepare: `m=\${SYSTEMTAP_DIR:-$HOME/.systemtap}/fleet-tap-runtime-$(find "$r/" -type f -exec sha256sum {} + | sort | sha256sum | cut -c 1-16); [ -d "$m" ] || { mkdir -p "\${m%/*}" && cp -a "$r" "$m.$$" && sed -i -e 's/typeof(&task_work_cancel)/typeof(\\&task_work_cancel_func)/' -e 's/"task_work_cancel"/"task_work_cancel_func"/' "$m.$$/stp_task_work.c" && mv -T "$m.$$" "$m" 2>/dev/null; rm -rf "$m.$$"; }; [ -d "$m" ] || exit`,
    options: ['-R', '"$m"'],
  },
  {
    // Kernel 6.8 has no strlcpy any more, and is compiled with -Wmissing-prototypes: none of the small programs compiles by which an older stap finds
    // out what the kernel has, so it takes it for an ancient one. What follows strlcpy, strscpy, differs in what it returns of a string that was cut,
    // which the runtime does not look at.
    name: 'linux-6.8',
    trouble: "pass 4: `implicit declaration of function 'strlcpy'`, `no member named 'mmap_sem'`",
    does: '`-Dstrlcpy=strscpy`, and prototypes may be missing',
    provenOn: 'unproven',
    test: '! grep -qsw strlcpy "$k/include/linux/string.h" "$(dirname "$k")/source/include/linux/string.h" && grep -qs strscpy "$k/include/linux/string.h" "$(dirname "$k")/source/include/linux/string.h" && grep -qsw strlcpy "$r/transport/procfs.c" && ! grep -qs "define strlcpy" "$r/linux/runtime.h"',
    options: ['-Dstrlcpy=strscpy', '-B', '"CFLAGS=-Wno-missing-prototypes -Wno-missing-declarations"', '-B', 'CFLAGS_MODULE=-Wno-error'],
  },
  {
    // vmalloc_node and its like became macros in kernel 6.10: an older runtime does not find them among the kernel's symbols, and brings its own.
    name: 'vmalloc-macros',
    trouble: "pass 4: in alloc_tag.h `expected identifier or '('`",
    does: '`-DSTAPCONF_VMALLOC_NODE` and its like',
    provenOn: 'unproven',
    test: 'grep -qs "define vmalloc_node" "$k/include/linux/vmalloc.h" "$(dirname "$k")/source/include/linux/vmalloc.h" && grep -qs STAPCONF_VMALLOC_NODE "$r/linux/alloc.c"',
    options: ['-DSTAPCONF_VZALLOC', '-DSTAPCONF_VMALLOC_NODE', '-DSTAPCONF_VZALLOC_NODE'],
  },
];

/** What to do where no remedy is known; `--stap` and a build host work with each stap that the kernel takes. */
const NEWER = 'a newer stap: of a build host (`fleet_tap_build_for`), or built by hand (`--stap`, `fleet_tap_stap`)';

/** One stap on one kernel. */
export interface Pair {
  readonly distribution: string;
  readonly stap: string;
  readonly kernel: string;
  /** Name of the remedy that the host's answers lead to; `none`: it works as it is; `newer-stap`: no other is known. */
  readonly remedy: string;
  /** `lab`: kernel modules of it were loaded and have printed real packets (test/lab). Otherwise where it comes from. */
  readonly shown: 'lab' | 'unproven';
  /** What is known, when it was not run here. */
  readonly source?: string;
}

/** What distributions ship together. Nothing is decided by it: it is what the questions above came to, or should. */
export const PAIRS: readonly Pair[] = [
  { distribution: 'Debian 11', stap: '4.4', kernel: '5.10', remedy: 'none', shown: 'unproven', source: "within upstream's tested range" },
  { distribution: 'Debian 12', stap: '4.8', kernel: '6.1', remedy: 'task-work-cancel-renamed', shown: 'lab' },
  { distribution: 'Debian 12, kernel 6.12', stap: '4.8', kernel: '6.12', remedy: 'newer-stap', shown: 'unproven', source: 'tried without it: pass 4 fails in a dozen places; needs its staprun too' },
  { distribution: 'Debian 13', stap: '5.1', kernel: '6.12', remedy: 'uprobe-unregister-renamed', shown: 'lab' },
  { distribution: 'Debian testing', stap: '5.6', kernel: '7.2', remedy: 'none', shown: 'lab' },
  { distribution: 'Ubuntu 20.04', stap: '4.2', kernel: '5.4', remedy: 'none', shown: 'unproven', source: "within upstream's tested range" },
  { distribution: 'Ubuntu 20.04, HWE', stap: '4.2', kernel: '5.15', remedy: 'newer-stap', shown: 'unproven', source: "beyond upstream's tested range" },
  { distribution: 'Ubuntu 22.04', stap: '4.6', kernel: '5.15', remedy: 'none', shown: 'unproven', source: "within upstream's tested range" },
  { distribution: 'Ubuntu 22.04, HWE', stap: '4.6', kernel: '6.8', remedy: 'newer-stap', shown: 'unproven', source: 'users report that pass 4 fails' },
  { distribution: 'Ubuntu 24.04', stap: '5.0', kernel: '6.8', remedy: 'linux-6.8', shown: 'unproven', source: "upstream's 5.0 compiles the script for kernel 6.12 with it, when `unaligned.h`, moved in 6.12, is corrected by hand; not without" },
  { distribution: 'Ubuntu 24.04, HWE', stap: '5.0', kernel: '6.11', remedy: 'vmalloc-macros', shown: 'unproven', source: 'the same; `linux-6.8` besides' },
  { distribution: 'Ubuntu 26.04', stap: '5.3', kernel: '7.0', remedy: 'newer-stap', shown: 'unproven', source: "beyond upstream's tested range" },
];

/** docs/setup.md: the pairs, then the remedies with the question that decides each. */
export function compatibilityTable(): string {
  const does = (name: string) => (name === 'none' ? 'none needed' : name === 'newer-stap' ? NEWER : `\`${name}\``);
  const pairs = PAIRS.map(({ distribution, stap, kernel, remedy, shown, source }) => `| ${[distribution, stap, kernel, does(remedy), shown === 'lab' ? 'proven (lab)' : `unproven: ${source ?? ''}`].join(' | ')} |`);
  const remedies = REMEDIES.map(({ name, trouble, does: what, test, provenOn }) => `| ${[`\`${name}\``, trouble, `\`${test.replaceAll('|', '\\|')}\``, what, provenOn === 'unproven' ? provenOn : `proven: ${provenOn}`].join(' | ')} |`);
  return ['| shipped by | stap | kernel | remedy | |', '|---|---|---|---|---|', ...pairs, '', '| remedy | without it | where this holds on the host | what is done | |', '|---|---|---|---|---|', ...remedies, ''].join('\n');
}

/**
 * sh; knows $release and $stap (a name or a path). Sets $k and $r, adds the options of every remedy whose test holds to the positional
 * parameters, and says so on stderr. A stap that was built by hand has its runtime beside it.
 */
export function compilerLines(): string {
  return `k=/lib/modules/$release/build
r=\${SYSTEMTAP_RUNTIME:-/usr/share/systemtap/runtime}
case $stap in */bin/stap) [ ! -d "\${stap%/bin/stap}/share/systemtap/runtime" ] || r=\${stap%/bin/stap}/share/systemtap/runtime ;; esac
${remedyLines()}`;
}

export function remedyLines(): string {
  return REMEDIES.map((remedy) => `if ${remedy.test}; then ${remedy.prepare === undefined ? '' : `${remedy.prepare}; `}set -- "$@" ${remedy.options.join(' ')}; echo "fleet-tap: remedy ${remedy.name}" >&2; fi`).join('\n');
}
