import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AuthenticationError,
  BadRequestError,
  LlmConfigurationError,
  LlmHandler,
  LlmService,
  UnknownProviderError,
  UnsupportedParamsError,
  type ChatCompletion,
  type HttpSession,
  type LlmOptions,
  type ProviderAdapter,
} from '../../lib/index.js';
import { PROVIDER_ALIASES } from '../../lib/catalog.js';
import { COMPATIBLE_PROVIDERS, type CompatibleProvider } from '../../lib/providers/compatible.js';
import {
  MESSAGES,
  REQUEST,
  STREAMED,
  TEST_KEY,
  createLlm,
  failureOf,
  optionsFor,
  withEnv,
  type StandaloneLlm,
} from '../support/llm.js';
import { CountingSession } from '../support/sessions.js';
import { TEXT, wireOf } from '../support/provider-wires.js';
import { RecordingSession } from '../support/recording-session.js';
import {
  answerText,
  completionOf,
  sendJson,
  startUpstream,
  type Answer,
  type ReceivedRequest,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

function use(options: LlmOptions = optionsFor(upstream)): void {
  llm = createLlm(options);
}

function last(): ReceivedRequest {
  return upstream.requests.at(-1)!;
}

beforeEach(async () => {
  upstream = await startUpstream();
  use();
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const embeddings: Answer = (_request, response) =>
  sendJson(response, {
    object: 'list',
    model: 'm',
    data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }],
    usage: { prompt_tokens: 1, total_tokens: 1 },
  });

describe('a request', () => {
  it('goes out as OpenAI has it: all fields, the model without its prefix, no options', async () => {
    const request = {
      model: 'openai/gpt/with-slash',
      messages: MESSAGES,
      temperature: 0.3,
      tools: [{ type: 'function' as const, function: { name: 'f', parameters: {} } }],
      unknown_to_us: { kept: true },
    };
    await llm.completion(request, {
      signal: new AbortController().signal,
      timeout: { total: 5000 },
      retry: { maxRetries: 0 },
      fallbacks: [],
      apiKey: 'sk-call',
      baseURL: upstream.baseURL,
      headers: { 'x-call': '1' },
      dropParams: true,
    });
    expect(last().method).toBe('POST');
    expect(last().path).toBe('/v1/chat/completions');
    expect(last().body).toEqual({ ...request, model: 'gpt/with-slash' });
    expect(last().headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      'x-call': '1',
      authorization: 'Bearer sk-call',
    });
    expect(request.model).toBe('openai/gpt/with-slash');
  });

  it('of a stream asks for events', async () => {
    await (await llm.completion(STREAMED)).final();
    expect(last().headers.accept).toBe('text/event-stream');
    expect(last().body).toEqual({
      ...STREAMED,
      model: 'test-model',
      stream_options: { include_usage: true },
    });
  });

  it.each([
    ['a bare name', undefined, 'gpt-4o', 'Bearer sk-openai', 'gpt-4o'],
    ['a prefix', undefined, 'groq/llama', 'Bearer sk-groq', 'llama'],
    ['a bare name with defaults.provider', { provider: 'groq' }, 'llama', 'Bearer sk-groq', 'llama'],
    ['defaults.model', { model: 'groq/default' }, undefined, 'Bearer sk-groq', 'default'],
  ])('is routed by %s', async (_name, defaults, model, authorization, sent) => {
    const { baseURL } = upstream;
    use({
      defaults,
      providers: { openai: { apiKey: 'sk-openai', baseURL }, groq: { apiKey: 'sk-groq', baseURL } },
    });
    const { meta } = await llm.completion({ model, messages: MESSAGES });
    expect(last().headers.authorization).toBe(authorization);
    expect(last().body.model).toBe(sent);
    expect(meta.model).toBe(sent);
  });

  it.each<[string, object, typeof BadRequestError, RegExp]>([
    [
      'an unknown prefix',
      { model: 'opnai/x' },
      UnknownProviderError,
      /no provider "opnai"; did you mean openai/,
    ],
    [
      'a far prefix',
      { model: 'zzzzzzzzz/x' },
      UnknownProviderError,
      /no provider "zzzzzzzzz"; known are openai, .*groq.*adapters/,
    ],
    ['no model', { model: undefined }, BadRequestError, /model is missing.*defaults\.model/],
    [
      'a prefix of the prototype',
      { model: 'constructor/x' },
      UnknownProviderError,
      /no provider "constructor"/,
    ],
    ['an empty model', { model: '' }, BadRequestError, /model is missing/],
    ['a model of the wrong type', { model: 5 }, BadRequestError, /model is missing/],
    ['a prefix alone', { model: 'openai/' }, BadRequestError, /has no name after its provider/],
    ['no messages', { messages: undefined }, BadRequestError, /messages is not an array/],
    ['messages that are a text', { messages: 'Hi' }, BadRequestError, /messages is not an array/],
    ['empty messages', { messages: [] }, BadRequestError, /messages is empty/],
  ])('with %s is refused before anything is sent', async (_name, wrong, type, message) => {
    const error = await failureOf(llm.completion({ ...REQUEST, ...wrong } as never));
    expect(error.constructor).toBe(type);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ phase: 'request', attempts: [], type: 'invalid_request_error' });
    expect(upstream.requests).toHaveLength(0);
  });

  it.each(Object.entries(PROVIDER_ALIASES))('goes by the prefix %s to %s', async (alias, provider) => {
    const { answer, options } = wireOf(provider);
    const session = new RecordingSession(answer);
    use({ providers: { [provider]: options } });
    const { meta, choices } = await llm.completion({ model: `${alias}/m`, messages: MESSAGES }, { session });
    expect(choices[0]!.message.content).toBe(TEXT.join(''));
    expect(meta).toMatchObject({ provider, model: 'm' });
    use({ defaults: { provider: alias }, providers: { [provider]: options } });
    expect((await llm.completion({ model: 'm', messages: MESSAGES }, { session })).meta.provider).toBe(
      provider,
    );
  });

  it('for what a provider does not offer is refused', async () => {
    const options = { apiKey: TEST_KEY, baseURL: upstream.baseURL };
    const errors = [
      await failureOf(llm.embedding({ model: 'groq/x', input: 'a' }, options)),
      await failureOf(llm.completion({ model: 'voyage/x', messages: MESSAGES }, options)),
    ];
    for (const error of errors) expect(error).toMatchObject({ code: 'unsupported_operation' });
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('groq has no embeddings'),
      expect.stringContaining('voyage has no chat completions'),
    ]);
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('a key', () => {
  it.each<[string, Record<string, string>, string]>([
    ['openai', { OPENAI_API_KEY: 'sk-1' }, 'sk-1'],
    ['groq', { GROQ_API_KEY: 'sk-2' }, 'sk-2'],
    ['together_ai', { TOGETHER_AI_TOKEN: 'sk-3' }, 'sk-3'],
    ['together_ai', { TOGETHER_AI_TOKEN: 'sk-3', TOGETHER_API_KEY: 'sk-4' }, 'sk-4'],
  ])('of %s comes from the environment: %j', async (provider, env, key) => {
    use({});
    await withEnv(env, () =>
      llm.completion({ model: `${provider}/x`, messages: MESSAGES }, { baseURL: upstream.baseURL }),
    );
    expect(last().headers.authorization).toBe(`Bearer ${key}`);
  });

  it('of the options is over that of the environment, and that of the call over both', async () => {
    await withEnv({ OPENAI_API_KEY: 'sk-env' }, async () => {
      await llm.completion(REQUEST);
      expect(last().headers.authorization).toBe(`Bearer ${TEST_KEY}`);
      await llm.completion(REQUEST, { apiKey: 'sk-call' });
      expect(last().headers.authorization).toBe('Bearer sk-call');
      await llm.completion(REQUEST);
      expect(last().headers.authorization).toBe(`Bearer ${TEST_KEY}`);
    });
  });

  it.each([
    ['openai', /openai: no API key; set OPENAI_API_KEY, or providers\.openai\.apiKey/],
    ['fireworks_ai', /set FIREWORKS_API_KEY or FIREWORKS_AI_API_KEY or .*providers\.fireworks_ai\.apiKey/],
  ])('of %s that is missing is an error that names where it belongs', async (provider, message) => {
    use({});
    const unset = { OPENAI_API_KEY: undefined, FIREWORKS_API_KEY: undefined };
    const error = await withEnv(unset, () =>
      failureOf(llm.completion({ model: `${provider}/x`, messages: MESSAGES })),
    );
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ code: 'missing_api_key', provider, attempts: [] });
    expect(error.message).toMatch(message);
  });

  it('that was missing is found when it is there', async () => {
    use({});
    await withEnv({ OPENAI_API_KEY: undefined }, () => failureOf(llm.completion(REQUEST)));
    await withEnv({ OPENAI_API_KEY: 'sk-late' }, () =>
      llm.completion(REQUEST, { baseURL: upstream.baseURL }),
    );
    expect(last().headers.authorization).toBe('Bearer sk-late');
  });

  it.each([
    ['sync', (key: string): string => key],
    ['async', (key: string): Promise<string> => Promise.resolve(key)],
  ])('from a function (%s) is asked for before each attempt', async (_name, give) => {
    let asked = 0;
    use(
      optionsFor(upstream, { apiKey: () => give(`sk-${++asked}`), retry: { maxRetries: 1, baseDelay: 1 } }),
    );
    upstream.answer((request, response) =>
      asked === 1 ? sendJson(response, {}, 503) : answerText()(request, response),
    );
    await llm.completion(REQUEST);
    expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer sk-1',
      'Bearer sk-2',
    ]);
  });

  it.each<[string, () => string | Promise<string>, string]>([
    [
      'throws',
      () => {
        throw new Error('vault');
      },
      'credentials_failed',
    ],
    ['rejects', () => Promise.reject(new Error('vault')), 'credentials_failed'],
    ['gives nothing', () => undefined as never, 'invalid_api_key'],
    ['gives an empty text', () => '', 'invalid_api_key'],
    ['gives a line break', () => 'sk\n', 'invalid_api_key'],
  ])('from a function that %s is a typed error, and nothing is sent', async (_name, apiKey, code) => {
    use(optionsFor(upstream, { apiKey }));
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({ code, provider: 'openai', phase: 'request', retryable: false });
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('headers', () => {
  it('of the call are over those of the provider, and those over the defaults, by any case', async () => {
    use(
      optionsFor(
        upstream,
        { headers: { 'X-B': 'provider', 'X-C': 'provider', 'User-Agent': 'mine' } },
        { defaults: { headers: { 'x-a': 'default', 'x-b': 'default', 'x-c': 'default' } } },
      ),
    );
    for (const request of [REQUEST, STREAMED]) {
      await llm.completion(request, { headers: { 'x-C': 'call' } });
      expect(last().headers).toMatchObject({
        'x-a': 'default',
        'x-b': 'provider',
        'x-c': 'call',
        'user-agent': 'mine',
      });
    }
  });

  it.each([
    ['a string', 'sk-key'],
    ['a function', () => 'sk-key'],
  ])('of the call replace the credentials of the key that is %s', async (_name, apiKey) => {
    use(optionsFor(upstream, { apiKey }));
    await llm.completion(REQUEST, { headers: { Authorization: 'Basic abc' } });
    expect(last().headers.authorization).toBe('Basic abc');
  });

  it.each(['a\r\nx-evil: 1', 'a\nb', 'a\0b', 'snow \u2603'])('with %j are refused', async (value) => {
    const error = await failureOf(llm.completion(REQUEST, { headers: { 'x-a': value } }));
    expect(error).toBeInstanceOf(LlmConfigurationError);
    expect(error).toMatchObject({ code: 'invalid_header', provider: 'openai' });
    expect(error.message).toContain('"x-a"');
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('a base URL', () => {
  it.each([
    ['', '/chat/completions'],
    ['/', '/chat/completions'],
    ['/v1', '/v1/chat/completions'],
    ['/v1/', '/v1/chat/completions'],
    ['/deep/er/v2//', '/deep/er/v2/chat/completions'],
    ['/v1?api-version=5', '/v1/chat/completions?api-version=5'],
  ])('that ends in %j leads to %s', async (end, path) => {
    await llm.completion(REQUEST, { baseURL: upstream.origin + end });
    expect(last().path).toBe(path);
  });

  it.each(['not a url', 'ftp://h/v1', 'https://user:pass@h/v1'])('%s is refused', async (baseURL) => {
    const error = await failureOf(llm.completion(REQUEST, { baseURL }));
    expect(error).toBeInstanceOf(LlmConfigurationError);
    expect(error.message).not.toContain('pass@');
  });

  it('comes from the environment', async () => {
    use({ providers: { openai: { apiKey: TEST_KEY }, hosted_vllm: {} } });
    await withEnv({ OPENAI_BASE_URL: `${upstream.origin}/env` }, () => llm.completion(REQUEST));
    expect(last().path).toBe('/env/chat/completions');
    await withEnv({ HOSTED_VLLM_API_BASE: `${upstream.origin}/vllm` }, () =>
      llm.completion({ model: 'hosted_vllm/x', messages: MESSAGES }),
    );
    expect(last().path).toBe('/vllm/chat/completions');
    expect(last().headers.authorization).toBeUndefined();
  });
});

describe('options of a call', () => {
  it('hold for that call alone', async () => {
    const session = new CountingSession();
    await llm.completion(REQUEST, { session, headers: { 'x-a': '1' }, apiKey: 'sk-call' });
    expect(session.dispatched).toBe(1);
    await llm.completion(REQUEST);
    expect(session.dispatched).toBe(1);
    expect(last().headers['x-a']).toBeUndefined();
    await session.agent.destroy();
  });

  it('are over those of the provider, and those over the defaults', async () => {
    use(
      optionsFor(
        upstream,
        { retry: { maxRetries: 2 } },
        { defaults: { retry: { maxRetries: 5, baseDelay: 1 } } },
      ),
    );
    upstream.answer((_request, response) => sendJson(response, {}, 503));
    expect((await failureOf(llm.completion(REQUEST))).attempts).toHaveLength(3);
    expect((await failureOf(llm.completion(REQUEST, { retry: { maxRetries: 1 } }))).attempts).toHaveLength(2);
    expect(
      (await failureOf(llm.completion(REQUEST, { retry: { maxRetries: undefined } }))).attempts,
    ).toHaveLength(3);
  });
});

describe('unsupported fields', () => {
  const request = { model: 'groq/x', messages: MESSAGES, logit_bias: { '5': 1 }, top_logprobs: 2, n: 1 };

  beforeEach(() => {
    use({ providers: { groq: { apiKey: TEST_KEY, baseURL: upstream.baseURL } } });
  });

  it('are refused by name', async () => {
    const error = await failureOf(llm.completion(request));
    expect(error).toBeInstanceOf(UnsupportedParamsError);
    expect(error).toMatchObject({
      params: ['logit_bias', 'top_logprobs'],
      param: 'logit_bias',
      provider: 'groq',
    });
    expect(error.message).toMatch(/groq does not take logit_bias, top_logprobs;.*dropParams/);
    expect(upstream.requests).toHaveLength(0);
  });

  it('are dropped with dropParams and named in the result', async () => {
    const { meta } = await llm.completion(request, { dropParams: true });
    expect(meta.droppedParams).toEqual(['logit_bias', 'top_logprobs']);
    expect(last().body).toEqual({ model: 'x', messages: MESSAGES, n: 1 });
    const stream = await llm.completion({ ...request, stream: true }, { dropParams: true });
    expect(stream.meta.droppedParams).toEqual(['logit_bias', 'top_logprobs']);
    await stream.final();
  });

  it('are dropped by defaults.dropParams, unless the call says otherwise', async () => {
    use({
      defaults: { dropParams: true },
      providers: { groq: { apiKey: TEST_KEY, baseURL: upstream.baseURL } },
    });
    await llm.completion(request);
    expect(await failureOf(llm.completion(request, { dropParams: false }))).toBeInstanceOf(
      UnsupportedParamsError,
    );
  });

  it('that ask for nothing are no fault', async () => {
    const { meta } = await llm.completion({
      ...request,
      logit_bias: null,
      top_logprobs: undefined,
      logprobs: false,
    });
    expect(meta.droppedParams).toEqual([]);
  });
});

describe('the metadata', () => {
  beforeEach(() => {
    upstream.answer((request, response) => {
      response.setHeader('x-request-id', 'req_7');
      response.setHeader('x-ratelimit-remaining-requests', '9');
      return answerText()(request, response);
    });
  });

  it('is on a completion, and neither in its JSON nor in a copy', async () => {
    const completion = await llm.completion(REQUEST);
    expect(completion.meta).toMatchObject({
      provider: 'openai',
      model: 'test-model',
      origin: upstream.origin,
      requestId: 'req_7',
      rateLimit: { 'x-ratelimit-remaining-requests': '9' },
      droppedParams: [],
      attempts: [{ model: 'openai/test-model', status: 200 }],
      timings: { connected: expect.any(Number), firstByte: expect.any(Number), total: expect.any(Number) },
    });
    expect(JSON.parse(JSON.stringify(completion))).toEqual(completionOf('Hello, world'));
    expect({ ...completion }).not.toHaveProperty('meta');
    expect(Object.keys(completion)).not.toContain('meta');
  });

  it('itself becomes JSON, without a key', async () => {
    const { meta } = await llm.completion(REQUEST);
    const json = JSON.stringify(meta);
    expect(JSON.parse(json)).toMatchObject({ provider: 'openai', requestId: 'req_7' });
    expect(json).not.toContain(TEST_KEY);
  });

  it('is on a stream and on its whole completion', async () => {
    const stream = await llm.completion(STREAMED);
    expect(stream.meta.requestId).toBe('req_7');
    const completion = await stream.final();
    expect(completion.meta).toBe(stream.meta);
    expect(completion.meta.timings.firstContent).toEqual(expect.any(Number));
    expect({ ...completion }).not.toHaveProperty('meta');
  });
});

describe('an embedding', () => {
  it('is asked for and returned as OpenAI has it', async () => {
    upstream.answer(embeddings);
    const response = await llm.embedding({ model: 'openai/e', input: ['a', 'b'], dimensions: 2 });
    expect(last().path).toBe('/v1/embeddings');
    expect(last().body).toEqual({ model: 'e', input: ['a', 'b'], dimensions: 2 });
    expect(response.data[0]!.embedding).toEqual([0.5, 1]);
    expect(response.meta.model).toBe('e');
    expect(JSON.parse(JSON.stringify(response))).not.toHaveProperty('meta');
  });

  it.each([
    { model: 'mistral/e', input: Array.from({ length: 1001 }, () => 'a') },
    { model: 'openai/e', input: Array.from({ length: 1001 }, () => [1]) },
  ])('of more inputs than the options allow is refused before anything is sent: $model', async (request) => {
    const { requests } = upstream;
    const before = requests.length;
    const at = async (limits: object): Promise<LlmService> => {
      const { providers } = optionsFor(upstream);
      await llm.close();
      use({ providers: { ...providers, mistral: { ...providers!['openai'] } }, defaults: { limits } });
      return llm;
    };
    await expect((await at({ embeddingInputs: 1000 })).embedding(request)).rejects.toMatchObject({
      name: 'BadRequestError',
      code: 'too_many_inputs',
      param: 'input',
      message: expect.stringContaining(
        '1001 items, and one call may have 1000 (defaults.limits.embeddingInputs)',
      ),
    });
    const many = { ...request, input: Array.from({ length: 16_385 }, () => 'a') };
    await expect((await at({})).embedding(many)).rejects.toMatchObject({ code: 'too_many_inputs' });
    expect(requests).toHaveLength(before);
    // The tokens of one text are one input.
    upstream.answer(embeddings);
    await (await at({ embeddingInputs: 1 })).embedding({ model: 'openai/e', input: [1, 2, 3] });
  });

  it('is returned in base64 where that is asked for', async () => {
    const encoded = Buffer.from(new Float32Array([0.5, 1]).buffer).toString('base64');
    upstream.answer((_request, response) =>
      sendJson(response, {
        object: 'list',
        model: 'm',
        data: [{ object: 'embedding', index: 0, embedding: encoded }],
      }),
    );
    const response = await llm.embedding({ model: 'openai/e', input: 'a', encoding_format: 'base64' });
    expect(last().body.encoding_format).toBe('base64');
    expect(response.data[0]!.embedding).toBe(encoded);
  });

  it.each(['{}', '{"data":[null]}', '{"data":5}', '<html></html>'])(
    'that is %j is a typed error',
    async (body) => {
      upstream.answer((_request, response) => void response.writeHead(200).end(body));
      const error = await failureOf(llm.embedding({ model: 'openai/e', input: 'a' }));
      expect(error).toMatchObject({ name: 'APIResponseValidationError', status: 200 });
    },
  );
});

describe("an adapter of the user's own", () => {
  const adapter: ProviderAdapter = {
    provider: 'own',
    optionNames: ['tenant'],
    connect: (options) => ({
      baseURL: options.baseURL!,
      headers: { 'x-tenant': String(options['tenant']) },
      authorize: ({ method, url, headers, body }) => ({
        'x-signature': `${method} ${url} ${headers['x-tenant']} ${String(body).length}`,
      }),
    }),
    completion: () => ({
      capabilities: {
        tools: false,
        structuredOutput: false,
        reasoning: false,
        images: false,
        audio: false,
        files: false,
        promptCaching: false,
      },
      framing: 'sse',
      request: ({ messages }, { model }) => ({
        path: `/models/${model}:talk`,
        body: JSON.stringify({ say: messages[0]!.content }),
        headers: { 'x-format': 'own' },
      }),
      response: (body) => completionOf((body as { said: string }).said) as ChatCompletion,
      translator: () => ({ event: () => false, end: () => true }),
    }),
    readError: (body) => ({ message: (body as { wrong: string }).wrong, kind: 'content_policy' }),
  };

  beforeEach(() => {
    use({ adapters: [adapter], providers: { own: { baseURL: upstream.baseURL, tenant: 'T' } } });
  });

  it('translates request and response, and signs', async () => {
    upstream.answer((_request, response) => sendJson(response, { said: 'Hello' }));
    const completion = await llm.completion({ model: 'own/m', messages: MESSAGES });
    expect(completion.choices[0]!.message.content).toBe('Hello');
    expect(last().path).toBe('/v1/models/m:talk');
    expect(last().body).toEqual({ say: 'Hi' });
    expect(last().headers).toMatchObject({
      'x-format': 'own',
      'x-tenant': 'T',
      'x-signature': `POST ${upstream.baseURL}/models/m:talk T 12`,
    });
  });

  it('reads its errors', async () => {
    upstream.answer((_request, response) => sendJson(response, { wrong: 'not that' }, 400));
    const error = await failureOf(llm.completion({ model: 'own/m', messages: MESSAGES }));
    expect(error).toMatchObject({ name: 'ContentPolicyViolationError', provider: 'own' });
    expect(error.message).toContain('not that');
  });

  it('replaces a built-in one of the same name', async () => {
    use({
      adapters: [{ ...adapter, provider: 'openai' }],
      providers: { openai: { baseURL: upstream.baseURL } },
    });
    upstream.answer((_request, response) => sendJson(response, { said: 'mine' }));
    expect((await llm.completion(REQUEST)).choices[0]!.message.content).toBe('mine');
  });
});

describe('the compatible provider', () => {
  const providers: readonly (readonly [string, CompatibleProvider])[] = Object.entries(COMPATIBLE_PROVIDERS);
  const completing = providers.filter(([, { operations }]) => operations?.includes('completion') ?? true);
  const embedding = providers.filter(([, { operations }]) => operations?.includes('embedding') ?? true);

  /** A field as the provider names it, and whether it takes it at all. */
  function expected(data: CompatibleProvider, fields: Readonly<Record<string, unknown>>): object {
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [data.rename?.[name] ?? name, value]),
    );
  }

  const pathOf = ({ paths }: CompatibleProvider, path: string): string => paths?.[path] ?? path;

  /** The user's parts of a base URL, by the first variable of each. */
  const partsOf = ({ baseURLParts = {} }: CompatibleProvider): Record<string, string> =>
    Object.fromEntries(Object.entries(baseURLParts).map(([name, { env }]) => [env[0]!, `my-${name}`]));

  beforeEach(() => use({}));

  it.each(completing)('%s completes with only a key', async (provider, data) => {
    const options = { apiKey: `sk-${provider}`, baseURL: upstream.baseURL };
    const request = {
      model: `${provider}/some/model`,
      messages: MESSAGES,
      max_completion_tokens: 5,
      seed: 1,
    };
    const completion = await llm.completion(request, options);
    expect(completion.choices[0]!.message.content).toBe('Hello, world');
    expect(last().path).toBe(`/v1${pathOf(data, '/chat/completions')}`);
    expect(last().headers.authorization).toBe(`Bearer sk-${provider}`);
    expect(last().body).toEqual({
      model: data.modelName?.('some/model') ?? 'some/model',
      messages: MESSAGES,
      ...expected(data, { max_completion_tokens: 5, seed: 1 }),
    });
    const stream = await llm.completion({ ...request, stream: true }, options);
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
  });

  it.each(embedding)('%s embeds with only a key', async (provider, data) => {
    upstream.answer(embeddings);
    const response = await llm.embedding(
      { model: `${provider}/m`, input: 'a', dimensions: 2 },
      { apiKey: `sk-${provider}`, baseURL: upstream.baseURL },
    );
    expect(response.data[0]!.embedding).toEqual([0.5, 1]);
    expect(last().path).toBe(`/v1${pathOf(data, '/embeddings')}`);
    expect(last().headers.authorization).toBe(`Bearer sk-${provider}`);
    const encoding = data.embedding?.encoding;
    expect(last().body).toEqual({
      model: 'm',
      input: 'a',
      ...expected(data, { dimensions: 2 }),
      ...(encoding !== undefined && { encoding_format: encoding }),
    });
  });

  it.each(providers)(
    '%s is reached where the table says, with a key from its first variable',
    async (provider, data) => {
      const sent: { origin: string; path: string; authorization: string | undefined }[] = [];
      // No socket: what would have left is enough.
      const session: HttpSession = {
        dispatch({ origin, path, headers }, handler) {
          sent.push({ origin, path, authorization: headers['authorization'] });
          handler.onResponseError(null, new Error('not sent'));
          return true;
        },
        close: () => Promise.resolve(),
        destroy: () => Promise.resolve(),
      };
      const recorded = new LlmService(new LlmHandler({ session }));
      const unset = Object.fromEntries(
        [...data.apiKeyEnv, ...(data.baseURLEnv ?? [])].map((name) => [name, undefined]),
      );
      const configured =
        data.baseURL?.replace(/\{(\w+)\}/g, 'my-$1') ??
        `https://configured.invalid${data.baseURLEnvEnd ?? ''}`;
      const [baseURLVariable] = data.baseURLEnv ?? [];
      const env = {
        ...unset,
        ...partsOf(data),
        [data.apiKeyEnv[0]!]: 'sk-env',
        ...(data.baseURL === undefined && { [baseURLVariable!]: configured }),
      };
      const options = { retry: { maxRetries: 0 } };
      const completes = data.operations?.includes('completion') ?? true;
      await withEnv(env, () =>
        failureOf(
          completes
            ? recorded.completion({ model: `${provider}/m`, messages: MESSAGES }, options)
            : recorded.embedding({ model: `${provider}/m`, input: 'a' }, options),
        ),
      );
      const { origin, pathname } = new URL(
        configured + pathOf(data, completes ? '/chat/completions' : '/embeddings'),
      );
      expect(sent).toEqual([{ origin, path: pathname, authorization: 'Bearer sk-env' }]);
    },
  );

  it.each(providers.filter(([, { unsupported }]) => unsupported !== undefined))(
    '%s refuses each field that it lacks',
    async (provider, { unsupported, operations }) => {
      const options = { apiKey: TEST_KEY, baseURL: upstream.baseURL };
      for (const name of unsupported!.filter((one) => one !== 'user')) {
        const error = await failureOf(
          (operations?.includes('completion') ?? true)
            ? llm.completion({ model: `${provider}/m`, messages: MESSAGES, [name]: 'x' } as never, options)
            : llm.embedding({ model: `${provider}/m`, input: 'a', [name]: 'x' } as never, options),
        );
        expect(error).toMatchObject({ name: 'UnsupportedParamsError', params: [name] });
      }
    },
  );

  it.each(providers.filter(([, { unsupported }]) => unsupported?.includes('user')))(
    '%s passes over who asks, and says so',
    async (provider, { operations }) => {
      const options = { apiKey: TEST_KEY, baseURL: upstream.baseURL };
      const fields = { model: `${provider}/m`, user: 'ada' };
      const completes = operations?.includes('completion') ?? true;
      if (!completes) upstream.answer(embeddings);
      const { meta } = completes
        ? await llm.completion({ ...fields, messages: MESSAGES }, options)
        : await llm.embedding({ ...fields, input: 'a' }, options);
      expect(meta.droppedParams).toEqual(['user']);
      expect(last().body).not.toHaveProperty('user');
    },
  );

  it.each(providers.filter(([, { baseURLParts }]) => baseURLParts !== undefined))(
    '%s without a part of its base URL, or with one that leads elsewhere, says where it goes',
    async (provider, { baseURLParts }) => {
      for (const [name, { env }] of Object.entries(baseURLParts!)) {
        for (const value of [undefined, 'evil.test/', 'a@evil.test']) {
          const error = await withEnv({ [env[0]!]: value }, () =>
            failureOf(llm.completion({ model: `${provider}/m`, messages: MESSAGES }, { apiKey: TEST_KEY })),
          );
          expect(error).toMatchObject({ name: 'LlmConfigurationError', code: 'missing_base_url' });
          expect(error.message).toContain(`set ${env[0]}`);
          expect(error.message).toContain(`providers.${provider}.${name}`);
          expect(error.message).not.toContain('evil');
        }
      }
    },
  );

  it.each(
    providers.flatMap(([provider, { baseURLEnv = [], baseURLEnvEnd }]) => {
      if (baseURLEnvEnd === undefined) return [];
      const first = `/${baseURLEnvEnd.split('/')[1]}`;
      return ['', '/', first, baseURLEnvEnd].map(
        (end) => [provider, end, baseURLEnv[0]!, baseURLEnvEnd] as const,
      );
    }),
  )('%s has its path after a variable that ends with "%s"', async (provider, end, variable, whole) => {
    await withEnv({ [variable]: new URL(upstream.baseURL).origin + end }, () =>
      llm.completion({ model: `${provider}/m`, messages: MESSAGES }, { apiKey: TEST_KEY }),
    );
    expect(last().path).toMatch(new RegExp(`^${whole}/chat/completions/?$`));
  });

  it.each([
    ['fireworks_ai/llama-v3p1-8b-instruct', 'accounts/fireworks/models/llama-v3p1-8b-instruct'],
    ['fireworks_ai/accounts/me/models/mine', 'accounts/me/models/mine'],
    ['fireworks_ai/llama#accounts/me/deployments/1', 'llama#accounts/me/deployments/1'],
  ])('%s is %s to the provider', async (model, sent) => {
    await llm.completion({ model, messages: MESSAGES }, { apiKey: TEST_KEY, baseURL: upstream.baseURL });
    expect(last().body.model).toBe(sent);
  });

  it('perplexity embeds in bytes, which are numbers here', async () => {
    const options = { apiKey: TEST_KEY, baseURL: upstream.baseURL };
    const embedding = Buffer.from(Int8Array.of(127, -127, 0)).toString('base64');
    const answer = { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding }] };
    upstream.answer((_request, response) => sendJson(response, { ...answer, usage: { total_tokens: 3 } }));
    const request = { model: 'perplexity/pplx-embed-v1-0.6b', input: 'a' };
    const { data, usage } = await llm.embedding(request, options);
    expect(data[0]!.embedding).toEqual([1, -1, 0]);
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
    const asText = await llm.embedding({ ...request, encoding_format: 'base64' }, options);
    expect([
      ...new Float32Array(Uint8Array.from(Buffer.from(asText.data[0]!.embedding, 'base64')).buffer),
    ]).toEqual([1, -1, 0]);
    const providerOptions = { perplexity: { encoding_format: 'base64_binary' } };
    const own = await llm.embedding({ ...request, encoding_format: 'base64', providerOptions }, options);
    expect(last().body.encoding_format).toBe('base64_binary');
    expect(own.data[0]!.embedding).toBe(embedding);
  });

  it.each(providers.filter(([, { baseURL }]) => baseURL === undefined))(
    '%s without a base URL names the variable',
    async (provider, { baseURLEnv }) => {
      const unset = Object.fromEntries(baseURLEnv!.map((name) => [name, undefined]));
      const error = await withEnv(unset, () =>
        failureOf(llm.completion({ model: `${provider}/m`, messages: MESSAGES }, { apiKey: TEST_KEY })),
      );
      expect(error).toMatchObject({ name: 'LlmConfigurationError', code: 'missing_base_url' });
      expect(error.message).toContain(baseURLEnv![0]);
    },
  );
});
