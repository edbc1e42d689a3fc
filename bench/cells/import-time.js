/** Milliseconds that importing a package takes, after the packages that its application has loaded anyway. */
import { performance } from 'node:perf_hooks';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { report } from './open.js';

await report(async ({ modules, after, from }) => {
  const { resolve } = createRequire(new URL(from, import.meta.url));
  const urlOf = (name) => (name.startsWith('file:') ? name : pathToFileURL(resolve(name)).href);
  for (const name of after) await import(urlOf(name));
  const { rss } = process.memoryUsage();
  const before = performance.now();
  for (const name of modules) await import(urlOf(name));
  const ms = performance.now() - before;
  return { ms, rss: (process.memoryUsage().rss - rss) / 2 ** 20 };
});
