import { beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { projectDir, readManifest, runNode, tarball, tarballEntries } from './support/packed.js';

describe('the packed tarball', () => {
  const manifest = readManifest(projectDir);
  let entries: string[];

  beforeAll(async () => {
    entries = await tarballEntries();
  });

  it('holds the build, the manifest, the licence and the documentation, and nothing else', () => {
    const foreign = entries.filter(
      (name) =>
        !/^dist\/(esm|cjs)\/.+\.(js|d\.ts)$/.test(name) &&
        !['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/cjs/package.json'].includes(name),
    );
    expect(foreign).toEqual([]);
  });

  it('holds no test', () => {
    expect(entries.filter((name) => /\.(spec|test)\.|__tests__|(^|\/)test\//.test(name))).toEqual([]);
  });

  it('holds every file that the manifest points at', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string'
        ? [target]
        : Object.values(target).flatMap((condition) => [condition.types, condition.default]),
    );
    const missing = [manifest.main, manifest.types, ...targets].filter(
      (target) => !entries.includes(target.replace(/^\.\//, '')),
    );
    expect(missing).toEqual([]);
  });

  it('has the same modules in both builds', () => {
    const modulesOf = (format: string): string[] =>
      entries
        .filter((name) => name.startsWith(`dist/${format}/`) && !name.endsWith('package.json'))
        .map((name) => name.slice(`dist/${format}/`.length))
        .sort();
    expect(modulesOf('cjs')).toEqual(modulesOf('esm'));
  });

  it('passes publint', async () => {
    const cli = join(projectDir, 'node_modules/publint/src/cli.js');
    const { code, output } = await runNode([cli, 'run', tarball(), '--strict'], projectDir);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('All good!') });
  });

  it('passes arethetypeswrong for every entry', async () => {
    const cli = join(projectDir, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const args = [
      cli,
      tarball(),
      '--profile',
      'node16',
      '--no-definitely-typed',
      '--format',
      'ascii',
      '--no-emoji',
      '--no-color',
    ];
    const { code, output } = await runNode(args, projectDir);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('No problems found') });
  });
});
