import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeConsumer, readManifest, runNode } from './support/packed.js';

interface Loaded {
  imported: string[];
  used: string[];
}

/** Both copies of the package report what importing them loaded, and then what making a session added to it. */
const report = `
  const imported = loaded();
  const session = await createHttpSession();
  await session.destroy();
  console.log(JSON.stringify({ imported, used: loaded() }));`;

describe('importing the installed package', () => {
  let dir: string;
  let packageDir: string;

  beforeAll(async () => {
    ({ dir, packageDir } = await makeConsumer('import'));
    writeFileSync(
      join(dir, 'hooks.mjs'),
      `import { appendFileSync } from 'node:fs';
       export function load(url, context, nextLoad) {
         appendFileSync(new URL('loaded.txt', import.meta.url), url + '\\n');
         return nextLoad(url, context);
       }`,
    );
    writeFileSync(
      join(dir, 'register.mjs'),
      `import { register } from 'node:module';
       register('./hooks.mjs', import.meta.url);`,
    );
    writeFileSync(
      join(dir, 'main.mjs'),
      `import 'reflect-metadata';
       import { readFileSync } from 'node:fs';
       const { createHttpSession } = await import('nestjs-llm');
       const loaded = () => readFileSync(new URL('loaded.txt', import.meta.url), 'utf8').trim().split('\\n');
       ${report}`,
    );
    writeFileSync(
      join(dir, 'main.cjs'),
      `require('reflect-metadata');
       const { createHttpSession } = require(${JSON.stringify(join(packageDir, readManifest(packageDir).main))});
       const loaded = () => Object.keys(require.cache).map((file) => file.replaceAll('\\\\', '/'));
       (async () => {${report}})();`,
    );
  });

  describe.each([
    { format: 'esm', args: ['--import', './register.mjs', 'main.mjs'] },
    { format: 'cjs', args: ['main.cjs'] },
  ])('as $format', ({ format, args }) => {
    let loaded: Loaded;

    beforeAll(async () => {
      const { code, output } = await runNode(['--no-warnings', ...args], dir);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^\{/) });
      loaded = JSON.parse(output) as Loaded;
    });

    it('opens the entry and the one file that it is of', () => {
      const own = loaded.imported.flatMap((file) => file.split(`nestjs-llm/dist/${format}/`)[1] ?? []);
      expect(own.sort()).toEqual(['index.js', 'llm.js']);
    });

    it.each(['aws4', 'undici', 'valibot'])('leaves %s to those who need it', (name) => {
      expect(loaded.imported.filter((file) => file.includes(`/node_modules/${name}/`))).toEqual([]);
    });

    it('loads undici with the first session', () => {
      expect(loaded.used.filter((file) => file.includes('/node_modules/undici/'))).not.toEqual([]);
    });
  });
});
