import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import {
  APIConnectionError,
  APIResponseValidationError,
  CircuitOpenError,
  ContextWindowExceededError,
  InternalServerError,
  LlmHandler,
  LlmService,
  RateLimitError,
  StreamInterruptedError,
  type CompletionOptions,
  type LlmOptions,
} from '../../lib/index.js';
import {
  answerText,
  chunkOf,
  completionOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

const messages = [{ role: 'user' as const, content: 'Hi' }];
const quick = { baseDelay: 1, maxDelay: 2 };

let upstream: Upstream;
let agent: Agent;

beforeEach(async () => {
  upstream = await startUpstream();
  agent = new Agent();
});
afterEach(async () => {
  await agent.destroy();
  await upstream.close();
});

/** Two providers behind one upstream, told apart by their path. */
function service(options: LlmOptions = {}): LlmService {
  const at = (name: string) => ({ apiKey: `key-of-${name}`, baseURL: `${upstream.origin}/${name}/v1` });
  return new LlmService(new LlmHandler({ session: agent }), {
    ...options,
    defaults: { retry: quick, ...options.defaults },
    providers: {
      openai: { ...at('openai'), ...options.providers?.['openai'] },
      groq: { ...at('groq'), ...options.providers?.['groq'] },
    },
  });
}

describe('retries', () => {
  it('leave alone what may be billed twice, unless told otherwise', async () => {
    upstream.answer(({ socket }) => void socket.destroy());
    const llm = service();
    await expect(llm.completion({ model: 'openai/m', messages })).rejects.toThrow(APIConnectionError);
    expect(upstream.requests).toHaveLength(1);
    const retried = llm.completion(
      { model: 'openai/m', messages },
      { retry: { mayBillTwice: true, maxRetries: 1 } },
    );
    await expect(retried).rejects.toMatchObject({
      attempts: [{ phase: 'firstByte' }, { phase: 'firstByte' }],
    });
    expect(upstream.requests).toHaveLength(3);
  });

  it('carry one idempotency key a call where the provider takes one', async () => {
    let failures = 1;
    upstream.answer((request, response) =>
      failures-- > 0
        ? sendJson(response, { error: { message: 'later' } }, 503)
        : answerText()(request, response),
    );
    const llm = service({ providers: { openai: { idempotencyHeader: 'idempotency-key' } } });
    await llm.completion({ model: 'openai/m', messages });
    await llm.completion({ model: 'openai/m', messages });
    const [first, second, third] = upstream.requests.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('are bounded for each provider, so that an outage is not answered with a multiple of the load', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'down' } }, 503));
    const llm = service();
    const calls = 60;
    for (let call = 0; call < calls; call++) {
      await expect(llm.completion({ model: 'openai/m', messages })).rejects.toThrow(InternalServerError);
    }
    // 50 at once, and one for each fifth call: without a budget it would be 120.
    expect(upstream.requests.length).toBe(calls + 50 + calls / 5 - 1);
    expect(llm.stats().calls.providers['openai']).toEqual({ retriesLeft: 0 });
    await expect(llm.completion({ model: 'groq/m', messages })).rejects.toMatchObject({
      attempts: { length: 3 },
    });
  });
});

