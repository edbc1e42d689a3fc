/**
 * Makes the published files out of what tsc compiled: one file per format for all that an import needs at once, since
 * opening a file per module takes most of the time of importing them, and one for each part that is loaded on demand.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';

const COMPILED = 'dist/tsc';

const { dependencies, peerDependencies, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const packages = Object.keys({ ...dependencies, ...peerDependencies });

/** The declarations stay one per module, and each format needs its own: TypeScript reads the format off their place. */
const declarations = {
  name: 'declarations',
  generateBundle() {
    for (const fileName of readdirSync(COMPILED, { recursive: true, encoding: 'utf8' })) {
      if (!fileName.endsWith('.d.ts')) continue;
      this.emitFile({ type: 'asset', fileName, source: readFileSync(join(COMPILED, fileName)) });
    }
  },
};

const commonJsScope = {
  name: 'commonjs-scope',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{"type":"commonjs"}\n' });
  },
};

/** A single character outside of Latin-1 makes V8 hold all of the file at two bytes a character, and parse it slower. */
const ascii = {
  name: 'ascii',
  renderChunk: (code) => ({
    code: code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    map: null,
  }),
};

/** Each subpath that the manifest exports is an entry, made of the folder of its name. */
const entries = Object.fromEntries(
  Object.keys(exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => join(subpath, 'index'))
    .map((entry) => [entry, join(COMPILED, `${entry}.js`)]),
);

const plugins = [declarations, ascii];

/**
 * All that the main entry needs at once in one file, which the other entries and the chunks loaded on demand import as
 * well. What only they need stays with them.
 */
function manualChunks(id, { getModuleInfo }) {
  atOnce ??= staticImportsOf(resolve(entries.index), getModuleInfo);
  return atOnce.has(id) && id !== resolve(entries.index) ? 'llm' : undefined;
}

let atOnce;

function staticImportsOf(entry, getModuleInfo) {
  const seen = new Set([entry]);
  for (const id of seen) for (const imported of getModuleInfo(id)?.importedIds ?? []) seen.add(imported);
  return seen;
}

/** @type {import('rollup').OutputOptions} */
const output = {
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  manualChunks,
  generatedCode: { preset: 'es2015', symbols: false },
  hoistTransitiveImports: false,
  minifyInternalExports: false,
};

/** @type {import('rollup').RollupOptions} */
export default {
  input: entries,
  external: (id) => isBuiltin(id) || packages.some((name) => id === name || id.startsWith(`${name}/`)),
  output: [
    { ...output, dir: 'dist/esm', format: 'es', plugins },
    {
      ...output,
      dir: 'dist/cjs',
      format: 'cjs',
      esModule: true,
      interop: 'auto',
      // Jest in CommonJS mode cannot run import(), and require() loads ES modules in every supported Node.
      dynamicImportInCjs: false,
      plugins: [...plugins, commonJsScope],
    },
  ],
  onLog(level, log, handle) {
    // tsc writes its decorator helper for scripts too, where `this` is the global object.
    if (log.code === 'THIS_IS_UNDEFINED') return;
    handle(level === 'warn' ? 'error' : level, log);
  },
};
