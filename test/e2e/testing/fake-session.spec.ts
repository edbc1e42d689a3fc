import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_ADAPTERS } from '../../../lib/catalog.js';
import { LlmHandler, LlmService, type ChatCompletionChunk, type LlmOptions } from '../../../lib/index.js';
import { FakeHttpSession, UnexpectedRequestError } from '../../../lib/testing/index.js';
import { MESSAGES, failureOf, withEnv } from '../../support/llm.js';

const over = (fake: FakeHttpSession, options: LlmOptions = {}) =>
  new LlmService(new LlmHandler({ session: fake }), options);

const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
];

async function textsOf(stream: AsyncIterable<ChatCompletionChunk>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { choices } of stream) {
    const content = choices[0]?.delta.content;
    if (typeof content === 'string' && content !== '') texts.push(content);
  }
  return texts;
}

const chats = BUILT_IN_ADAPTERS.filter(
  ({ completion, operations }) => (completion ?? operations?.chat) !== undefined,
).map(({ provider }) => provider);

/** Models whose wire is not that of their provider's others. */
const OTHER_WIRES = [
  'vertex_ai/claude-sonnet-4-5',
  'vertex_ai/mistral-large',
  'vertex_ai/meta/llama-4',
  'azure_ai/claude-sonnet-4-5',
  'bedrock_mantle/anthropic.claude-sonnet-4-5',
  'snowflake/claude-4-sonnet',
  'openai/o3-pro',
];

describe.each([...chats.map((provider) => `${provider}/test-model`), ...OTHER_WIRES])('%s', (model) => {
  it('is answered without a key, whole and streamed, with reasoning, tool calls and usage', async () => {
    const fake = new FakeHttpSession();
    fake
      .on(model)
      .reply(['Hel', 'lo'])
      .reply(['Hel', 'lo'])
      .reply({ toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }], usage: { prompt_tokens: 9 } })
      .reply({ toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] })
      .reply({ content: 'cut', finishReason: 'length', reasoning: ['hm', 'm'] });
    const service = over(fake);
    const whole = await service.completion({ model, messages: MESSAGES });
    expect(whole.choices[0]).toMatchObject({ message: { content: 'Hello' }, finish_reason: 'stop' });
    expect(whole.usage).toMatchObject({ prompt_tokens: 1, completion_tokens: 2 });
    const stream = await service.completion({ model, messages: MESSAGES, stream: true });
    expect(await textsOf(stream)).toEqual(['Hel', 'lo']);

    const request = { model, messages: MESSAGES, tools: TOOLS };
    const called = await service.completion(request);
    const call = { type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } };
    expect(called.choices[0]).toMatchObject({ message: { tool_calls: [call] }, finish_reason: 'tool_calls' });
    expect(called.usage).toMatchObject({ prompt_tokens: 9 });
    const calls = await (await service.completion({ ...request, stream: true })).final();
    expect(calls.choices[0]).toMatchObject({ message: { tool_calls: [call] }, finish_reason: 'tool_calls' });

    const cut = await (await service.completion({ model, messages: MESSAGES, stream: true })).final();
    expect(cut.choices[0]).toMatchObject({
      message: { content: 'cut', reasoning_content: 'hmm' },
      finish_reason: 'length',
    });
    fake.assertDone();
    expect(fake.active).toBe(0);
    expect(fake.requests.map(({ provider, stream }) => [provider, stream])).toEqual(
      [false, true, false, true, true].map((streamed) => [model.split('/')[0], streamed]),
    );
  });

  it('fails with the status that is asked for, and is asked again', async () => {
    const fake = new FakeHttpSession();
    fake.on(model).fail(429, { retryAfter: 0 }).fail(401, { message: 'no such key' });
    const error = await failureOf(over(fake).completion({ model, messages: MESSAGES }));
    expect(error).toMatchObject({ name: 'AuthenticationError', status: 401 });
    expect(error.message).toContain('no such key');
    expect(error.attempts.map(({ status }) => status)).toEqual([429, 401]);
  });
});

const embedders = BUILT_IN_ADAPTERS.filter(
  ({ embedding, operations }) => (embedding ?? operations?.embeddings) !== undefined,
).map(({ provider }) => `${provider}/test-embedding`);
const OTHER_EMBEDDINGS = [
  'bedrock/cohere.embed-english-v3',
  'bedrock/amazon.nova-2-multimodal-embeddings-v1:0',
  'bedrock/twelvelabs.marengo-embed-2-7-v1:0',
  'vertex_ai/gemini-embedding-001',
  'vertex_ai/gemini-embedding-2',
];

it.each([...embedders, ...OTHER_EMBEDDINGS])('embeds as %s', async (model) => {
  const fake = new FakeHttpSession();
  fake.reply('a text, which no embedding takes');
  fake.on({ operation: 'embeddings' }).reply({ embedding: [1, -1] });
  const { data } = await over(fake).embedding({ model, input: ['a', 'b'] });
  expect(data.map(({ embedding }) => [...embedding])).toEqual([
    [1, -1],
    [1, -1],
  ]);
});

