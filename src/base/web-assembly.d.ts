// What we use of WebAssembly's interface: the types of Node 20 leave it to the browser's, which we do not take in.
declare namespace WebAssembly {
  class Memory {
    /** @param descriptor pages of 64 KiB */
    constructor(descriptor: { readonly initial: number; readonly maximum: number });
    readonly buffer: ArrayBuffer;
    /** Another buffer takes the place of the one before. */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, Memory>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
