/** The measures: which cells each one runs, and what their figures are kept under. */
import { contenders, takesPart } from './contenders/index.js';
import { gateways } from './contenders/gateways.js';
import { rowOf } from './rows.js';

/**
 * @typedef {object} RowPlan a row of contenders that take turns
 * @property {readonly string[]} path where its figures are kept
 * @property {string} row
 * @property {readonly string[]} names the contenders
 * @property {Record<number, number>} [calls] instead of the row's own
 * @property {number} [rounds]
 *
 * @typedef {object} Task one cell, in a process of its own at each round
 * @property {readonly string[]} path where its figures are kept
 * @property {string} script
 * @property {object} cell
 * @property {string[]} [execArgv]
 * @property {number} [rounds] at most this many
 */

const MEMORY = ['dispatch', 'request', 'nestjs-llm', 'fetch', 'openai', 'ai-sdk', 'langchain'];
const GATEWAY_ROWS = ['unary', 'stream', 'paced'];
const OVERHEAD_ROWS = ['unary', 'stream', 'tools', 'anthropic-stream', 'gemini-stream', 'bedrock-stream'];
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

/** What one process carries, as far as its CPU goes. */
const CAPACITY = [
  { row: 'unary', parallel: 64, count: 3000 },
  { row: 'stream', parallel: 64, count: 400 },
  { row: 'paced', parallel: 64, count: 128 },
];

const NO_COLLECTION = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512'];

function memory(names, streams) {
  return names
    .filter((name) => MEMORY.includes(name))
    .map((contender) => ({
      path: ['memory', String(streams), contender],
      script: 'memory',
      cell: { contender, streams },
      execArgv: ['--expose-gc'],
      rounds: 3,
    }));
}

/** Only who takes a session can do without sockets. */
function overhead(names, rows) {
  return rows.flatMap((row) =>
    names
      .filter((name) => ['dispatch', 'nestjs-llm', 'nestjs-llm-before', 'nestjs-llm-handler'].includes(name))
      .map((contender) => ({
        path: ['overhead', row, contender],
        script: 'overhead',
        cell: { contender, row },
        rounds: 2,
      })),
  );
}

/** By measure: the rows and the tasks that it is made of. */
export const measures = {
  calls: ({ rows, contenders: names }) => ({
    rows: rows.map((row) => ({
      path: ['calls', row],
      row,
      names: names.filter((name) => takesPart(name, rowOf(row))),
    })),
  }),
  overhead: ({ contenders: names, build }) => ({
    tasks: overhead(names, OVERHEAD_ROWS).map((task) => ({ ...task, cell: { ...task.cell, build } })),
  }),
  'first-token': ({ contenders: names }) => ({
    tasks: names
      .filter((name) => !contenders[name].countsOnly && takesPart(name, rowOf('first-token')))
      .map((contender) => ({
        path: ['first-token', contender],
        script: 'first-token',
        cell: { contender },
        rounds: 5,
      })),
  }),
  memory: ({ contenders: names, full }) => ({
    tasks: [...memory(names, 1000), ...(full ? memory(names, 5000) : [])],
  }),
  import: () => ({
    tasks: Object.entries(IMPORTS).map(([name, cell]) => ({
      path: ['import', name],
      script: 'import-time',
      cell,
      rounds: 5,
    })),
  }),
  start: () => ({
    tasks: [false, true].map((withModule) => ({
      path: ['start', withModule ? 'with LlmModule' : 'without'],
      script: 'start-time',
      cell: { withModule },
      rounds: 5,
    })),
  }),
  gateway: () => ({
    tasks: GATEWAY_ROWS.flatMap((row) =>
      Object.keys(gateways).map((contender) => ({
        path: ['gateway', row, contender],
        script: 'gateway',
        cell: { contender, row },
        rounds: 3,
      })),
    ),
  }),
  capacity: () => ({
    tasks: CAPACITY.flatMap(({ row, parallel, count }) =>
      ['http1', 'http1 over TLS', 'http2'].map((protocol) => ({
        path: ['capacity', row, protocol],
        script: 'capacity',
        cell: { row, protocol, parallel, count },
        rounds: 3,
      })),
    ),
  }),
  scale: () => ({
    rows: [
      {
        path: ['scale', 'parallel'],
        row: 'stream',
        names: SCALED,
        calls: { 1: 100, 10: 200, 100: 200, 1000: 1000, 5000: 5000 },
        rounds: 3,
      },
      ...[10, 100, 1000, 10_000].map((count) => ({
        path: ['scale', 'chunks', String(count)],
        row: `stream-${count}`,
        names: SCALED,
        rounds: 3,
      })),
    ],
  }),
  /** What the guard looks at: small, and beside the CPU what hardly varies. */
  guard: ({ rows }) => ({
    rows: rows.map((row) => ({
      path: ['calls', row],
      row,
      names: ['request', 'dispatch-empty', 'nestjs-llm'],
      calls: { 32: rowOf(row).calls[32] },
    })),
    tasks: [
      ...overhead(['dispatch', 'nestjs-llm'], rows).map((task) => ({ ...task, rounds: 3 })),
      ...rows.flatMap((row) =>
        ['request', 'nestjs-llm'].map((contender) => ({
          path: ['allocations', row, contender],
          script: 'allocations',
          cell: { contender, row },
          execArgv: NO_COLLECTION,
          rounds: 1,
        })),
      ),
    ],
  }),
};
