import { formats } from '../formats/index.js';

/**
 * Who does the work. Each module opens itself for one row and gives functions by operation; an operation that it does
 * not offer is absent.
 *
 * @typedef {object} Context
 * @property {import('../rows.js').Row} row
 * @property {string} origin the upstream
 * @property {string} baseURL the upstream with the row's prefix
 * @property {typeof import('undici')} undici of the major under test
 * @property {string} [build] URL of another build of this package, to compare with
 * @property {import('undici').Agent} agent made once; every contender that can take it gets it
 *
 * @typedef {(onFirst?: () => void) => Promise<import('../rows.js').Outcome>} Operation `onFirst` is called at the
 *   first piece with content
 *
 * @typedef {object} Contender
 * @property {string} title
 * @property {readonly string[]} packages whose versions the report names
 * @property {boolean} [countsOnly] it reads no content: only the number of bytes is checked
 * @property {number} [share] of the calls that the others make: its unit costs tens of times theirs
 * @property {readonly string[]} providers wire formats that it is measured on
 * @property {() => Promise<{ open(context: Context): Promise<Partial<Record<string, Operation>>> }>} load
 */

const OPENAI = ['openai'];
const EVERY = Object.keys(formats);

/** @type {Readonly<Record<string, Contender>>} */
export const contenders = {
  'dispatch-empty': {
    title: 'undici dispatch(), empty handler',
    packages: ['undici'],
    countsOnly: true,
    providers: EVERY,
    load: async () => (await import('./undici.js')).emptyDispatch,
  },
  dispatch: {
    title: 'undici dispatch(), minimal handler',
    packages: ['undici', 'eventsource-parser'],
    providers: EVERY,
    load: async () => (await import('./undici.js')).dispatch,
  },
  request: {
    title: 'undici.request',
    packages: ['undici', 'eventsource-parser'],
    providers: EVERY,
    load: async () => (await import('./undici.js')).request,
  },
  'nestjs-llm': {
    title: 'nestjs-llm: LlmService in a Nest app',
    packages: ['nestjs-llm'],
    providers: EVERY,
    load: async () => (await import('./nestjs-llm.js')).service,
  },
  'nestjs-llm-before': {
    title: 'nestjs-llm: the build of --against',
    packages: [],
    providers: EVERY,
    load: async () => (await import('./nestjs-llm.js')).earlier,
  },
  'nestjs-llm-handler': {
    title: 'nestjs-llm: LlmHandler alone',
    packages: ['nestjs-llm', 'eventsource-parser'],
    providers: EVERY,
    load: async () => (await import('./nestjs-llm.js')).handler,
  },
  fetch: {
    title: 'undici.fetch',
    packages: ['undici', 'eventsource-parser'],
    providers: OPENAI,
    load: async () => (await import('./undici.js')).fetch,
  },
  openai: {
    share: 0.1,
    title: 'openai, global fetch',
    packages: ['openai'],
    providers: OPENAI,
    load: async () => (await import('./openai.js')).onGlobalFetch,
  },
  'openai-undici': {
    share: 0.1,
    title: 'openai, undici.fetch',
    packages: ['openai', 'undici'],
    providers: OPENAI,
    load: async () => (await import('./openai.js')).onUndici,
  },
  'ai-sdk': {
    share: 0.1,
    title: 'ai + @ai-sdk/openai',
    packages: ['ai', '@ai-sdk/openai'],
    providers: OPENAI,
    load: () => import('./ai-sdk.js'),
  },
  langchain: {
    share: 0.1,
    title: '@langchain/openai',
    packages: ['@langchain/openai', '@langchain/core'],
    providers: OPENAI,
    load: () => import('./langchain.js'),
  },
  'nest-axios': {
    title: '@nestjs/axios',
    packages: ['@nestjs/axios', 'axios', 'eventsource-parser'],
    providers: OPENAI,
    load: () => import('./nest-axios.js'),
  },
  anthropic: {
    share: 0.1,
    title: '@anthropic-ai/sdk',
    packages: ['@anthropic-ai/sdk'],
    providers: ['anthropic'],
    load: () => import('./anthropic.js'),
  },
  'google-genai': {
    share: 0.1,
    title: '@google/genai',
    packages: ['@google/genai'],
    providers: ['gemini'],
    load: () => import('./google-genai.js'),
  },
  'aws-sdk': {
    share: 0.1,
    title: '@aws-sdk/client-bedrock-runtime',
    packages: ['@aws-sdk/client-bedrock-runtime', '@smithy/node-http-handler'],
    providers: ['bedrock'],
    load: () => import('./aws-sdk.js'),
  },
};

/** @returns whether a contender is measured on a row */
export const takesPart = (name, row) => contenders[name].providers.includes(row.provider);
