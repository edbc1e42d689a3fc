import { once } from 'node:events';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { createHttpSession, LlmError, LlmHandler } from '../../lib/index.js';
import { sessionFetch } from '../../lib/fetch/index.js';
import { answerStalled, answerText, sendJson, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let handler: LlmHandler;
let fetchOver: typeof fetch;

beforeEach(async () => {
  upstream = await startUpstream();
  handler = new LlmHandler();
  fetchOver = sessionFetch(handler);
});

afterEach(async () => {
  await handler.close(0);
  await upstream.close();
});

const openai = () =>
  new OpenAI({ apiKey: 'sk-x', baseURL: upstream.baseURL, fetch: fetchOver, maxRetries: 0 });

const ASKED = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] };

describe('the openai SDK over the session', () => {
  it('completes, and the handler counts it', async () => {
    const { choices } = await openai().chat.completions.create(ASKED);
    expect(choices[0]!.message.content).toBe('Hello, world');
    expect(upstream.requests[0]!.headers.authorization).toBe('Bearer sk-x');
    expect(handler.stats()).toMatchObject({ started: 1, succeeded: 1, active: 0 });
  });

  it('streams', async () => {
    let said = '';
    for await (const chunk of await openai().chat.completions.create({ ...ASKED, stream: true })) {
      said += chunk.choices[0]?.delta.content ?? '';
    }
    expect(said).toBe('Hello, world');
    expect(handler.stats()).toMatchObject({ succeeded: 1, active: 0 });
  });

  it('leaves a stalled stream, which closes the upstream', async () => {
    upstream.answer(answerStalled());
    const stream = await openai().chat.completions.create({ ...ASKED, stream: true });
    for await (const _chunk of stream) break;
    await upstream.requests[0]!.closed;
    expect(handler.stats()).toMatchObject({ active: 0, aborted: 1 });
  });

  it('is aborted before the answer', async () => {
    upstream.answer(() => {});
    const controller = new AbortController();
    const call = openai().chat.completions.create(ASKED, { signal: controller.signal });
    const request = await upstream.nextRequest();
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await request.closed;
  });

  it('throws its own errors', async () => {
    upstream.answer((_request, response) =>
      sendJson(response, { error: { message: 'no such key' } }, 401, { 'x-request-id': 'r1' }),
    );
    await expect(openai().chat.completions.create(ASKED)).rejects.toMatchObject({
      constructor: OpenAI.AuthenticationError,
      status: 401,
      requestID: 'r1',
    });
  });

  it('tells of a connection that cannot be made, with advice in the cause', async () => {
    const gone = upstream.baseURL;
    await upstream.close();
    const sdk = new OpenAI({ apiKey: 'sk-x', baseURL: gone, fetch: fetchOver, maxRetries: 0 });
    const error = await sdk.chat.completions.create(ASKED).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
    const { cause } = (error as Error).cause as Error;
    expect(cause).toMatchObject({ name: 'APIConnectionError', phase: 'connect' });
    upstream = await startUpstream();
  });
});

it('serves the SDK of Anthropic', async () => {
  upstream.answer((_request, response) =>
    sendJson(response, {
      id: 'msg',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    }),
  );
  const sdk = new Anthropic({ apiKey: 'k', baseURL: upstream.origin, fetch: fetchOver, maxRetries: 0 });
  const { content } = await sdk.messages.create({ ...ASKED, max_tokens: 5 });
  expect(content).toEqual([{ type: 'text', text: 'Hello' }]);
});

