/** The measures: which cells each one runs, and what their figures are kept under. */
import { contenders } from './contenders/index.js';
import { gateways } from './contenders/gateways.js';
import { rowOf } from './rows.js';

/**
 * @typedef {object} Task one cell, run once a round
 * @property {readonly string[]} path where its figures are kept
 * @property {string} script
 * @property {object} cell
 * @property {string[]} [execArgv]
 * @property {number} [rounds] at most this many
 */

const MEMORY = ['dispatch', 'request', 'nestjs-llm', 'fetch', 'openai', 'ai-sdk', 'langchain'];
const GATEWAY_ROWS = ['unary', 'stream', 'paced'];
const SCALED = ['request', 'nestjs-llm'];
const NEST = ['reflect-metadata', '@nestjs/common', '@nestjs/core', 'rxjs'];
const ROOT = '../../package.json';
const HERE = '../package.json';

const IMPORTS = {
  'nestjs-llm': { modules: [new URL('../dist/esm/index.js', import.meta.url).href], after: NEST, from: ROOT },
  'nestjs-llm with its peers': {
    modules: [...NEST, new URL('../dist/esm/index.js', import.meta.url).href],
    after: [],
    from: ROOT,
  },
  undici: { modules: ['undici'], after: [], from: HERE },
  openai: { modules: ['openai'], after: [], from: HERE },
  '@anthropic-ai/sdk': { modules: ['@anthropic-ai/sdk'], after: [], from: HERE },
  '@google/genai': { modules: ['@google/genai'], after: [], from: HERE },
  '@aws-sdk/client-bedrock-runtime': {
    modules: ['@aws-sdk/client-bedrock-runtime'],
    after: [],
    from: HERE,
  },
  'ai + @ai-sdk/openai': { modules: ['ai', '@ai-sdk/openai'], after: [], from: HERE },
  '@langchain/openai': { modules: ['@langchain/openai'], after: [], from: HERE },
};

const NO_COLLECTION = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512'];

export const measures = {
  calls: ({ rows, contenders: names }) =>
    rows.flatMap((row) =>
      names
        .filter((name) => contenders[name].providers.includes(rowOf(row).provider))
        .map((contender) => ({
          path: ['calls', row, contender],
          script: 'calls',
          cell: { contender, row, scale: contenders[contender].share },
        })),
    ),
  'first-token': ({ contenders: names }) =>
    names
      .filter((name) => !contenders[name].countsOnly)
      .map((contender) => ({
        path: ['first-token', contender],
        script: 'first-token',
        cell: { contender },
      })),
  memory: ({ contenders: names, full }) =>
    (full ? [1000, 5000] : [1000]).flatMap((streams) =>
      names
        .filter((name) => MEMORY.includes(name))
        .map((contender) => ({
          path: ['memory', String(streams), contender],
          script: 'memory',
          cell: { contender, streams },
          execArgv: ['--expose-gc'],
          rounds: 3,
        })),
    ),
  import: () =>
    Object.entries(IMPORTS).map(([name, cell]) => ({
      path: ['import', name],
      script: 'import-time',
      cell,
    })),
  start: () =>
    [false, true].map((withModule) => ({
      path: ['start', withModule ? 'with LlmModule' : 'without'],
      script: 'start-time',
      cell: { withModule },
    })),
  gateway: () =>
    GATEWAY_ROWS.flatMap((row) =>
      Object.keys(gateways).map((contender) => ({
        path: ['gateway', row, contender],
        script: 'gateway',
        cell: { contender, row },
        rounds: 3,
      })),
    ),
  scale: () =>
    SCALED.flatMap((contender) => [
      ...[1, 10, 100, 1000, 5000].map((parallel) => ({
        path: ['scale', 'parallel', String(parallel), contender],
        script: 'calls',
        cell: { contender, row: 'stream', calls: { [parallel]: Math.max(parallel, 200) } },
        rounds: 3,
      })),
      ...[10, 100, 1000, 10_000].map((count) => ({
        path: ['scale', 'chunks', String(count), contender],
        script: 'calls',
        cell: { contender, row: `stream-${count}` },
        rounds: 3,
      })),
    ]),
  /** What the guard looks at: small, and where it can be, allocations instead of time. */
  guard: ({ rows }) =>
    rows.flatMap((row) =>
      ['request', 'dispatch-empty', 'nestjs-llm'].flatMap((contender) => [
        {
          path: ['calls', row, contender],
          script: 'calls',
          cell: { contender, row, parallels: [32], scale: 0.5 },
        },
        ...(contender === 'dispatch-empty'
          ? []
          : [
              {
                path: ['allocations', row, contender],
                script: 'allocations',
                cell: { contender, row },
                execArgv: NO_COLLECTION,
                rounds: 1,
              },
            ]),
      ]),
    ),
};