const listers = BUILT_IN_ADAPTERS.filter(({ operations }) => operations?.models !== undefined);
it.each(listers.map(({ provider }) => provider))('lists the models of %s', async (provider) => {
  const fake = new FakeHttpSession();
  fake.on({ provider }).reply({ models: ['a', 'b'] });
  const { data } = await over(fake).models(provider);
  expect(data.map(({ id }) => id)).toEqual([`${provider}/a`, `${provider}/b`]);
});

describe('rules', () => {
  const ask = (fake: FakeHttpSession, model: string, content = 'q') =>
    over(fake)
      .completion({ model, messages: [{ role: 'user', content }] })
      .then(({ choices }) => choices[0]!.message.content);

  it('are by model, wire, regular expression and predicate, in their order, and the last answer stays', async () => {
    const fake = new FakeHttpSession();
    fake.on((request) => request.body.messages?.[0].content === 'long').reply('predicate');
    fake.on('openai/gpt-4o').reply('first').reply('second');
    fake.on(/gpt/g).reply('expression').once();
    fake.on({ wire: 'anthropic' }).reply('wire');
    fake.on('gpt-4o').reply('any provider');
    expect(await ask(fake, 'openai/gpt-4o', 'long')).toBe('predicate');
    expect(await ask(fake, 'openai/gpt-4o')).toBe('first');
    expect(await ask(fake, 'openai/gpt-4o')).toBe('second');
    expect(await ask(fake, 'openai/gpt-4o')).toBe('second');
    expect(await ask(fake, 'azure/gpt-4o')).toBe('expression');
    expect(await ask(fake, 'azure/gpt-4o')).toBe('any provider');
    expect(await ask(fake, 'anthropic/claude-sonnet-4-5')).toBe('wire');
    fake.assertDone();
  });

  it('answer by a function of the request', async () => {
    const fake = new FakeHttpSession();
    fake.reply(async ({ body, model }) => `${model} was asked ${body.messages[0].content}`);
    expect(await ask(fake, 'openai/gpt-4o', 'why')).toBe('gpt-4o was asked why');
  });

  it('say of an unexpected request what was expected, at once', async () => {
    const fake = new FakeHttpSession();
    fake.on('anthropic/claude-sonnet-4-5').reply('x').once();
    fake.on(/gemini/).reply('y');
    const error = await failureOf(ask(fake, 'openai/gpt-4o'));
    expect(error).toBeInstanceOf(UnexpectedRequestError);
    expect(error.attempts).toHaveLength(1);
    expect(error.message).toBe(
      'openai: unexpected request POST /v1/chat/completions (openai/gpt-4o, wire openai, chat): no rule is for it; there are: on model "anthropic/claude-sonnet-4-5"; on model /gemini/. Add one with on(...).reply(...)',
    );
    expect(() => fake.assertDone()).toThrow(
      /not asked for: model "anthropic\/claude-sonnet-4-5": used 0 of 1 times\nnot asked for: .*\nunexpected request POST/,
    );
  });

  it.each([
    ['a function that throws', () => Promise.reject(new Error('broken test')), 'broken test'],
    ['an answer to something else', () => ({ embedding: [1] }), 'one to embeddings'],
  ])('fail at once by %s', async (_name, answer, said) => {
    const fake = new FakeHttpSession();
    fake.reply(answer);
    const error = await failureOf(ask(fake, 'openai/gpt-4o'));
    expect(error).toBeInstanceOf(UnexpectedRequestError);
    expect(error.message).toContain(said);
    expect(error.attempts).toHaveLength(1);
  });

  it('know custom bodies', async () => {
    const fake = new FakeHttpSession();
    const event = { choices: [{ index: 0, delta: { content: 'raw' }, finish_reason: 'stop' }] };
    fake.reply({ body: [`data: ${JSON.stringify(event)}\n\n`, 'data: [DONE]\n\n'] });
    const stream = await over(fake).completion({ model: 'openai/x', messages: MESSAGES, stream: true });
    expect(await textsOf(stream)).toEqual(['raw']);
  });
});

