// The shape of every file beside this one: what to ask of the host, and pure parsers of what it answers.
import type { HostText } from '../base/host-text.js';
import type { Facts } from './facts.js';
import type { HostFiles } from './host-files.js';

/** Facts under Ansible's names, without the prefix `ansible_`. */
export type AnsibleFacts = Readonly<Record<string, unknown>>;

export interface Fact {
  /** Lower case with hyphens; frames the answer. */
  readonly name: string;
  /** Files to read, as patterns for the host's shell. All facts' files are read by one process. */
  readonly files?: readonly string[];
  /** Symbolic links whose targets are wanted, as patterns; all are listed by one process. */
  readonly links?: readonly string[];
  /**
   * POSIX sh: dash, bash, busybox. It may be missing half of its tools, runs with standard error closed off, in one shell with the
   * others (so it never calls `exit` or `exec`), and finds what `uname -snrvm` prints in `$kernel`, its third word in `$release`, its second in `$nodename`,
   * dpkg's architecture in `$deb_architecture`, and some of its packages in `$packages`, with `$newline` around each (deb-packages.ts). Every process it starts is paid for
   * on every host: builtins first.
   */
  readonly command?: string;
  /** Pure; never throws: what cannot be read is null, empty or left out. */
  readonly parse?: (output: HostText, files: HostFiles) => Partial<Facts>;
  /** The same for playbooks. @param known what the facts before it in the table gave */
  readonly ansible?: (output: HostText, files: HostFiles, known: AnsibleFacts) => AnsibleFacts;
}
