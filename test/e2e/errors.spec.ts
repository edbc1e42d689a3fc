import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import { MockAgent } from 'undici';
import {
  APIError,
  APIResponseValidationError,
  AuthenticationError,
  BadGatewayError,
  BadRequestError,
  ConflictError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  InternalServerError,
  LlmExceptionFilter,
  LlmHandler,
  LlmModule,
  LlmService,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServiceUnavailableError,
  UnprocessableEntityError,
  type ApiKey,
} from '../../lib/index.js';
import { PLATFORMS, listen } from '../support/apps.js';
import {
  REQUEST,
  STREAMED,
  TEST_KEY,
  createLlm,
  everythingOf,
  failureOf,
  optionsFor,
  type StandaloneLlm,
} from '../support/llm.js';
import {
  eventOf,
  chunkOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Answer,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

function use(provider: Parameters<typeof optionsFor>[1] = { retry: { maxRetries: 0 } }): void {
  llm = createLlm(optionsFor(upstream, provider));
}

beforeEach(async () => {
  upstream = await startUpstream();
  use();
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

/** OpenAI's error document. */
function answerError(status: number, error: object = {}, headers: object = {}): Answer {
  return (_request, response) =>
    sendJson(
      response,
      { error: { message: 'it says no', type: null, param: null, code: null, ...error } },
      status,
      headers,
    );
}

describe('an error status', () => {
  it.each([
    [400, BadRequestError, 'invalid_request', false],
    [401, AuthenticationError, 'invalid_api_key', false],
    [403, PermissionDeniedError, 'permission_denied', false],
    [404, NotFoundError, 'not_found', false],
    [408, APIError, 'api_error', true],
    [409, ConflictError, 'api_error', true],
    [413, APIError, 'api_error', false],
    [418, APIError, 'api_error', false],
    [422, UnprocessableEntityError, 'api_error', false],
    [429, RateLimitError, 'rate_limit_exceeded', true],
    [500, InternalServerError, 'server_error', true],
    [501, InternalServerError, 'server_error', false],
    [502, BadGatewayError, 'server_error', true],
    [503, ServiceUnavailableError, 'service_unavailable', true],
    [504, InternalServerError, 'server_error', false],
    [529, ServiceUnavailableError, 'overloaded', true],
  ])('of %i becomes its class, for whole and for streamed calls', async (status, type, code, retryable) => {
    upstream.answer(answerError(status, {}, { 'x-request-id': 'req_1' }));
    for (const request of [REQUEST, STREAMED]) {
      const error = await failureOf(llm.completion(request));
      expect(error.constructor).toBe(type);
      expect(error).toMatchObject({
        name: type.name,
        status,
        code,
        retryable,
        provider: 'openai',
        model: 'openai/test-model',
        requestId: 'req_1',
        phase: 'body',
      });
      expect(error.message).toBe(`openai (127.0.0.1:${upstream.port}) answered ${status}: it says no`);
      expect(error.attempts).toMatchObject([{ status, error: type.name, model: 'openai/test-model' }]);
    }
  });

  it.each([301, 302, 307, 308])('of %i names where it leads, and is not followed', async (status) => {
    upstream.answer((_request, response) => {
      response.writeHead(status, { location: 'https://elsewhere.invalid/v1' }).end();
    });
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status, retryable: false });
    expect(error.message).toMatch(/redirects to https:\/\/elsewhere\.invalid\/v1: check the base URL/);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    [400, { code: 'context_length_exceeded' }, ContextWindowExceededError, 'context_length_exceeded'],
    [
      400,
      { message: "This model's maximum context length is 8192 tokens" },
      ContextWindowExceededError,
      'invalid_request',
    ],
    [413, { message: 'prompt is too long: 9 tokens' }, ContextWindowExceededError, 'api_error'],
    [400, { code: 'content_policy_violation' }, ContentPolicyViolationError, 'content_policy_violation'],
    [400, { code: 'content_filter' }, ContentPolicyViolationError, 'content_filter'],
    [
      400,
      { code: 'unknown_parameter', param: 'foo', type: 'invalid_request_error' },
      BadRequestError,
      'unknown_parameter',
    ],
    [404, { code: 'model_not_found' }, NotFoundError, 'model_not_found'],
  ])('of %i with %j becomes %p', async (status, fields, type, code) => {
    upstream.answer(answerError(status, fields));
    const error = await failureOf(llm.completion(REQUEST));
    expect(error.constructor).toBe(type);
    expect(error).toMatchObject({ status, code, ...('param' in fields && { param: fields.param }) });
    expect(error).toBeInstanceOf(status === 404 ? NotFoundError : BadRequestError);
  });

  it('of a used-up quota is not tried again', async () => {
    use({ retry: { maxRetries: 2, baseDelay: 1 } });
    upstream.answer(answerError(429, { code: 'insufficient_quota' }));
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ code: 'quota_exhausted', retryable: false });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('with %j asks to wait', async (headers, retryAfterMs) => {
    upstream.answer(answerError(429, {}, headers));
    expect((await failureOf(llm.completion(REQUEST))).retryAfterMs).toBe(retryAfterMs);
  });

  it('with a date asks to wait until then', async () => {
    const at = new Date(Date.now() + 3_600_000).toUTCString();
    upstream.answer(answerError(503, {}, { 'retry-after': at }));
    const { retryAfterMs } = await failureOf(llm.completion(REQUEST));
    expect(retryAfterMs).toBeGreaterThan(3_000_000);
    expect(retryAfterMs).toBeLessThanOrEqual(3_600_000);
  });

  it.each([['x-request-id'], ['request-id'], ['x-amzn-requestid'], ['apim-request-id'], ['cf-ray']])(
    'carries the id of %s',
    async (name) => {
      upstream.answer(answerError(400, {}, { [name]: 'req_42' }));
      expect((await failureOf(llm.completion(REQUEST))).requestId).toBe('req_42');
    },
  );

  it.each<[string, string, RegExp]>([
    ['text/html', '<html><style>p{}</style><h1>502</h1><p>nginx</p></html>', /: 502 nginx$/],
    ['text/plain', 'upstream connect error', /: upstream connect error$/],
    ['application/json', '{"detail":"no such thing"}', /: no such thing$/],
    ['application/json', '{"detail":[{"loc":["body","n"],"msg":"too big"}]}', /: body\.n: too big$/],
    ['application/json', '{"error":"text"}', /: text$/],
    ['application/json', '{broken', /: \{broken$/],
    ['application/json', '', /: no text in its body$/],
    ['application/json', 'x'.repeat(200_000), /: x{300}…$/],
  ])('with a body of %s, %.20j…, says what is in it', async (type, body, message) => {
    upstream.answer((_request, response) => {
      response.writeHead(502, { 'content-type': type }).end(body);
    });
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toBeInstanceOf(BadGatewayError);
    expect(error.message).toMatch(message);
  });
});

describe('a key', () => {
  const keys: readonly (readonly [string, ApiKey])[] = [
    ['a string', TEST_KEY],
    ['a function', () => Promise.resolve(TEST_KEY)],
  ];
  const echo = `the key Bearer ${TEST_KEY}, that is ${TEST_KEY}, is wrong`;
  /** Ends in the middle of the key when it is cut to what fits a message. */
  const cut = `${'x'.repeat(295)}${TEST_KEY}`;

  const echoes: readonly (readonly [string, Answer])[] = [
    ['an error document', answerError(401, { message: echo, code: TEST_KEY, param: TEST_KEY, type: echo })],
    ['an error page', (_request, response) => void response.writeHead(500).end(`<p>${echo}</p>`)],
    ['a long error page', (_request, response) => void response.writeHead(500).end(cut)],
    [
      'a redirect',
      (_request, response) => void response.writeHead(302, { location: `https://h/?key=${TEST_KEY}` }).end(),
    ],
    [
      'a page of success',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(echo),
    ],
    [
      'a long page of success',
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(cut),
    ],
    ['a document of success', (_request, response) => sendJson(response, { echo })],
    ['an error event', (_request, response) => sendEvents(response, [eventOf({ error: { message: echo } })])],
    [
      'an event that is no JSON',
      (_request, response) => sendEvents(response, [eventOf(`{"a": ${TEST_KEY}`)]),
    ],
    ['a long event that is no JSON', (_request, response) => sendEvents(response, [eventOf(cut)])],
    ['a broken connection', ({ socket }) => void socket.destroy()],
  ];

  it.each(keys.flatMap(([kind, key]) => echoes.map(([what, answer]) => [kind, what, key, answer] as const)))(
    'from %s is nowhere in the error of %s',
    async (_kind, _what, apiKey, answer) => {
      use({ apiKey, retry: { maxRetries: 0 }, headers: { 'x-portal-token': 'portal-secret-77' } });
      upstream.answer(answer);
      const error = await failureOf(
        llm.completion(STREAMED).then(async (stream) => {
          for await (const chunk of stream) void chunk;
        }),
      );
      expect(upstream.requests[0]!.headers.authorization).toBe(`Bearer ${TEST_KEY}`);
      // Not even a half of it.
      expect(everythingOf(error)).not.toContain(TEST_KEY.slice(0, 10));
      expect(everythingOf(error)).not.toContain('portal-secret');
    },
  );

  it.each(keys)(
    'from %s is nowhere in the error of a session that prints its request',
    async (_kind, apiKey) => {
      const agent = new MockAgent();
      agent.disableNetConnect();
      const mocked = createLlm(
        { providers: { openai: { apiKey, retry: { maxRetries: 0 } } } },
        new LlmHandler({ session: agent }),
      );
      const error = await failureOf(mocked.completion(REQUEST));
      expect(everythingOf(error)).toContain('UND_MOCK_ERR_MOCK_NOT_MATCHED');
      expect(everythingOf(error)).not.toContain(TEST_KEY);
      await mocked.close();
      await agent.close();
    },
  );

  it('is nowhere in an error of an interceptor that carries the request about', async () => {
    const failing = createLlm(
      optionsFor(upstream),
      new LlmHandler({
        transport: [
          () => (options, handler) => {
            const error = Object.assign(new Error('refused by policy'), {
              request: { options },
              code: 'POLICY',
            });
            handler.onResponseError(null, error);
            return true;
          },
        ],
      }),
    );
    const error = await failureOf(failing.completion(REQUEST, { retry: { maxRetries: 0 } }));
    expect(error.message).toContain('refused by policy');
    expect(everythingOf(error)).toContain('POLICY');
    expect(everythingOf(error)).not.toContain(TEST_KEY);
    await failing.close();
  });

  it('is in no error about the key itself', async () => {
    const error = await failureOf(llm.completion(REQUEST, { apiKey: `${TEST_KEY}\n` }));
    expect(error.message).toMatch(/the API key is empty, or holds a blank, a line break/);
    expect(everythingOf(error)).not.toContain(TEST_KEY);
  });
});

@Controller()
class ChatController {
  constructor(@Inject(LlmService) private readonly llm: LlmService) {}

  @Get('whole')
  whole(): Promise<unknown> {
    return this.llm.completion(REQUEST);
  }

  @Get('streamed')
  async streamed(): Promise<unknown> {
    const stream = await this.llm.completion(STREAMED);
    return stream.final();
  }

  @Get('wrong')
  wrong(): Promise<unknown> {
    return this.llm.completion({ model: 'opnai/x', messages: REQUEST.messages });
  }

  @Get('other')
  other(): never {
    throw new Error('not ours');
  }
}

describe.each(PLATFORMS)('LlmExceptionFilter on %s', (_platform, makeAdapter) => {
  const answers: readonly (readonly [string, Answer, number, object, string | null])[] = [
    [
      'whole',
      answerError(429, { code: 'rate_limit_exceeded', type: 'requests' }, { 'retry-after': '1.2' }),
      429,
      { code: 'rate_limit_exceeded', type: 'requests', param: null },
      '2',
    ],
    [
      'streamed',
      answerError(401),
      502,
      { code: 'upstream_authentication', type: 'api_error', param: null },
      null,
    ],
    [
      'whole',
      (_request, response) => void response.writeHead(200).end('<p>hello</p>'),
      502,
      { code: 'invalid_response', type: 'api_error', param: null },
      null,
    ],
    [
      'whole',
      ({ socket }) => void socket.destroy(),
      502,
      { code: 'connection_error', type: 'api_error', param: null },
      null,
    ],
    [
      'wrong',
      () => {},
      400,
      { code: 'unknown_provider', type: 'invalid_request_error', param: 'model' },
      null,
    ],
  ];

  it.each(answers)("answers %s as OpenAI's API would", async (path, answer, status, expected, retryAfter) => {
    upstream.answer(answer);
    const { app, url } = await listen(
      makeAdapter,
      {
        imports: [LlmModule.forRoot(optionsFor(upstream, { retry: { maxRetries: 0 } }))],
        controllers: [ChatController],
      },
      (made) => made.useGlobalFilters(new LlmExceptionFilter()),
    );
    const response = await fetch(`${url}/${path}`, { headers: { connection: 'close' } });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(await response.json()).toEqual({ error: { message: expect.any(String), ...expected } });
    await app.close();
  });

  it('leaves other errors to Nest', async () => {
    const { app, url } = await listen(
      makeAdapter,
      { imports: [LlmModule.forRoot(optionsFor(upstream))], controllers: [ChatController] },
      (made) => made.useGlobalFilters(new LlmExceptionFilter()),
    );
    const response = await fetch(`${url}/other`, { headers: { connection: 'close' } });
    expect(await response.json()).toEqual({ statusCode: 500, message: 'Internal server error' });
    await app.close();
  });
});

describe('a response of success', () => {
  it.each<[string, string, string]>([
    ['broken JSON', 'application/json', '{"choices":[{"message"'],
    ['an HTML page', 'text/html', '<html><body>Please log in</body></html>'],
    ['an empty body', 'application/json', ''],
    ['null', 'application/json', 'null'],
    ['a list', 'application/json', '[]'],
    ['a text', 'application/json', '"hello"'],
    ['a number', 'application/json', '5'],
    ['another document', 'application/json', '{"object":"list"}'],
    ['choices that are none', 'application/json', '{"choices":"x"}'],
    ['choices without a message', 'application/json', '{"choices":[{}]}'],
    ['choices of null', 'application/json', '{"choices":[null]}'],
  ])('that is %s is a typed error, and the connection is used again', async (_name, type, body) => {
    for (const model of ['openai/x', 'ollama/x']) {
      const options = { session: undefined, baseURL: upstream.baseURL, apiKey: TEST_KEY };
      upstream.answer((_request, response) => {
        response.writeHead(200, { 'content-type': type }).end(body);
      });
      const error = await failureOf(llm.completion({ ...REQUEST, model }, options));
      expect(error).toBeInstanceOf(APIResponseValidationError);
      expect(error).toMatchObject({ status: 200, code: 'invalid_response', retryable: false, phase: 'body' });
      expect(error.message).toContain(`127.0.0.1:${upstream.port}`);
      expect(error.attempts).toMatchObject([{ status: 200 }]);
      await new Promise(setImmediate);
    }
    expect(upstream.accepted()).toBe(1);
  });

  it.each([
    [{ error: { message: 'no', code: 'context_length_exceeded' } }, ContextWindowExceededError, 200],
    [{ error: { message: 'no', code: 429 } }, RateLimitError, 429],
    [{ error: 'overloaded' }, APIError, 200],
  ])('with the error document %j is that error', async (document, type, status) => {
    upstream.answer((_request, response) => sendJson(response, document));
    for (const request of [REQUEST, STREAMED]) {
      const error = await failureOf(llm.completion(request));
      expect(error.constructor).toBe(type);
      expect(error.status).toBe(status);
      expect(error.attempts).toHaveLength(1);
      await new Promise(setImmediate);
    }
    expect(upstream.accepted()).toBe(1);
  });

  it('whose stream holds an error event is that error', async () => {
    upstream.answer((_request, response) =>
      sendEvents(response, [
        eventOf(chunkOf({ content: 'Hi' })),
        eventOf({ error: { message: 'overloaded', code: 503 } }),
      ]),
    );
    const stream = await llm.completion(STREAMED);
    expect((await stream.next()).value?.choices[0]?.delta.content).toBe('Hi');
    const error = await failureOf(stream.next());
    expect(error).toBeInstanceOf(ServiceUnavailableError);
    expect(error).toMatchObject({ status: 503, retryable: false });
    await upstream.requests[0]!.closed;
  });
});
