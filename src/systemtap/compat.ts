// Known troubles between a stap and a kernel, and what helps, as data. Each is decided by asking the build host, never by version numbers.
// `test` is a shell condition with $k = /lib/modules/RELEASE/build and $r = stap's runtime directory; `options` go to stap when it holds.

export interface Remedy {
  readonly name: string;
  /** Where it was seen to help, or `unproven`. */
  readonly provenOn: string;
  readonly test: string;
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
];

/** Shell lines that add the options of every remedy whose test holds to the positional parameters, and say so on stderr. */
export function remedyLines(): string {
  return REMEDIES.map((remedy) => `if ${remedy.test}; then set -- "$@" ${remedy.options.join(' ')}; echo "fleet-tap: remedy ${remedy.name}" >&2; fi`).join('\n');
}
