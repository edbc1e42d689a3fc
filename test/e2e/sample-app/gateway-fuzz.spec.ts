import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fuzzParameters, FUZZ_LIMIT_MS, SEED } from '../../support/fuzz.js';
import { byteMutation, mutateBytes } from '../../support/mutations.js';
import { mutations, REQUEST, spoiltText } from '../../support/spoilt-requests.js';
import { answerText, sendJson, startUpstream, type Upstream } from '../../support/upstream.js';
import { ADAPTERS, openAIAt, startSample, type Sample } from './support/sample.js';

/** 10 s: an answer that takes longer does not come. */
const HANGS_MS = 10_000;

const EMBEDDING = {
  object: 'list',
  model: 'm',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
};

describe.each(ADAPTERS)(`whatever is posted to the gateway on %s, with the seed ${SEED}`, (adapter) => {
  let upstream: Upstream;
  let sample: Sample;

  beforeAll(async () => {
    upstream = await startUpstream();
    upstream.answer((request, response) =>
      request.path.endsWith('/embeddings') ? sendJson(response, EMBEDDING) : answerText()(request, response),
    );
    sample = await startSample(
      { adapter },
      { ...openAIAt(upstream), LLM_MODELS: 'openai/test-model, openai/embed' },
    );
  });

  afterAll(async () => {
    await sample.close();
    await upstream.close();
  });

  const answered = async (path: string, body: Buffer | string): Promise<void> => {
    const response = await fetch(sample.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body as string,
      signal: AbortSignal.timeout(HANGS_MS),
    });
    const text = await response.text();
    // The upstream answers well, so that whatever fails is the request's fault.
    if (response.status >= 500) throw new Error(`${response.status}: ${text.slice(0, 1000)}`);
    if (response.status >= 400) expect(JSON.parse(text)).toHaveProperty('error.message');
  };

  it.each([
    ['/v1/chat/completions', { ...REQUEST, providerOptions: undefined, model: 'openai/test-model' }],
    ['/v1/chat/completions', { ...REQUEST, stream: true, model: 'openai/test-model' }],
    ['/v1/embeddings', { model: 'openai/embed', input: ['a'], encoding_format: 'base64', dimensions: 2 }],
  ])(
    '%s is answered, or refused as the fault of the client',
    async (path, plain) => {
      await fc.assert(
        fc.asyncProperty(
          mutations,
          fc.array(byteMutation, { maxLength: 2 }),
          fc.boolean(),
          (by, bytes, ofBytes) => {
            const body = Buffer.from(spoiltText(plain, by));
            return answered(path, ofBytes ? bytes.reduce(mutateBytes, body) : body);
          },
        ),
        fuzzParameters(0.1),
      );
      upstream.requests.length = 0;
    },
    FUZZ_LIMIT_MS,
  );
});
