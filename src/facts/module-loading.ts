// What comes in: the kernel's switches that forbid kernel modules, or unsigned ones. What goes out: the words of the first that does, or null.
// kernel_lockdown(7); modules_disabled in sysctl/kernel.rst; module.sig_enforce in kernel-parameters.txt.
import type { Fact } from './fact.js';
import type { HostFiles } from './host-files.js';

const DISABLED = '/proc/sys/kernel/modules_disabled';
const LOCKDOWN = '/sys/kernel/security/lockdown';
const ENFORCED = '/sys/module/module/parameters/sig_enforce';
/** Words of two reasons, which no key and no switch of the firmware takes away. */
export const NO_MODULES = 'the kernel is built without kernel modules';
export const MODULES_DISABLED = 'kernel.modules_disabled=1';

export const moduleLoading: Fact = {
  name: 'module-loading',
  files: [DISABLED, LOCKDOWN, ENFORCED],
  // The variable's fifth byte is its value; the four before it are attributes.
  command: `if [ -d /proc/1 ] && [ ! -e /proc/modules ]; then echo 'no modules'; fi
for f in /sys/firmware/efi/efivars/SecureBoot-*; do [ -r "$f" ] && printf 'secureboot %s\\n' "$(od -An -tu1 "$f")"; done`,
  parse: (output, files) => {
    const lockdown = lockdownOf(files);
    const isSecureBoot = /^secureboot\s+\d+\s+\d+\s+\d+\s+\d+\s+([01])\s*$/m.exec(output)?.[1];
    const reasons = [
      /^no modules$/m.test(output) ? NO_MODULES : undefined,
      files.text(DISABLED) === '1' ? MODULES_DISABLED : undefined,
      lockdown === 'integrity' || lockdown === 'confidentiality' ? `lockdown=${lockdown}` : undefined,
      files.text(ENFORCED) === 'Y' ? 'module.sig_enforce=Y' : undefined,
    ];
    return {
      moduleLoadingRefused: reasons.find((reason) => reason !== undefined) ?? null,
      lockdown,
      secureBoot: isSecureBoot === undefined ? null : isSecureBoot === '1',
    };
  },
};

/** The word in brackets: `none [integrity] confidentiality`. */
function lockdownOf(files: HostFiles): string | null {
  return /\[(\w+)\]/.exec(files.text(LOCKDOWN) ?? '')?.[1] ?? null;
}
