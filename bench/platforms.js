import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** npm puts the Node of node_modules first in the path of its scripts; what runs npm is the reader's own. */
const currentNode = process.env.npm_node_execpath ?? process.execPath;
const newestNode = new URL('node_modules/node/bin/node', import.meta.url);

/** The pairs of Node and undici that are measured. */
export function platformOf(name) {
  const [node, undici] = name === 'current' ? [currentNode, 'undici'] : [newestNode.pathname, 'undici8'];
  if (!existsSync(node)) throw new Error(`platform "${name}": there is no ${node}; run npm ci in bench/`);
  return {
    name,
    node,
    undici,
    nodeVersion: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    undiciVersion: versionOf(undici),
  };
}

/** @returns the version of this package for `nestjs-llm`; of others the one installed here, or in the root */
export function versionOf(name) {
  const paths =
    name === 'nestjs-llm'
      ? ['../package.json']
      : [`node_modules/${name}/package.json`, `../node_modules/${name}/package.json`];
  const file = paths.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url));
  if (file === undefined) throw new Error(`${name} is not installed; run npm ci in bench/ and in the root`);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