describe('the circuit', () => {
  const circuit = { failures: 2, openMs: 60_000 };
  const once = { retry: { maxRetries: 0 } };

  it.each(['1e308', '99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'stays open six times its time at most, whatever the provider asks for: %s',
    async (wait) => {
      upstream.answer((_request, response) =>
        sendJson(response, { error: { message: 'down' } }, 503, { 'retry-after': wait }),
      );
      const llm = service({ defaults: { circuit: { failures: 1, openMs: 1000 } } });
      const call = () =>
        llm.completion({ model: 'openai/m', messages }, once).catch((error: unknown) => error);
      // A day: what waits longer cannot count it.
      expect(await call()).toMatchObject({ status: 503, retryAfterMs: 86_400_000 });
      expect(llm.stats().calls.providers['openai']!.circuit!.opensForMs).toBeLessThanOrEqual(6000);
      expect(((await call()) as CircuitOpenError).retryAfterMs).toBeLessThanOrEqual(6000);
    },
  );

  it('opens on consecutive failures, and refuses without sending', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'down' } }, 500));
    const llm = service({ defaults: { circuit } });
    for (let call = 0; call < 2; call++) {
      await expect(llm.completion({ model: 'openai/m', messages }, once)).rejects.toThrow(
        InternalServerError,
      );
    }
    const refused: unknown = await llm
      .completion({ model: 'openai/m', messages })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CircuitOpenError);
    expect(refused).toMatchObject({ provider: 'openai', phase: 'request', attempts: [] });
    expect((refused as CircuitOpenError).retryAfterMs).toBeGreaterThan(50_000);
    expect(upstream.requests).toHaveLength(2);
    expect(llm.stats().calls.providers['openai']!.circuit).toMatchObject({ state: 'open', failures: 2 });
    // Another provider's is its own.
    upstream.answer(answerText());
    await llm.completion({ model: 'groq/m', messages });
  });

  it('opens on answers that are none of the provider', async () => {
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>maintenance</h1>');
    });
    const llm = service({ defaults: { circuit } });
    for (let call = 0; call < 2; call++) {
      await expect(llm.completion({ model: 'openai/m', messages }, once)).rejects.toThrow(
        APIResponseValidationError,
      );
    }
    await expect(llm.completion({ model: 'openai/m', messages }, once)).rejects.toThrow(CircuitOpenError);
    expect(llm.stats().calls).toMatchObject({ started: 3, succeeded: 0, failed: 3 });
  });

  it('lets one call through when its time is over, and closes when that succeeds', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'down' } }, 500));
    const llm = service({ defaults: { circuit: { failures: 1, openMs: 1 } } });
    await expect(llm.completion({ model: 'openai/m', messages }, once)).rejects.toThrow(InternalServerError);
    let release = (): void => {};
    upstream.answer(async (request, response) => {
      await new Promise<void>((resolve) => (release = resolve));
      return answerText()(request, response);
    });
    while (llm.stats().calls.providers['openai']!.circuit!.opensForMs > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const asked = upstream.nextRequest();
    const probe = llm.completion({ model: 'openai/m', messages });
    await asked;
    expect(llm.stats().calls.providers['openai']!.circuit!.state).toBe('half-open');
    await expect(llm.completion({ model: 'openai/m', messages })).rejects.toThrow(CircuitOpenError);
    release();
    await probe;
    expect(llm.stats().calls.providers['openai']!.circuit!.state).toBe('closed');
  });

  it('does not count what is no fault of the provider', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'wrong' } }, 400));
    const llm = service({ defaults: { circuit } });
    const abort = new AbortController();
    abort.abort();
    for (let call = 0; call < 3; call++) {
      await expect(llm.completion({ model: 'openai/m', messages }, once)).rejects.toMatchObject({
        status: 400,
      });
      await expect(
        llm.completion({ model: 'openai/m', messages }, { signal: abort.signal }),
      ).rejects.toMatchObject({
        code: 'aborted',
      });
    }
    expect(llm.stats().calls.providers['openai']!.circuit).toMatchObject({ state: 'closed', failures: 0 });
  });
});

