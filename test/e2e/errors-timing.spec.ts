import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import {
  APITimeoutError,
  APIUserAbortError,
  LlmHandler,
  createHttpSession,
  type CallOptions,
  type HttpSession,
  type HttpSessionOptions,
  type LlmError,
} from '../../lib/index.js';
import { deferred } from '../support/deferred.js';
import {
  MESSAGES,
  REQUEST,
  STREAMED,
  createLlm,
  failureOf,
  optionsFor,
  type StandaloneLlm,
} from '../support/llm.js';
import {
  answerEndless,
  answerStalled,
  answerText,
  chunkOf,
  completionOf,
  eventOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Answer,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let session: HttpSession | undefined;
let llm: StandaloneLlm;

async function use(provider: Parameters<typeof optionsFor>[1], http?: HttpSessionOptions): Promise<void> {
  session = http && (await createHttpSession(http));
  llm = createLlm(optionsFor(upstream, provider), new LlmHandler({ session }));
}

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(async () => {
  await llm.close();
  await session?.destroy();
  await upstream.close();
});

/** Runs the call to its very end, whether it is streamed or not. */
async function complete(streamed: boolean, options?: CallOptions): Promise<unknown> {
  if (!streamed) return llm.completion(REQUEST, options);
  return (await llm.completion(STREAMED, options)).final();
}

async function expectUsable(): Promise<void> {
  upstream.answer(answerText());
  expect((await llm.completion(REQUEST, { timeout: { total: 0 } })).choices[0]!.message.content).toBe(
    'Hello, world',
  );
}

const never: Answer = () => {};
const halfDocument: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"choices":[');
};
const comments: Answer = (_request, response) => {
  sendEvents(response, [eventOf(chunkOf({ content: 'Hi' }))]);
  const timer = setInterval(() => response.write(': ping\n\nevent: ping\ndata:\n\n'), 5);
  response.on('close', () => clearInterval(timer));
};

describe('a time limit', () => {
  it.each<[string, boolean, CallOptions['timeout'], Answer, string, number, RegExp]>([
    ['for the first byte', false, { firstByte: 30 }, never, 'firstByte', 30, /raise timeout\.firstByte/],
    [
      'for the first byte of a stream',
      true,
      { firstByte: 30 },
      never,
      'firstByte',
      30,
      /raise timeout\.firstByte/,
    ],
    ['between bytes', false, { idle: 30 }, halfDocument, 'idle', 30, /raise timeout\.idle/],
    ['between events', true, { idle: 30 }, answerStalled(), 'idle', 30, /raise timeout\.idle/],
    ['between events, comments not counted', true, { idle: 60 }, comments, 'idle', 60, /timeout\.idle/],
    ['for all, before the first byte', false, { total: 30 }, never, 'total', 30, /timeout\.total/],
    ['for all, in a body', false, { total: 80 }, halfDocument, 'total', 80, /timeout\.total/],
    ['for all, in a stalled stream', true, { total: 80 }, answerStalled(), 'total', 80, /timeout\.total/],
    [
      'for all, in an endless stream',
      true,
      { total: 80, idle: 0 },
      answerEndless(),
      'total',
      80,
      /timeout\.total/,
    ],
  ])('%s expires with a typed error', async (_name, streamed, timeout, answer, phase, timeoutMs, advice) => {
    await use({ timeout });
    upstream.answer(answer);
    const error = await failureOf(complete(streamed));
    expect(error).toBeInstanceOf(APITimeoutError);
    expect(error).toMatchObject({
      phase,
      timeoutMs,
      code: 'timeout',
      // The provider may have been at work: again would cost again.
      retryable: false,
      provider: 'openai',
      model: 'openai/test-model',
    });
    expect(error.message).toMatch(advice);
    expect(error.message).toContain(`127.0.0.1:${upstream.port}`);
    expect(error.message).toContain(`${timeoutMs} ms`);
    expect(error.attempts).toHaveLength(1);
    expect(upstream.requests).toHaveLength(1);
    await upstream.requests[0]!.closed;
    await expectUsable();
  });

  it('between events starts anew with each content', async () => {
    await use({ timeout: { idle: 250 } });
    upstream.answer((_request, response) => sendEvents(response, [eventOf(chunkOf({ content: '.' }))]));
    const stream = await llm.completion(STREAMED);
    const { response } = upstream.requests[0]!;
    const begun = performance.now();
    for await (const { choices } of stream) {
      if (choices[0]!.finish_reason === 'stop') continue;
      const over = performance.now() - begun > 500;
      setTimeout(() => {
        if (!over) return sendEvents(response, [eventOf(chunkOf({ content: '.' }))]);
        sendEvents(response, [eventOf(chunkOf({}, 'stop')), eventOf('[DONE]')]);
        response.end();
      }, 20);
    }
    expect((await stream.final()).choices[0]!.finish_reason).toBe('stop');
  });

  it('to connect holds for every try', async () => {
    await use({ timeout: { connect: 20 }, retry: { maxRetries: 2, baseDelay: 1 } }, { connector: () => {} });
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({
      name: 'APITimeoutError',
      phase: 'connect',
      timeoutMs: 20,
      retryable: true,
    });
    expect(error.attempts.map(({ error: name }) => name)).toEqual(Array(3).fill('APITimeoutError'));
  });

  it('for all counts the waits between tries: a wait that is longer is not begun', async () => {
    await use({ timeout: { total: 5000 }, retry: { maxRetries: 2 } });
    upstream.answer((_request, response) => sendJson(response, {}, 429, { 'retry-after': '6' }));
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({ name: 'RateLimitError', retryAfterMs: 6000 });
    expect(upstream.requests).toHaveLength(1);
  });

  it('of 0 is none', async () => {
    await use({ timeout: { connect: 0, firstByte: 0, idle: 0, total: 0 } });
    await expectUsable();
  });

  it("that is the session's own is told as that", async () => {
    await use(
      {},
      {
        interceptors: [
          (dispatch) => (options, handler) => dispatch({ ...options, headersTimeout: 1 }, handler),
        ],
      },
    );
    upstream.answer(never);
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({ name: 'APITimeoutError', phase: 'firstByte', timeoutMs: 0 });
    expect(error.message).toContain("the session's own headersTimeout");
  });
});

/** Aborts the call when `reached` has resolved, and returns its error. */
async function abortWhen(
  reached: Promise<unknown>,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<LlmError> {
  const controller = new AbortController();
  const reason = new Error('the browser left');
  const failure = failureOf(call(controller.signal));
  await reached;
  controller.abort(reason);
  const error = await failure;
  expect(error).toBeInstanceOf(APIUserAbortError);
  expect(error.cause).toBe(reason);
  expect(error).toMatchObject({ provider: 'openai', model: 'openai/test-model', retryable: false });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  return error;
}

describe('an abort', () => {
  it.each<[string, boolean, Answer, string]>([
    ['before the first byte', false, never, 'firstByte'],
    ['before the first byte of a stream', true, never, 'firstByte'],
  ])('%s settles the call and closes its connection', async (_name, streamed, answer, phase) => {
    await use({});
    upstream.answer(answer);
    const error = await abortWhen(upstream.nextRequest(), (signal) => complete(streamed, { signal }));
    expect(error.phase).toBe(phase);
    await upstream.requests[0]!.closed;
    await expectUsable();
  });

  it('in the body settles the call and closes its connection', async () => {
    const arrived = deferred();
    await use(
      {},
      {
        interceptors: [
          (dispatch) => (options, handler) =>
            dispatch(options, {
              onRequestStart: (...all) => handler.onRequestStart(...all),
              onResponseStart: (...all) => handler.onResponseStart(...all),
              onResponseData: (...all) => {
                handler.onResponseData(...all);
                arrived.resolve();
              },
              onResponseEnd: (...all) => handler.onResponseEnd(...all),
              onResponseError: (...all) => handler.onResponseError(...all),
            }),
        ],
      },
    );
    upstream.answer(halfDocument);
    const error = await abortWhen(arrived.promise, (signal) => llm.completion(REQUEST, { signal }));
    expect(error.phase).toBe('body');
    await upstream.requests[0]!.closed;
    await expectUsable();
  });

  it('in a stream settles the read that waits and closes its connection', async () => {
    await use({});
    upstream.answer(answerStalled(['Hello']));
    const controller = new AbortController();
    const stream = await llm.completion(STREAMED, { signal: controller.signal });
    await stream.next();
    await stream.next();
    const failure = failureOf(stream.next());
    controller.abort();
    expect(await failure).toBeInstanceOf(APIUserAbortError);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await upstream.requests[0]!.closed;
    await expectUsable();
  });

  it('while the call waits for a connection settles it at once, and it is never sent', async () => {
    await use({}, { limitPerHost: 1 });
    upstream.answer(never);
    const incoming = upstream.nextRequest();
    const first = llm.completion(REQUEST);
    const request = await incoming;
    const error = await abortWhen(Promise.resolve(), (signal) => llm.completion(REQUEST, { signal }));
    expect(['connect', 'queue']).toContain(error.phase);
    // The one that was sent goes on, over the same connection.
    await answerText()(request, request.response);
    await first;
    await expectUsable();
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.accepted()).toBe(1);
  });

  it('while the call connects settles it at once', async () => {
    const connecting = deferred();
    await use({}, { connector: () => connecting.resolve() });
    const error = await abortWhen(connecting.promise, (signal) => llm.completion(REQUEST, { signal }));
    expect(error.phase).toBe('connect');
    expect(upstream.requests).toHaveLength(0);
  });

  it('while the key is awaited settles it at once, and nothing is sent', async () => {
    const asked = deferred();
    await use({
      apiKey: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const error = await abortWhen(asked.promise, (signal) => llm.completion(REQUEST, { signal }));
    expect(error.phase).toBe('request');
    expect(upstream.requests).toHaveLength(0);
  });

  it('during the wait before a further try settles it at once', async () => {
    await use({ retry: { maxRetries: 1 } });
    const answered = deferred();
    upstream.answer((_request, response) => {
      response.on('close', () => answered.resolve());
      sendJson(response, {}, 503, { 'retry-after': '30' });
    });
    const error = await abortWhen(
      // The wait has begun when the handler has counted the retry.
      answered.promise.then(async () => {
        while (llm.stats().calls.retries === 0) await new Promise(setImmediate);
      }),
      (signal) => llm.completion(REQUEST, { signal }),
    );
    expect(error.attempts).toMatchObject([{ status: 503, delayMs: 30_000 }, { error: 'APIUserAbortError' }]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('before the call sends nothing', async () => {
    await use({});
    const reason = new Error('gone');
    for (const streamed of [false, true]) {
      const error = await failureOf(complete(streamed, { signal: AbortSignal.abort(reason) }));
      expect(error).toBeInstanceOf(APIUserAbortError);
      expect(error.cause).toBe(reason);
    }
    await expectUsable();
    expect(upstream.requests).toHaveLength(1);
  });

  it('after the call changes nothing, and leaves no listener', async () => {
    await use({});
    const controller = new AbortController();
    await llm.completion(REQUEST, { signal: controller.signal });
    await complete(true, { signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort();
    await expectUsable();
  });
});

function answerInTurn(...answers: readonly Answer[]): Answer {
  let next = 0;
  return (...exchange) => answers[Math.min(next++, answers.length - 1)]!(...exchange);
}

const status =
  (code: number, headers: object = {}): Answer =>
  (_request, response) =>
    sendJson(response, { error: { message: 'no' } }, code, headers);

describe('a retry', () => {
  it.each<[string, Answer, number]>([
    ['400', status(400), 1],
    ['401', status(401), 1],
    ['403', status(403), 1],
    ['404', status(404), 1],
    ['408', status(408), 3],
    ['409', status(409), 3],
    ['413', status(413), 1],
    ['422', status(422), 1],
    ['429', status(429), 3],
    ['500', status(500), 3],
    ['501', status(501), 1],
    ['502', status(502), 3],
    ['503', status(503), 3],
    ['504', status(504), 1],
    ['529', status(529), 3],
    ['400 with x-should-retry: true', status(400, { 'x-should-retry': 'true' }), 3],
    ['503 with x-should-retry: false', status(503, { 'x-should-retry': 'false' }), 1],
    ['302', status(302, { location: '/' }), 1],
    ['a broken document', (_request, response) => void response.writeHead(200).end('{'), 1],
    ['a connection that breaks', ({ socket }) => void socket.destroy(), 1],
    [
      'a body that breaks',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' });
        response.write('{"', () => response.destroy());
      },
      1,
    ],
  ])('after %s: as often as it costs nothing', async (_name, answer, requests) => {
    await use({ retry: { maxRetries: 2, baseDelay: 1 } });
    for (const streamed of [false, true]) {
      const before = upstream.requests.length;
      upstream.answer(answer);
      const error = await failureOf(complete(streamed));
      expect(upstream.requests).toHaveLength(before + requests);
      expect(error.attempts).toHaveLength(requests);
      const delays = error.attempts.map(({ delayMs }) => delayMs);
      expect(delays.at(-1)).toBeUndefined();
      for (const [index, delay] of delays.slice(0, -1).entries()) {
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(2 ** index);
      }
    }
  });

  it('is made when nothing listens', async () => {
    const { baseURL } = upstream;
    await use({ baseURL: baseURL.replace(/:\d+/, ':1'), retry: { maxRetries: 2, baseDelay: 1 } });
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({ name: 'APIConnectionError', phase: 'connect', retryable: true });
    expect(error.message).toMatch(
      /could not connect to 127\.0\.0\.1:1: .*nothing listens there; check the base URL/,
    );
    expect(error.attempts).toHaveLength(3);
  });

  it('ends with the first success, and its result tells of the tries', async () => {
    await use({ retry: { maxRetries: 3, baseDelay: 1 } });
    upstream.answer(answerInTurn(status(503), status(429, { 'retry-after-ms': '3' }), answerText()));
    const { meta } = await llm.completion(REQUEST);
    expect(meta.attempts).toMatchObject([
      { status: 503, error: 'ServiceUnavailableError', phase: 'body' },
      { status: 429, error: 'RateLimitError', delayMs: 3 },
      { status: 200 },
    ]);
    expect(meta.attempts[2]).not.toHaveProperty('error');
    expect(llm.stats().calls).toMatchObject({ started: 1, succeeded: 1, retries: 2 });
    expect(upstream.requests.map(({ body }) => body)).toEqual(Array(3).fill(upstream.requests[0]!.body));
  });

  it('of a stream is made before its first byte', async () => {
    await use({ retry: { maxRetries: 1, baseDelay: 1 } });
    upstream.answer(answerInTurn(status(503), answerText()));
    const stream = await llm.completion(STREAMED);
    expect(stream.meta.attempts.map(({ status: code }) => code)).toEqual([503, 200]);
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
  });

  it.each([
    [{ 'retry-after-ms': '2' }, 2],
    [{ 'retry-after': '0.004' }, 4],
  ])('waits as %j says', async (headers, delayMs) => {
    await use({ retry: { maxRetries: 1, baseDelay: 60_000 } });
    upstream.answer(answerInTurn(status(429, headers), answerText()));
    const { meta } = await llm.completion(REQUEST);
    expect(meta.attempts[0]!.delayMs).toBe(delayMs);
  });

  it('that is asked for later than maxRetryAfter is not made', async () => {
    await use({ retry: { maxRetries: 5, maxRetryAfter: 9 } });
    upstream.answer(status(429, { 'retry-after-ms': '10' }));
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({ retryAfterMs: 10, retryable: true });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([521, 522, 523, 525, 526, 530])(
    "is made after Cloudflare's %i: the origin was not reached",
    async (code) => {
      await use({ retry: { baseDelay: 1 } });
      const page: Answer = (_request, response) => void response.writeHead(code).end('<html></html>');
      upstream.answer(answerInTurn(page, answerText()));
      const { meta } = await llm.completion(REQUEST);
      expect(meta.attempts.map((attempt) => attempt.status)).toEqual([code, 200]);
    },
  );

  it('ends with the budget of all calls, and the error says so', async () => {
    await use({ retry: { maxRetries: 5, baseDelay: 1, budget: { burst: 2, ratio: 0 } } });
    upstream.answer(status(503));
    const first = await failureOf(llm.completion(REQUEST));
    expect(first.attempts).toHaveLength(3);
    expect(first.message).toMatch(/503.*not tried again.*retry\.budget/);
    expect(first.stack).toContain('retry.budget');
    const unbound = await failureOf(llm.completion(REQUEST, { retry: { budget: false } }));
    expect(unbound.attempts).toHaveLength(6);
    expect(unbound.message).not.toContain('retry.budget');
  });

  it('that a rate limit asks for is not counted: a batch gets through at its pace', async () => {
    await use({ retry: { maxRetries: 50, budget: { burst: 3 } } });
    let refused = 100;
    upstream.answer((request, response) =>
      refused-- > 0
        ? sendJson(response, { error: { message: 'later' } }, 429, { 'retry-after-ms': '1' })
        : answerText()(request, response),
    );
    await Promise.all(Array.from({ length: 60 }, () => llm.completion(REQUEST)));
    expect(upstream.requests).toHaveLength(160);
  });
});

describe('fallbacks', () => {
  /** Answers by the model that is asked for. */
  const byModel =
    (answers: Readonly<Record<string, Answer>>): Answer =>
    (request, response) =>
      answers[request.body.model as string]!(request, response);

  const ok: Answer = (request, response) => sendJson(response, completionOf(`from ${request.body.model}`));
  const error =
    (code: number, kind?: string): Answer =>
    (_request, response) =>
      sendJson(response, { error: { message: 'no', code: kind } }, code);

  beforeEach(() => use({ retry: { maxRetries: 1, baseDelay: 1 } }));

  it.each<[string, Answer]>([
    ['an error of the server', error(500)],
    ['a rate limit', error(429)],
    ['a missing model', error(404)],
    ['a key that is refused', error(401)],
    ['a context window', error(400, 'context_length_exceeded')],
    ['a content policy', error(400, 'content_policy_violation')],
    ['a broken connection', ({ socket }) => void socket.destroy()],
    ['a broken document', (_request, response) => void response.writeHead(200).end('{')],
  ])('are tried after %s', async (_name, answer) => {
    upstream.answer(byModel({ a: answer, b: ok }));
    const completion = await llm.completion(
      { model: 'openai/a', messages: MESSAGES },
      { fallbacks: ['openai/b'] },
    );
    expect(completion.choices[0]!.message.content).toBe('from b');
    expect(completion.meta).toMatchObject({ provider: 'openai', model: 'b' });
    expect(completion.meta.attempts.at(-1)).toMatchObject({ model: 'openai/b', status: 200 });
    expect(completion.meta.attempts[0]).toMatchObject({ model: 'openai/a', error: expect.any(String) });
  });

  it('are not tried after an error of the request', async () => {
    upstream.answer(byModel({ a: error(400), b: ok }));
    const failure = await failureOf(
      llm.completion({ model: 'openai/a', messages: MESSAGES }, { fallbacks: ['openai/b'] }),
    );
    expect(failure.name).toBe('BadRequestError');
    expect(upstream.requests).toHaveLength(1);
  });

  it('are not tried after an abort', async () => {
    upstream.answer(byModel({ 'test-model': never, b: ok }));
    await abortWhen(upstream.nextRequest(), (signal) =>
      llm.completion(REQUEST, { fallbacks: ['openai/b'], signal }),
    );
    expect(upstream.requests).toHaveLength(1);
  });

  it('are tried in order, with their own fields; the last error tells of all', async () => {
    upstream.answer(byModel({ a: error(503), b: error(404), c: error(500) }));
    const failure = await failureOf(
      llm.completion(
        { model: 'openai/a', messages: MESSAGES, temperature: 1 },
        { fallbacks: ['openai/b', { model: 'openai/c', temperature: 0 }] },
      ),
    );
    expect(failure).toMatchObject({ name: 'InternalServerError', model: 'openai/c' });
    expect(failure.attempts.map(({ model, status: code }) => [model, code])).toEqual([
      ['openai/a', 503],
      ['openai/a', 503],
      ['openai/b', 404],
      ['openai/c', 500],
      ['openai/c', 500],
    ]);
    expect(upstream.requests.map(({ body }) => [body.model, body.temperature])).toEqual([
      ['a', 1],
      ['a', 1],
      ['b', 1],
      ['c', 0],
      ['c', 0],
    ]);
  });

  it('are tried for a stream before its first byte', async () => {
    upstream.answer(byModel({ a: error(503), b: answerText() }));
    const stream = await llm.completion(
      { model: 'openai/a', messages: MESSAGES, stream: true },
      { fallbacks: ['openai/b'] },
    );
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
    expect(stream.meta.model).toBe('b');
    expect(stream.meta.attempts.map(({ model }) => model)).toEqual(['openai/a', 'openai/a', 'openai/b']);
  });
});
