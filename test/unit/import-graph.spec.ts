import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

const LIB = join(import.meta.dirname, '../../lib');

/** From the bottom up: the folder or file at the beginning of a path. A part may import its own and those below. */
const LAYERS = [
  ['errors/', 'signals/', 'quotas/'],
  ['wire/'],
  ['transport/'],
  ['operations/'],
  ['providers/provider-adapter.interface.ts'],
  ['providers/kit/'],
  ['providers/'],
  ['catalog.ts'],
  ['deployments/'],
  ['calls/'],
  ['middleware/'],
  ['llm.handler.ts', 'llm.service.ts'],
  ['nest/'],
  ['llm.module.ts'],
  ['index.ts'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'));
const textOf = (file: string) => readFileSync(join(LIB, file), 'utf8');
/** By value and by type: `import type` and `import()` count as well. */
const imports: Import[] = files.flatMap((from) =>
  ts
    .preProcessFile(textOf(from))
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => ({
      from,
      to: posix.join(posix.dirname(from), fileName).replace(/\.js$/, '.ts'),
    })),
);

/** Of the subpaths, which stand above everything: infinite. */
function layerOf(file: string): number {
  const layer = LAYERS.findIndex((parts) => parts.some((part) => file.startsWith(part)));
  return layer === -1 ? Infinity : layer;
}

const told = (found: readonly Import[]) => found.map(({ from, to }) => `${from} -> ${to}`);
const among = (from: string, to: string) =>
  told(imports.filter((one) => one.from.startsWith(from) && one.to.startsWith(to)));

describe('the imports within lib', () => {
  it('are all of files that are there', () => {
    expect(imports.length).toBeGreaterThan(500);
    expect(told(imports.filter(({ to }) => !files.includes(to)))).toEqual([]);
  });

  it('go down only', () => {
    expect(told(imports.filter(({ from, to }) => layerOf(to) > layerOf(from)))).toEqual([]);
  });

  it('never go from the errors to anything else', () => {
    expect(imports.filter(({ from, to }) => from.startsWith('errors/') && !to.startsWith('errors/'))).toEqual(
      [],
    );
  });

  it('keep transport and providers apart', () => {
    expect(among('providers/', 'transport/')).toEqual([]);
    expect(among('transport/', 'providers/')).toEqual([]);
    expect(among('transport/', 'operations/')).toEqual([]);
  });

  it('of the transport by an operation are of its types', () => {
    const values = /^(?:import|export)\s+(?!type\b)[^;]*?from\s+'[^']*\/transport\//gm;
    const found = files.filter((file) => file.startsWith('operations/') && values.test(textOf(file)));
    expect(found).toEqual([]);
  });

  it('name all providers in one file', () => {
    const adapters = imports.filter(({ to }) => to.endsWith('.adapter.ts') && !to.startsWith('nest/'));
    const importers = new Map<string, number>();
    for (const { from } of adapters) importers.set(from, (importers.get(from) ?? 0) + 1);
    const many = [...importers].filter(([, count]) => count > 2).map(([file]) => file);
    expect(many).toEqual(['catalog.ts']);
  });

  it('of a subpath are of the public names', () => {
    const inside = imports.filter(({ from, to }) => {
      const [folder] = from.split('/');
      // What our own adapters are made of, for those of others: its face is that part of the core.
      if (layerOf(from) !== Infinity || folder === 'provider') return false;
      return to !== 'index.ts' && !to.startsWith(`${folder}/`);
    });
    expect(told(inside)).toEqual([]);
  });

  it.each([...new Set(files.map(dirname))])('make no circle among the files and folders of %s', (folder) => {
    const prefix = folder === '.' ? '' : `${folder}/`;
    const childOf = (file: string) => prefix + file.slice(prefix.length).split('/')[0]!;
    const edges = new Map<string, Set<string>>();
    for (const { from, to } of imports) {
      if (!from.startsWith(prefix) || !to.startsWith(prefix) || childOf(from) === childOf(to)) continue;
      const known = edges.get(childOf(from)) ?? new Set();
      edges.set(childOf(from), known.add(childOf(to)));
    }
    expect(circleIn(edges)).toBeUndefined();
  });
});

it('one file dispatches a request, and another one opens connections ahead of it', () => {
  // What a session is composed of passes requests on.
  const others = files.filter(
    (file) => !file.startsWith('transport/session/') && !file.startsWith('testing/tape/'),
  );
  const dispatching = others.filter((file) =>
    /\.dispatch\(\s*[\w{]/.test(textOf(file).replaceAll('this.dispatch(', '')),
  );
  expect(dispatching).toEqual(['transport/exchange/call.ts', 'transport/exchange/warm-up.ts']);
});

/** @returns the first circle that is found */
function circleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of edges.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const circle = visit(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
