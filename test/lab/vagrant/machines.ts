// Which machines of the Vagrantfile the lab brings up, and whose guest each is.
import type { Suite } from '../places.js';

export const VAGRANT_MACHINES: readonly { readonly name: string; readonly suite: Suite }[] = [
  { name: 'debian-12', suite: 'bookworm' },
  { name: 'debian-13', suite: 'trixie' },
];
