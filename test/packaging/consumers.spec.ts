import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { installPacked, projectDir, readManifest, runNode } from './support/packed.js';

const fixtures = [
  { name: 'nest11-cjs', app: 'a CommonJS application on NestJS 11' },
  { name: 'nest12-cjs', app: 'a CommonJS application on NestJS 12' },
  { name: 'nest12-esm', app: 'an ES module application on NestJS 12' },
];

const inCI = !['', 'false', '0', undefined].includes(process.env['CI']);

describe.each(fixtures)('$app', ({ name }) => {
  const dir = join(projectDir, 'test/packaging/fixtures', name);
  const isCommonJs = name.endsWith('-cjs');
  const installed = existsSync(join(dir, 'node_modules/@nestjs/core/package.json'));

  if (!installed) {
    const message = `test/packaging/fixtures/${name} is not installed: run npm ci in it`;
    if (inCI) {
      it('is installed', () => {
        throw new Error(message);
      });
    } else {
      it.skip(message, () => {});
    }
    return;
  }

  let packageDir: string;

  beforeAll(async () => {
    rmSync(join(dir, 'dist'), { recursive: true, force: true });
    packageDir = await installPacked(dir);
  });

  it('compiles against the types', async () => {
    expect(await runNode(['node_modules/typescript/bin/tsc', '-p', '.'], dir)).toEqual({
      code: 0,
      output: '',
    });
  });

  it('boots, injects the service and its session, and closes', async () => {
    expect(await runNode(['--no-warnings', 'dist/main.js'], dir)).toEqual({
      code: 0,
      output: 'booted and closed\n',
    });
  });

  if (!isCommonJs) return;

  // Jest in CommonJS mode and most bundlers do not know `module-sync` and load the CommonJS copy.
  it('boots with the CommonJS copy too', async () => {
    const manifest = readManifest(packageDir);
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === 'string') continue;
      delete target['module-sync'];
      delete target['import'];
    }
    writeFileSync(join(packageDir, 'package.json'), JSON.stringify(manifest));
    const probe = `process.stdout.write(require.resolve('nestjs-llm').includes('cjs') + ' '); require('./dist/main.js')`;
    expect(await runNode(['--no-warnings', '-e', probe], dir)).toEqual({
      code: 0,
      output: 'true booted and closed\n',
    });
  });
});
