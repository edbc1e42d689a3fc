import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../package.json', import.meta.url));

/** The application's own packages are the root's: two copies of Nest in one process would not know each other. */
export function importFromRoot(name) {
  return import(pathToFileURL(require.resolve(name)).href);
}