describe('faults', () => {
  const once = { defaults: { retry: { maxRetries: 0 } } };

  it.each(['openai/x', 'anthropic/x', 'gemini/x', 'bedrock/x', 'cohere/x', 'ollama/x', 'openai/o3-pro'])(
    'of a stream of %s come after as many pieces as were said',
    async (model) => {
      const fake = new FakeHttpSession();
      fake
        .on(model)
        .reply(['a', 'b', 'c'])
        .breakAfter(2)
        .reply(['a', 'b', 'c'])
        .truncateAfter(1)
        .reply(['a', 'b', 'c'])
        .stallAfter(2);
      const run = async (options = {}) => {
        const texts: string[] = [];
        const stream = await over(fake, once).completion(
          { model, messages: MESSAGES, stream: true },
          options,
        );
        const error = await failureOf(
          (async () => {
            for await (const { choices } of stream)
              if (choices[0]?.delta.content) texts.push(choices[0].delta.content);
          })(),
        );
        return { texts: texts.join(''), error };
      };
      expect(await run()).toMatchObject({ texts: 'ab', error: { name: 'StreamInterruptedError' } });
      expect(await run()).toMatchObject({ texts: 'a', error: { name: 'StreamInterruptedError' } });
      expect(await run({ timeout: { idle: 50 } })).toMatchObject({
        texts: 'ab',
        error: { name: 'APITimeoutError', phase: 'idle' },
      });
      expect(fake.requests.map(({ aborted }) => aborted)).toEqual([false, false, true]);
      expect(fake.active).toBe(0);
    },
  );

  it('of an answer that is not streamed are in the middle of its body', async () => {
    const fake = new FakeHttpSession();
    fake.reply('abc').breakAfter(1).reply('abc').truncateAfter(1).reply('abc').stallAfter(1);
    const ask = (options = {}) =>
      failureOf(over(fake, once).completion({ model: 'openai/x', messages: MESSAGES }, options));
    expect(await ask()).toMatchObject({ name: 'APIConnectionError', phase: 'body' });
    expect(await ask()).toMatchObject({ name: 'APIResponseValidationError' });
    expect(await ask({ timeout: { total: 50 } })).toMatchObject({ name: 'APITimeoutError' });
  });

  it('are refused connections, which are tried again', async () => {
    const fake = new FakeHttpSession();
    fake.on().refuse().refuse('ENOTFOUND').reply('there');
    const service = over(fake, { defaults: { retry: { baseDelay: 0 } } });
    const { meta } = await service.completion({ model: 'openai/x', messages: MESSAGES });
    expect(meta.attempts).toHaveLength(3);
  });

  it('are delays, which an abort ends', async () => {
    const fake = new FakeHttpSession();
    fake.reply(['a', 'b'], { delayMs: 60_000, firstDelayMs: 0 });
    const left = new AbortController();
    const stream = await over(fake).completion(
      { model: 'openai/x', messages: MESSAGES, stream: true },
      { signal: left.signal },
    );
    const failed = failureOf(stream.final());
    expect(fake.active).toBe(1);
    left.abort();
    expect((await failed).name).toBe('APIUserAbortError');
    expect(fake.requests[0]!.aborted).toBe(true);
    expect(fake.active).toBe(0);
  });
});

describe('credentials', () => {
  const SECRETS = {
    OPENAI_API_KEY: 'sk-from-the-environment',
    AWS_PROFILE: 'a-profile-that-is-not-there',
    AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-environment',
    VERTEXAI_CREDENTIALS: '/there/is/no/such/file',
    AZURE_API_KEY: 'azure-from-the-environment',
  };

  it('of the environment are not even read', async () => {
    await withEnv(SECRETS, async () => {
      const fake = new FakeHttpSession();
      fake.reply('x');
      for (const provider of ['openai', 'bedrock', 'vertex_ai', 'azure'])
        await over(fake).completion({ model: `${provider}/x`, messages: MESSAGES });
      expect(JSON.stringify(fake.requests)).not.toMatch(/environment/i);
      expect(fake.requests).toHaveLength(4);
    });
  });

  it('of the options are shown by their header only', async () => {
    const fake = new FakeHttpSession();
    fake.reply('x');
    const service = over(fake, {
      providers: {
        anthropic: { apiKey: 'sk-ant-secret', headers: { 'x-tenant': 'acme', cookie: 'a=b' } },
        gemini: {
          apiKey: () => Promise.reject(new Error('no vault in a test')),
          baseURL: 'https://g/v1?key=secret',
        },
      },
    });
    await service.completion({ model: 'anthropic/x', messages: MESSAGES });
    await service.completion({ model: 'gemini/x', messages: MESSAGES }, { apiKey: 'secret-of-a-call' });
    expect(fake.requests[0]!.headers).toMatchObject({
      'x-api-key': '***',
      cookie: '***',
      'x-tenant': 'acme',
    });
    expect(fake.requests[1]!.path).toContain('key=***');
    expect(JSON.stringify(fake.requests)).not.toContain('secret');
  });

  it('are needed again when a real session follows', async () => {
    const fake = new FakeHttpSession();
    fake.reply('x');
    const real = { dispatch: () => true, close: async () => {}, destroy: async () => {} };
    const service = over(fake);
    await service.completion({ model: 'openai/x', messages: MESSAGES });
    await withEnv({ OPENAI_API_KEY: undefined }, async () => {
      const call = service.completion({ model: 'openai/x', messages: MESSAGES }, { session: real });
      expect((await failureOf(call)).code).toBe('missing_api_key');
    });
  });
});
