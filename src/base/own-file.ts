// What comes in: the path of a file of this package. What goes out: where it is, whether the code that asks runs from src/ or, bundled, from dist/.
import { existsSync } from 'node:fs';

let root: URL | undefined;

/** @param path from the package's folder on, for example `playbooks/setup.yml` */
export function ownFile(path: string): URL {
  root ??= packageFolder();
  return new URL(path, root);
}

function packageFolder(): URL {
  let folder = new URL('.', import.meta.url);
  while (folder.pathname !== '/' && !existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return folder;
}