describe('fallbacks', () => {
  /** groq answers; openai does what `fail` says. */
  function failing(fail: Parameters<Upstream['answer']>[0]): void {
    upstream.answer((request, response) =>
      request.path.startsWith('/groq')
        ? answerText(['from', ' groq'])(request, response)
        : fail(request, response),
    );
  }

  const stream = async (llm: LlmService, options: CompletionOptions) =>
    llm.completion({ model: 'openai/m', messages, stream: true }, { retry: { maxRetries: 0 }, ...options });

  it('go to the model for a context window that is too small', async () => {
    failing((_request, response) =>
      sendJson(response, { error: { message: 'too long', code: 'context_length_exceeded' } }, 400),
    );
    const completion = await service().completion(
      { model: 'openai/m', messages },
      { fallbacks: { models: ['openai/other'], contextWindow: ['groq/long'] } },
    );
    expect(completion.choices[0]!.message.content).toBe('from groq');
    expect(completion.meta.attempts.map(({ model, error }) => [model, error])).toEqual([
      ['openai/m', ContextWindowExceededError.name],
      ['groq/long', undefined],
    ]);
    expect(upstream.requests.map(({ body }) => body.model)).toEqual(['m', 'long']);
  });

  it('lead on for the error classes that are named, and for no other', async () => {
    failing((_request, response) => sendJson(response, { error: { message: 'down' } }, 500));
    const request = { model: 'openai/m', messages };
    const options = { retry: { maxRetries: 0 } };
    const llm = service();
    await expect(
      llm.completion(request, { ...options, fallbacks: { models: ['groq/m'], on: [RateLimitError] } }),
    ).rejects.toThrow(InternalServerError);
    await llm.completion(request, {
      ...options,
      fallbacks: { models: ['groq/m'], on: [InternalServerError] },
    });
  });

  it.each([
    ['nothing', []],
    ['its role only', [eventOf(chunkOf({ role: 'assistant', content: '' }))]],
  ])('take a stream over that breaks after %s', async (_what, events) => {
    failing(({ socket }, response) => {
      sendEvents(response, events);
      response.flushHeaders();
      setImmediate(() => socket.destroy());
    });
    const answer = await stream(service(), { fallbacks: ['groq/m'] });
    let text = '';
    for await (const chunk of answer) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('from groq');
    expect(answer.meta).toMatchObject({
      provider: 'groq',
      attempts: [{ model: 'openai/m' }, { model: 'groq/m' }],
    });
    expect((await answer.final()).choices[0]!.message.content).toBe('from groq');
  });

  const breaksAfterContent: Parameters<Upstream['answer']>[0] = ({ socket }, response) => {
    sendEvents(response, eventsOf(['I was ']).slice(0, 2));
    setImmediate(() => socket.destroy());
  };

  it('leave a stream that breaks after content to its consumer', async () => {
    failing(breaksAfterContent);
    const answer = await stream(service(), { fallbacks: ['groq/m'] });
    await expect(answer.final()).rejects.toThrow(StreamInterruptedError);
    expect(upstream.requests).toHaveLength(1);
  });

  it('go on from what was said when that is asked for', async () => {
    failing(breaksAfterContent);
    const answer = await stream(service(), { fallbacks: { models: ['groq/m'], resume: true } });
    const final = await answer.final();
    expect(final.choices[0]!.message.content).toBe('I was from groq');
    expect(final.choices[0]!.finish_reason).toBe('stop');
    expect(upstream.requests[1]!.body.messages.slice(0, 2)).toEqual([
      ...messages,
      { role: 'assistant', content: 'I was ' },
    ]);
  });

  it('stop when the consumer leaves while the next model is asked', async () => {
    upstream.answer((request, response) => {
      if (request.path.startsWith('/groq')) return;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      setImmediate(() => request.socket.destroy());
    });
    const llm = service();
    const answer = await stream(llm, { fallbacks: ['groq/m'] });
    const taken = await upstream.nextRequest();
    expect(taken.path).toMatch(/^\/groq/);
    await answer.return();
    await taken.closed;
    expect(llm.stats().calls.active).toBe(0);
  });

  it('end with the error of the last model and the attempts of all', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'down' } }, 500));
    await expect(
      service().completion(
        { model: 'openai/m', messages },
        { retry: { maxRetries: 0 }, fallbacks: ['groq/a', 'groq/b'] },
      ),
    ).rejects.toMatchObject({
      model: 'groq/b',
      attempts: [{ model: 'openai/m' }, { model: 'groq/a' }, { model: 'groq/b' }],
    });
  });
});

describe('bounds', () => {
  it('end an answer that is larger than the limit', async () => {
    upstream.answer((_request, response) => sendJson(response, completionOf('x'.repeat(5000))));
    const llm = service({ defaults: { limits: { responseSize: 1000 } } });
    await expect(llm.completion({ model: 'openai/m', messages })).rejects.toMatchObject({
      code: 'response_too_large',
    });
  });

  it('end a stream that calls more tools than the limit', async () => {
    const call = (index: number) => ({
      index,
      id: `call_${index}`,
      type: 'function',
      function: { name: 'f', arguments: '' },
    });
    upstream.answer((_request, response) =>
      sendEvents(
        response,
        [0, 1, 2].map((index) => eventOf(chunkOf({ tool_calls: [call(index)] }))),
      ),
    );
    const llm = service({ defaults: { limits: { toolCalls: 2 } } });
    const answer = await llm.completion({ model: 'openai/m', messages, stream: true });
    await expect(answer.final()).rejects.toThrow(APIResponseValidationError);
    await upstream.requests[0]!.closed;
  });
});
