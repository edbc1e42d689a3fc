import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LlmError, type LlmOptions } from '../../../lib/index.js';
import { createLlm, failureOf, MESSAGES, type StandaloneLlm } from '../../support/llm.js';
import { sendJson, startUpstream, type Upstream } from '../../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;
beforeEach(async () => {
  upstream = await startUpstream((_request, response) => sendJson(response, {}, 400));
  llm = createLlm(optionsOf(upstream.origin));
});
afterEach(async () => {
  await llm.close();
  await upstream.close();
});

function optionsOf(origin: string): LlmOptions {
  const apiKey = 'key-of-the-test';
  return {
    providers: {
      gemini: { apiKey, baseURL: `${origin}/base/v1beta` },
      vertex_ai: { accessToken: apiKey, project: 'p', location: 'l', baseURL: `${origin}/base/v1` },
      azure: { apiKey, apiVersion: '2024-10-21', baseURL: `${origin}/base` },
      bedrock: { apiKey, baseURL: `${origin}/base` },
    },
    defaults: { retry: { maxRetries: 0 } },
  };
}

/** Beginnings of the paths of models, and names at which each adapter takes a way of its own. */
const PLACES: Readonly<Record<string, { root: string; names: readonly string[] }>> = {
  gemini: { root: '/base/v1beta/', names: ['', 'tunedModels/'] },
  vertex_ai: {
    root: '/base/v1/projects/p/locations/l/',
    names: ['', 'claude', 'anthropic/claude', 'google/', 'publishers/', 'endpoints/', 'models/'],
  },
  azure: { root: '/base/openai/deployments/', names: ['', 'gpt-5'] },
  bedrock: { root: '/base/model/', names: ['', 'converse/', 'amazon.titan-embed', 'arn:aws:bedrock:x:1:y/'] },
};

const LEADING_OUT = [
  '..',
  '../..',
  'x/../y',
  './x',
  'x//y',
  'x/',
  'a?b=c',
  'a#b',
  'a%2e%2e',
  '%2e%2e/x',
  '..\\x',
  'a b',
  'a\r\nb: c',
  'a\u0000',
  'a\u007f',
  'a\ud800',
];

describe.each(Object.entries(PLACES))('a model of %s', (provider, { root, names }) => {
  const cases = names.flatMap((name) => LEADING_OUT.map((out) => `${provider}/${name}${out}`));

  it.each(cases)('%j is refused, or stays in its path', async (model) => {
    const calls = [
      llm.completion({ model, messages: MESSAGES }),
      llm.completion({ model, messages: MESSAGES, stream: true }),
      llm.embedding({ model, input: 'a' }),
    ];
    // All at once: a call that failed while another was waited for would be a rejection that nobody handles.
    for (const error of await Promise.all(calls.map(failureOf))) expect(error).toBeInstanceOf(LlmError);
    for (const { path } of upstream.requests) {
      // As a server reads it that decodes a path before it resolves its dots.
      const { pathname, search } = new URL(`http://host${decodeURIComponent(path)}`);
      expect(pathname.slice(0, root.length)).toBe(root);
      expect(search).toBe(provider === 'azure' ? '?api-version=2024-10-21' : '');
    }
  });

  it('with the marks that names have is called', async () => {
    await failureOf(llm.completion({ model: `${provider}/name-1.5_v2:0@001~x`, messages: MESSAGES }));
    const [{ path } = { path: '' }] = upstream.requests;
    expect(path.startsWith(root)).toBe(true);
    expect(decodeURIComponent(path)).toContain('name-1.5_v2:0@001~x');
  });
});
