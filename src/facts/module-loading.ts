// What comes in: the kernel's switches that forbid kernel modules, or unsigned ones. What goes out: the words of the first that does, or null.
// kernel_lockdown(7); modules_disabled in sysctl/kernel.rst; module.sig_enforce in kernel-parameters.txt.
import type { Fact } from './fact.js';

export const moduleLoading: Fact = {
  name: 'module-loading',
  command: `for f in /proc/sys/kernel/modules_disabled /sys/kernel/security/lockdown /sys/module/module/parameters/sig_enforce; do
if [ -r "$f" ]; then line=; read -r line <"$f"; printf '%s %s\\n' "$f" "$line"; fi
done
if [ -d /proc/1 ] && [ ! -e /proc/modules ]; then echo 'no modules'; fi`,
  parse: (output) => {
    const value = (path: string): string | undefined => output.split('\n').find((line) => line.startsWith(`${path} `))?.slice(path.length + 1);
    const lockdown = /\[(integrity|confidentiality)\]/.exec(value('/sys/kernel/security/lockdown') ?? '')?.[1];
    const reasons = [
      value('no') === 'modules' ? 'the kernel is built without kernel modules' : undefined,
      value('/proc/sys/kernel/modules_disabled') === '1' ? 'kernel.modules_disabled=1' : undefined,
      lockdown === undefined ? undefined : `lockdown=${lockdown}`,
      value('/sys/module/module/parameters/sig_enforce') === 'Y' ? 'module.sig_enforce=Y' : undefined,
    ];
    return { moduleLoadingRefused: reasons.find((reason) => reason !== undefined) ?? null };
  },
};
