// Known troubles between a stap and a kernel, and what helps, as data. Each is decided by asking the build host, never by version numbers.
// `test` is a shell condition with $k = /lib/modules/RELEASE/build and $r = stap's runtime directory; when it holds, `prepare` runs in a
// private folder and `options` go to stap.

export interface Remedy {
  readonly name: string;
  /** Where it was seen to help, or `unproven`. */
  readonly provenOn: string;
  readonly test: string;
  /** Shell lines; they may put a corrected runtime at ./runtime. */
  readonly prepare?: string;
  readonly options: readonly string[];
}

export const REMEDIES: readonly Remedy[] = [
  {
    // The kernel renamed uprobe_unregister to ..._nosync; a runtime that does not know the new name asks for the old one at load
    // ("Can't resolve uprobe_unregister!"). Only user-space probes would use it, so the runtime may believe that it is exported.
    name: 'uprobe-unregister-renamed',
    provenOn: 'Debian 13, stap 5.1, kernel 6.12',
    test: 'grep -qs uprobe_unregister_nosync "$k/Module.symvers" && ! grep -qs uprobe_unregister_nosync "$r/transport/transport.c"',
    options: ['-DSTAPCONF_UPROBE_UNREGISTER_EXPORTED'],
  },
  {
    // The kernel's task_work_cancel took a new meaning and the old one became task_work_cancel_func; stable kernels got it too. A runtime
    // that looks the old name up in the kernel's symbols does not compile ("kallsyms_task_work_cancel"): in a copy of it, the new name.
    name: 'task-work-cancel-renamed',
    provenOn: 'Debian 12, stap 4.8, kernel 6.1',
    test: 'grep -qs "task_work_cancel_func" "$k/include/linux/task_work.h" "$(dirname "$k")/source/include/linux/task_work.h" && grep -qs "typeof(&task_work_cancel)" "$r/stp_task_work.c"',
    prepare: `cp -a "$r" runtime && sed -i -e 's/typeof(&task_work_cancel)/typeof(\\&task_work_cancel_func)/' -e 's/"task_work_cancel"/"task_work_cancel_func"/' runtime/stp_task_work.c || exit`,
    options: ['-R', './runtime'],
  },
];

/** Shell lines that add the options of every remedy whose test holds to the positional parameters, and say so on stderr. */
export function remedyLines(): string {
  return REMEDIES.map((remedy) => `if ${remedy.test}; then ${remedy.prepare === undefined ? '' : `${remedy.prepare}; `}set -- "$@" ${remedy.options.join(' ')}; echo "fleet-tap: remedy ${remedy.name}" >&2; fi`).join('\n');
}
