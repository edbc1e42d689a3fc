import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLlm, failureOf, TEST_KEY, type StandaloneLlm } from '../support/llm.js';
import { sendJson, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  const own = { apiKey: TEST_KEY, baseURL: upstream.baseURL, retry: { maxRetries: 1, baseDelay: 0 } };
  llm = createLlm({ providers: { openai: own, anthropic: own, gemini: own, groq: own, cohere: own } });
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

describe('models()', () => {
  it.each(['openai', 'groq'])("lists %s's by one GET without a body", async (provider) => {
    upstream.answer((_request, response) =>
      sendJson(response, {
        object: 'list',
        data: [
          { id: 'a', object: 'model', created: 5, owned_by: 'them', extra: 1 },
          { id: 'org/b', object: 'model' },
        ],
      }),
    );
    const { object, data, meta } = await llm.models(provider);
    expect({ object, data }).toEqual({
      object: 'list',
      data: [
        { id: `${provider}/a`, object: 'model', created: 5, owned_by: 'them' },
        { id: `${provider}/org/b`, object: 'model', created: 0, owned_by: '' },
      ],
    });
    expect(meta).toMatchObject({ provider, origin: upstream.origin });
    const [request] = upstream.requests;
    expect(request).toMatchObject({ method: 'GET', path: '/v1/models' });
    expect(request!.headers).not.toHaveProperty('content-type');
    expect(request!.headers.authorization).toBe(`Bearer ${TEST_KEY}`);
  });

  it("reads all of Anthropic's pages", async () => {
    upstream.answer(({ path }, response) =>
      sendJson(
        response,
        path.includes('after_id=a')
          ? { data: [{ type: 'model', id: 'b', created_at: '2026-01-01T00:00:00Z' }], has_more: false }
          : { data: [{ type: 'model', id: 'a', created_at: 'soon' }], has_more: true, last_id: 'a' },
      ),
    );
    const { data } = await llm.models('anthropic');
    expect(data).toEqual([
      { id: 'anthropic/a', object: 'model', created: 0, owned_by: 'anthropic' },
      { id: 'anthropic/b', object: 'model', created: 1767225600, owned_by: 'anthropic' },
    ]);
    expect(upstream.requests.map(({ path }) => path)).toEqual([
      '/v1/models?limit=1000',
      '/v1/models?limit=1000&after_id=a',
    ]);
  });

  it("reads Gemini's names", async () => {
    upstream.answer(({ path }, response) =>
      sendJson(
        response,
        path.includes('pageToken=n%2F2')
          ? { models: [{ name: 'models/gemini-b' }] }
          : { models: [{ name: 'models/gemini-a', displayName: 'A' }], nextPageToken: 'n/2' },
      ),
    );
    const { data } = await llm.models('gemini');
    expect(data.map(({ id }) => id)).toEqual(['gemini/gemini-a', 'gemini/gemini-b']);
  });

  it('is tried again as other calls are, and fails typed', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'busy' } }, 503));
    expect(await failureOf(llm.models('openai'))).toMatchObject({ name: 'ServiceUnavailableError' });
    expect(upstream.requests).toHaveLength(2);
    upstream.answer((_request, response) => sendJson(response, { data: [{ name: 5 }], models: [{ id: 5 }] }));
    for (const provider of ['openai', 'anthropic', 'gemini']) {
      expect(await failureOf(llm.models(provider))).toMatchObject({ name: 'APIResponseValidationError' });
    }
    expect(await failureOf(llm.models('cohere'))).toMatchObject({ code: 'unsupported_operation' });
    expect(await failureOf(llm.models('nobody'))).toMatchObject({ name: 'UnknownProviderError' });
  });

  it('ends when the list never does', async () => {
    upstream.answer((_request, response) => sendJson(response, { models: [], nextPageToken: 'again' }));
    expect(await failureOf(llm.models('gemini'))).toMatchObject({ code: 'too_many_pages' });
    expect(upstream.requests).toHaveLength(100);
  });
});