describe('sessionFetch()', () => {
  it('gives responses as fetch does', async () => {
    upstream.answer(({ path, method, body }, response) => {
      if (path === '/none') return void response.writeHead(204).end();
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      sendJson(response, { method, body }, 418);
    });
    const response = await fetchOver(`${upstream.origin}/x?y=1`, {
      method: 'PATCH',
      body: JSON.stringify({ a: 1 }),
      headers: { 'content-type': 'application/json' },
    });
    expect(response).toMatchObject({
      status: 418,
      ok: false,
      url: `${upstream.origin}/x?y=1`,
      redirected: false,
    });
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toEqual({ method: 'PATCH', body: { a: 1 } });
    const none = await fetchOver(new URL('/none', upstream.origin));
    expect({ status: none.status, body: none.body }).toEqual({ status: 204, body: null });
  });

  it('sends forms with their boundary', async () => {
    let type: string | undefined;
    upstream.answer(({ headers }, response) => {
      type = headers['content-type'];
      sendJson(response, {});
    });
    const form = new FormData();
    form.set('file', new Blob(['abc']), 'a.txt');
    await (await fetchOver(upstream.origin, { method: 'POST', body: form })).text();
    expect(type).toMatch(/^multipart\/form-data; boundary=/);
  });

  it('follows redirects, and takes no key to another origin', async () => {
    const other = await startUpstream((_request, response) => sendJson(response, { there: true }));
    upstream.answer(({ path }, response) =>
      path === '/away'
        ? void response.writeHead(307, { location: `${other.origin}/b` }).end()
        : void response.writeHead(302, { location: '/away' }).end(),
    );
    const sent = { method: 'POST', body: '{}', headers: { authorization: 'Bearer sk-x', 'x-other': '1' } };
    const response = await fetchOver(`${upstream.origin}/a`, sent);
    expect(await response.json()).toEqual({ there: true });
    expect(response).toMatchObject({ url: `${other.origin}/b`, redirected: true });
    expect(upstream.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /a',
      'GET /away',
    ]);
    expect(other.requests[0]!.headers).toMatchObject({ 'x-other': '1' });
    expect(other.requests[0]!.headers).not.toHaveProperty('authorization');
    await expect(fetchOver(`${upstream.origin}/a`, { redirect: 'error' })).rejects.toThrow(TypeError);
    const manual = await fetchOver(`${upstream.origin}/a`, { redirect: 'manual' });
    expect(manual.status).toBe(302);
    await other.close();
  });

  it('ends redirects that go in a circle', async () => {
    upstream.answer((_request, response) => void response.writeHead(302, { location: '/again' }).end());
    await expect(fetchOver(upstream.origin)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('more than 20 times') },
    });
  });

  it('reads no faster than its consumer', async () => {
    const piece = Buffer.alloc(256 * 1024);
    let written = 0;
    upstream.answer(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      for (let count = 0; count < 200; count++) {
        const goesOn = response.write(piece);
        written++;
        if (!goesOn) await once(response, 'drain');
      }
      response.end();
    });
    const response = await fetchOver(upstream.origin);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(150);
    expect((await response.arrayBuffer()).byteLength).toBe(200 * piece.length);
  });

  it('holds the session to its limits, and to its time', async () => {
    const limited = new LlmHandler({ session: await createHttpSession({ limit: 1 }) });
    const own = sessionFetch(limited, { timeout: { queue: 30, connect: undefined } });
    upstream.answer(answerStalled());
    const first = await own(upstream.origin, { method: 'POST', body: '{}' });
    await expect(own(upstream.origin)).rejects.toMatchObject({
      cause: { name: 'APITimeoutError', phase: 'queue' },
    });
    await first.body!.cancel();
    upstream.answer(answerText());
    expect((await own(upstream.origin, { method: 'POST', body: '{}' })).status).toBe(200);
    await limited.close(0);
  });

  it('ends with the handler, typed', async () => {
    upstream.answer(answerStalled());
    const response = await fetchOver(upstream.origin, { method: 'POST', body: '{}' });
    const read = expect(response.text()).rejects.toMatchObject({ cause: { name: 'SessionClosedError' } });
    await handler.close(0);
    await read;
    const later = await fetchOver(upstream.origin).catch((error: Error) => error);
    expect((later as Error).cause).toBeInstanceOf(LlmError);
  });

  it("rejects with the signal's own reason, also when it was aborted before", async () => {
    const reason = new Error('enough');
    await expect(fetchOver(upstream.origin, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(upstream.requests).toHaveLength(0);
  });

  it("runs in its caller's async context", async () => {
    const tenant = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const single = new LlmHandler({ session: await createHttpSession({ limitPerHost: 1 }) });
    const own = sessionFetch(single);
    await tenant.run('A', async () => (await own(upstream.origin, { method: 'POST', body: '{}' })).text());
    await tenant.run('B', async () => {
      const response = await own(upstream.origin, { method: 'POST', body: '{"stream":true}' });
      for await (const _chunk of response.body!) seen.push(tenant.getStore());
    });
    expect(new Set(seen)).toEqual(new Set(['B']));
    expect(upstream.accepted()).toBe(1);
    await single.close(0);
  });

  it('leaves the global fetch as it is', () => {
    expect(fetchOver).not.toBe(globalThis.fetch);
    expect(Object.getOwnPropertyDescriptor(globalThis, 'fetch')!.value ?? globalThis.fetch).toBe(
      globalThis.fetch,
    );
  });
});
