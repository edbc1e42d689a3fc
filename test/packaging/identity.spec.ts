import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeConsumer, projectDir, readManifest, runNode } from './support/packed.js';

const manifest = readManifest(projectDir);
const entryPoints = Object.entries(manifest.exports)
  .filter((entry): entry is [string, Exclude<(typeof entry)[1], string>] => typeof entry[1] !== 'string')
  .map(([subpath, conditions]) => ({
    specifier: manifest.name + subpath.slice(1),
    cjsFile: conditions['require']?.default ?? '',
  }));

describe('import and require of the installed package', () => {
  let dir: string;
  let packageDir: string;

  beforeAll(async () => {
    ({ dir, packageDir } = await makeConsumer('identity'));
  });

  async function evaluate(name: string, code: string): Promise<string> {
    const file = join(dir, name);
    writeFileSync(
      file,
      `${name.endsWith('.cjs') ? "require('reflect-metadata')" : "import 'reflect-metadata'"};\n${code}`,
    );
    const result = await runNode(['--no-warnings', file], dir);
    expect(result).toEqual({ code: 0, output: expect.any(String) });
    return result.output.trim();
  }

  it.each(entryPoints)('an ES module gets one set of exports of $specifier', async ({ specifier }) => {
    const output = await evaluate(
      'same.mjs',
      `import { createRequire } from 'node:module';
       import * as imported from '${specifier}';
       const required = createRequire(import.meta.url)('${specifier}');
       const names = Object.keys(imported);
       console.log(names.length > 0 && names.every((name) => imported[name] === required[name]));`,
    );
    expect(output).toBe('true');
  });

  it.each(entryPoints)('a CommonJS module gets one set of exports of $specifier', async ({ specifier }) => {
    const output = await evaluate(
      'same.cjs',
      `const required = require('${specifier}');
       import('${specifier}').then((imported) => {
         const names = Object.keys(required).filter((name) => name !== '__esModule');
         console.log(names.length > 0 && names.every((name) => imported[name] === required[name]));
       });`,
    );
    expect(output).toBe('true');
  });

  it.each(entryPoints)(
    'the CommonJS copy of $specifier has the same names',
    async ({ specifier, cjsFile }) => {
      const output = await evaluate(
        'copy.mjs',
        `import { createRequire } from 'node:module';
       import * as esm from '${specifier}';
       const cjs = createRequire(import.meta.url)(${JSON.stringify(join(packageDir, cjsFile))});
       const names = (exports) => Object.keys(exports).filter((name) => name !== '__esModule').sort().join();
       console.log(names(esm) === names(cjs) ? 'same' : names(esm) + ' / ' + names(cjs));`,
      );
      expect(output).toBe('same');
    },
  );

  it('gives both forms the one LlmService class', async () => {
    const output = await evaluate(
      'service.mjs',
      `import { createRequire } from 'node:module';
       import { LlmService } from 'nestjs-llm';
       console.log(LlmService.name, LlmService === createRequire(import.meta.url)('nestjs-llm').LlmService);`,
    );
    expect(output).toBe('LlmService true');
  });

  it('keeps what it does not export out of reach', async () => {
    const output = await evaluate(
      'private.mjs',
      `console.log(await import('nestjs-llm/dist/esm/index.js').catch((error) => error.code));`,
    );
    expect(output).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
