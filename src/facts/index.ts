// The table of facts, in the order in which a host is asked. A new fact is a new file, a line here and a field in facts.ts.
import { addresses } from './addresses.js';
import { clock } from './clock.js';
import { debArchitecture } from './deb-architecture.js';
import type { Fact } from './fact.js';
import { freeSpace } from './free-space.js';
import { hardware } from './hardware.js';
import { headers } from './headers.js';
import { kernel } from './kernel.js';
import { login } from './login.js';
import { moduleLoading } from './module-loading.js';
import { osRelease } from './os-release.js';
import { serviceManager } from './service-manager.js';
import { stap } from './stap.js';
import { symbols } from './symbols.js';
import { virtualization } from './virtualization.js';

export const facts: readonly Fact[] = [
  osRelease,
  kernel,
  debArchitecture,
  stap,
  headers,
  symbols,
  freeSpace,
  virtualization,
  moduleLoading,
  login,
  addresses,
  serviceManager,
  hardware,
  clock,
];
