import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { projectDir, readManifest } from './support/packed.js';

interface Import {
  file: string;
  specifier: string;
}

const libDir = join(projectDir, 'lib');
const sources = readdirSync(libDir, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(libDir, name));

const imports: Import[] = sources.flatMap((file) =>
  ts
    .preProcessFile(readFileSync(file, 'utf8'), true, true)
    .importedFiles.map(({ fileName }) => ({ file: relative(projectDir, file), specifier: fileName })),
);

const isRelative = ({ specifier }: Import): boolean => specifier.startsWith('.');
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('the package manifest', () => {
  const manifest = readManifest(projectDir);
  const dependencies = Object.keys(manifest.dependencies ?? {});
  const declared = new Set([...dependencies, ...Object.keys(manifest.peerDependencies ?? {})]);
  const bare = imports.filter((entry) => !isRelative(entry));

  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(imports.length).toBeGreaterThan(0);
  });

  it('declares every package that lib imports', () => {
    const undeclared = bare.filter(
      ({ specifier }) => !isBuiltin(specifier) && !declared.has(packageOf(specifier)),
    );
    expect(undeclared).toEqual([]);
  });

  it('declares no dependency that lib does not import', () => {
    const used = new Set(bare.map(({ specifier }) => packageOf(specifier)));
    expect(dependencies.filter((name) => !used.has(name))).toEqual([]);
  });

  it('names the built-in modules with node:, so that no package can take their place', () => {
    const bareBuiltins = bare.filter(
      ({ specifier }) =>
        isBuiltin(specifier) && !specifier.startsWith('node:') && !declared.has(packageOf(specifier)),
    );
    expect(bareBuiltins).toEqual([]);
  });

  it('writes relative imports in full, as Node resolves them', () => {
    const broken = imports.filter(isRelative).filter(({ file, specifier }) => {
      const target = resolve(projectDir, dirname(file), specifier);
      return !specifier.endsWith('.js') || !existsSync(target.replace(/\.js$/, '.ts'));
    });
    expect(broken).toEqual([]);
  });
});
