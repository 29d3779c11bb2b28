// The table of facts, in the order in which a host is asked. A new fact is a new file, a line here and a field in facts.ts, or an `ansible` name.
import { clock } from './clock.js';
import { debArchitecture } from './deb-architecture.js';
import { devices } from './devices.js';
import { dmi } from './dmi.js';
import { environment } from './environment.js';
import type { Fact } from './fact.js';
import { headers } from './headers.js';
import { kernel } from './kernel.js';
import { kernelPackages } from './kernel-packages.js';
import { localFacts } from './local-facts.js';
import { login } from './login.js';
import { memory } from './memory.js';
import { moduleLoading } from './module-loading.js';
import { mounts } from './mounts.js';
import { names } from './names.js';
import { network } from './network.js';
import { osRelease } from './os-release.js';
import { packageManager } from './package-manager.js';
import { processors } from './processors.js';
import { python } from './python.js';
import { security } from './security.js';
import { serviceManager } from './service-manager.js';
import { stap } from './stap.js';
import { symbols } from './symbols.js';
import { systemFiles } from './system-files.js';
import { virtualization } from './virtualization.js';

export const facts: readonly Fact[] = [
  // First: it is asked before the script changes PATH and the locale.
  environment,
  localFacts,
  osRelease,
  kernel,
  debArchitecture,
  stap,
  headers,
  symbols,
  kernelPackages,
  virtualization,
  moduleLoading,
  login,
  names,
  network,
  serviceManager,
  packageManager,
  memory,
  processors,
  dmi,
  devices,
  mounts,
  security,
  systemFiles,
  python,
  clock,
];
