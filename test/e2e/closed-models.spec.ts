import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BadRequestError, LlmConfigurationError, type LlmOptions } from '../../lib/index.js';
import { createLlm, failureOf, MESSAGES, optionsFor, TEST_KEY, type StandaloneLlm } from '../support/llm.js';
import { answerText, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm | undefined;
beforeEach(async () => {
  upstream = await startUpstream(answerText());
});
afterEach(async () => {
  await llm?.close();
  await upstream.close();
});

function make(allow: readonly string[] | undefined, rest: LlmOptions = {}): StandaloneLlm {
  const { baseURL } = upstream;
  const openrouter = { apiKey: TEST_KEY, baseURL };
  return (llm = createLlm({ ...optionsFor(upstream, {}, { providers: { openrouter } }), ...rest, allow }));
}

const ask = (service: StandaloneLlm, model: string, more: object = {}) =>
  service.completion({ model, messages: MESSAGES, ...more });

describe('models that are allowed', () => {
  it.each([
    [undefined, 'openai/any'],
    [['openai/gpt-5'], 'openai/gpt-5'],
    // Without a prefix it is the default provider's, in the option as in the request.
    [['gpt-5'], 'openai/gpt-5'],
    [['openai/gpt-5'], 'gpt-5'],
    [['openai/gpt-5*'], 'openai/gpt-5-mini'],
    [['anthropic', 'openai'], 'openai/any'],
    [['openai/*'], 'openai/any'],
    [['openrouter/openai/*'], 'openrouter/openai/gpt-5'],
  ])('%j lets %s through', async (allow, model) => {
    expect((await ask(make(allow), model)).choices).toHaveLength(1);
  });

  it.each([
    [[], 'openai/gpt-5'],
    [['openai/gpt-5'], 'openai/gpt-5-mini'],
    [['openai/gpt-5'], 'openai/gpt'],
    [['openai/gpt-5'], 'openai/GPT-5'],
    [['openai/gpt-5*'], 'openai/gpt-4'],
    [['anthropic'], 'openai/claude-3'],
    [['openai'], 'openrouter/openai/gpt-5'],
  ])('%j sends nothing for %s', async (allow, model) => {
    const error = await failureOf(ask(make(allow), model));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'model_not_allowed', param: 'model' });
    expect(error.message).toContain(model);
    expect(upstream.requests).toHaveLength(0);
  });

  it('count for embeddings, streams and fallbacks', async () => {
    const service = make(['openai/gpt-5']);
    const calls = [
      service.embedding({ model: 'openai/embed', input: 'a' }),
      ask(service, 'openai/other', { stream: true }),
    ];
    for (const call of calls) expect(await failureOf(call)).toMatchObject({ code: 'model_not_allowed' });
    expect(upstream.requests).toHaveLength(0);
    upstream.answer((_request, response) => {
      response.writeHead(503).end();
    });
    const fallen = service.completion(
      { model: 'openai/gpt-5', messages: MESSAGES },
      { retry: { maxRetries: 0 }, fallbacks: ['openai/other'] },
    );
    expect(await failureOf(fallen)).toMatchObject({ code: 'model_not_allowed' });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    { models: ['a/b', 'c/d'] },
    { providerOptions: { openrouter: { models: ['c/d'] } } },
    { providerOptions: { openrouter: { fallbacks: [{ 'a/b': ['c/d'] }] } } },
    { fallbacks: [{ model: 'c/d' }] },
  ])('count for the further models of a gateway: %j', async (more) => {
    const error = await failureOf(ask(make(['openrouter/a/b']), 'openrouter/a/b', more));
    expect(error).toMatchObject({ code: 'model_not_allowed' });
    expect(error.message).toContain('openrouter/c/d');
    expect(upstream.requests).toHaveLength(0);
  });

  it('have to be of a provider that there is', () => {
    expect(() => make(['opnai/gpt-5'])).toThrow(LlmConfigurationError);
    expect(() => make(['opnai/gpt-5'])).toThrow('allow: ');
  });
});

it('providerOptions cannot name another model', async () => {
  const service = make(undefined);
  const providerOptions = { openai: { model: 'gpt-expensive' } };
  for (const call of [
    ask(service, 'openai/gpt-5', { providerOptions }),
    service.embedding({ model: 'openai/embed', input: 'a', providerOptions }),
  ]) {
    expect(await failureOf(call)).toMatchObject({
      name: 'BadRequestError',
      param: 'providerOptions.openai.model',
    });
  }
  expect(upstream.requests).toHaveLength(0);
});
