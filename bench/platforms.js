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

/** @returns the installed version of a package; this package's own for `nestjs-llm` */
export function versionOf(name) {
  const path = name === 'nestjs-llm' ? '../package.json' : `node_modules/${name}/package.json`;
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version;
}
