import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import {
  APITimeoutError,
  APIUserAbortError,
  limit,
  QueueFullError,
  SessionClosedError,
  statsOf,
  toHttpStatus,
  type HttpSession,
} from '../../../lib/index.js';
import { failureOf, REQUEST, STREAMED, TEST_KEY } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import { answerStalled, answerText, startUpstream, type Upstream } from '../../support/upstream.js';

const upstreams: Upstream[] = [];

async function start(...args: Parameters<typeof startUpstream>): Promise<Upstream> {
  const upstream = await startUpstream(...args);
  upstreams.push(upstream);
  return upstream;
}

afterEach(async () => {
  await closeLlms();
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
});

/** Holds every request until it is told to answer; counts what is in flight. */
function holding() {
  const held: (() => void)[] = [];
  const seen = { active: 0, peak: 0 };
  const answer: Parameters<typeof startUpstream>[0] = async (request, response) => {
    seen.peak = Math.max(seen.peak, ++seen.active);
    await new Promise<void>((resolve) => held.push(resolve));
    seen.active--;
    await answerText()(request, response);
  };
  return { held, seen, answer };
}

describe('limit and limitPerHost', () => {
  it('hold over 200 calls to 5 providers', async () => {
    const seen = { active: 0, peak: 0 };
    const perHost = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const own = { active: 0, peak: 0 };
        const upstream = await start(async (request, response) => {
          for (const count of [seen, own]) count.peak = Math.max(count.peak, ++count.active);
          await sleep(5);
          for (const count of [seen, own]) count.active--;
          await answerText()(request, response);
        });
        return { own, upstream };
      }),
    );
    const { llm } = await openLlm({ limit: 12, limitPerHost: 4 }, perHost[0]!.upstream.baseURL);
    const calls = Array.from({ length: 200 }, (_, i) =>
      llm.completion(REQUEST, { baseURL: perHost[i % 5]!.upstream.baseURL }),
    );
    expect(llm.stats().session).toMatchObject({ active: 12, queued: 188 });
    await Promise.all(calls);
    expect(seen.peak).toBeLessThanOrEqual(12);
    for (const { own, upstream } of perHost) {
      // Two at least is everyone's share of twelve.
      expect(own.peak).toBeGreaterThanOrEqual(2);
      expect(own.peak).toBeLessThanOrEqual(4);
      expect(upstream.accepted()).toBeLessThanOrEqual(4);
    }
    expect(llm.stats().session).toMatchObject({ limit: 12, limitPerHost: 4, active: 0, queued: 0 });
  });

  it('let a slow provider not starve the others', async () => {
    const slow = holding();
    const [slowOne, fastOne] = [await start(slow.answer), await start()];
    const { llm } = await openLlm({ limit: 4 }, slowOne.baseURL);
    const fast = () => llm.completion(REQUEST, { baseURL: fastOne.baseURL });
    const first = fast();
    const stuck = Array.from({ length: 50 }, () => llm.completion(REQUEST));
    // The place of the first call is theirs, one after the other, though 47 calls wait in front of them.
    await Promise.all([first, ...Array.from({ length: 20 }, fast)]);
    expect(slow.seen.active).toBe(3);
    const answering = setInterval(() => slow.held.splice(0).forEach((answer) => answer()), 1);
    await Promise.all(stuck).finally(() => clearInterval(answering));
  });

  it('keep a place until a stream has ended', async () => {
    const upstream = await start(answerStalled());
    const { llm } = await openLlm({ limit: 1 }, upstream.baseURL);
    const stream = await llm.completion(STREAMED);
    const waiting = llm.completion(STREAMED);
    expect(llm.stats().session).toMatchObject({ active: 1, queued: 1 });
    stream.abort();
    (await waiting).abort();
    expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
  });
});

describe('a call that waits for its place', () => {
  it("fails at once when the queue is full, with 503 for one's own client, and is not tried again", async () => {
    const { held, answer } = holding();
    const upstream = await start(answer);
    const { llm } = await openLlm({ limit: 1, maxQueue: 1 }, upstream.baseURL, { retry: { maxRetries: 2 } });
    const request = upstream.nextRequest();
    const running = llm.completion(REQUEST);
    const waiting = llm.completion(REQUEST);
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({
      phase: 'queue',
      provider: 'openai',
      model: 'openai/test-model',
      maxQueue: 1,
      attempts: [expect.objectContaining({ error: 'QueueFullError' })],
    });
    expect(error.message).toMatch(/^openai: .*http\.maxQueue/);
    expect(toHttpStatus(error)).toBe(503);
    await request;
    held.shift()!();
    await running;
    await upstream.nextRequest();
    held.shift()!();
    await waiting;
  });

  it('fails after timeout.queue, and gives its place in the queue up', async () => {
    const upstream = await start(answerStalled());
    const { llm } = await openLlm({ limit: 1 }, upstream.baseURL);
    const stream = await llm.completion(STREAMED);
    const error = await failureOf(llm.completion(REQUEST, { timeout: { queue: 30 } }));
    expect(error).toBeInstanceOf(APITimeoutError);
    expect(error).toMatchObject({ phase: 'queue', timeoutMs: 30, retryable: false });
    expect(error.message).toContain('timeout.queue');
    expect(llm.stats().session).toMatchObject({ active: 1, queued: 0 });
    stream.abort();
  });

  it('has the time for its connection counted from its place on, and tells how long it waited', async () => {
    const { held, answer } = holding();
    const upstream = await start(answer);
    const { llm } = await openLlm({ limit: 1 }, upstream.baseURL);
    const first = upstream.nextRequest();
    const running = llm.completion(REQUEST);
    await first;
    const waiting = llm.completion(REQUEST, { timeout: { connect: 40 } });
    await sleep(80);
    const second = upstream.nextRequest();
    held.shift()!();
    expect((await running).meta.timings.queued).toBeUndefined();
    await second;
    held.shift()!();
    const { timings } = (await waiting).meta;
    expect(timings.queued).toBeGreaterThanOrEqual(40);
    expect(timings.connected).toBeGreaterThanOrEqual(timings.queued!);
  });

  it('leaves the queue at once when its caller aborts', async () => {
    const upstream = await start(answerStalled());
    const { llm } = await openLlm({ limit: 1 }, upstream.baseURL);
    const stream = await llm.completion(STREAMED);
    const aborter = new AbortController();
    const waiting = failureOf(llm.completion(REQUEST, { signal: aborter.signal }));
    expect(llm.stats().session!.queued).toBe(1);
    aborter.abort();
    expect(llm.stats().session!.queued).toBe(0);
    const error = await waiting;
    expect(error).toBeInstanceOf(APIUserAbortError);
    expect(error.phase).toBe('queue');
    stream.abort();
    expect(upstream.requests).toHaveLength(1);
  });

  it('fails when the session is destroyed, and so does every other one', async () => {
    const upstream = await start(answerStalled());
    const { llm, session } = await openLlm({ limit: 1 }, upstream.baseURL);
    const stream = await llm.completion(STREAMED);
    const waiting = Array.from({ length: 20 }, () => failureOf(llm.completion(REQUEST)));
    await session.destroy(new Error('gone'));
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(SessionClosedError);
    await stream.final().catch(() => {});
    expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
  });

  it('fails when the shutdown ends it', async () => {
    const upstream = await start(answerStalled());
    const { llm, handler } = await openLlm({ limit: 1 }, upstream.baseURL);
    await llm.completion(STREAMED);
    const waiting = failureOf(llm.completion(REQUEST));
    await handler.close(0);
    expect(await waiting).toBeInstanceOf(SessionClosedError);
    expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
  });
});

describe('a place is given on', () => {
  it('when its call gives up while it is being connected', async () => {
    // A server that accepts, and never answers the TLS handshake.
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      socket.on('error', () => {});
      sockets.add(socket);
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const upstream = await start();
      const { port } = silent.address() as AddressInfo;
      const { llm } = await openLlm({ limit: 1 }, `https://127.0.0.1:${port}/v1`);
      const stuck = failureOf(llm.completion(REQUEST, { timeout: { connect: 50 } }));
      const waiting = llm.completion(REQUEST, { baseURL: upstream.baseURL });
      expect(await stuck).toMatchObject({ phase: 'connect' });
      await waiting;
      expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('when the provider breaks the connection', async () => {
    const upstream = await start((request) => void request.socket.destroy());
    const { llm } = await openLlm({ limit: 1 }, upstream.baseURL);
    for (let i = 0; i < 5; i++) await failureOf(llm.completion(REQUEST));
    expect(llm.stats().session).toMatchObject({ active: 0 });
  });
});

describe("limit() on a session of one's own", () => {
  it('bounds it, and lets calls leave its queue', async () => {
    const { held, seen, answer } = holding();
    const upstream = await start(answer);
    const limiter = limit({ limit: 2 });
    const session = new Agent().compose(limiter as never) as unknown as HttpSession;
    const { llm } = await openLlm({}, upstream.baseURL, { apiKey: TEST_KEY });
    const aborter = new AbortController();
    const calls = Array.from({ length: 4 }, () => llm.completion(REQUEST, { session }));
    const aborted = failureOf(llm.completion(REQUEST, { session, signal: aborter.signal }));
    expect(limiter.stats()).toMatchObject({ active: 2, waiting: 3 });
    aborter.abort();
    await aborted;
    expect(limiter.stats().waiting).toBe(2);
    const answering = setInterval(() => held.splice(0).forEach((reply) => reply()), 1);
    await Promise.all(calls).finally(() => clearInterval(answering));
    expect(seen.peak).toBe(2);
    // undici counts for itself, and no more than that is told.
    expect(statsOf(session)).toEqual({
      origins: { [upstream.origin]: expect.objectContaining({ busy: 0 }) },
    });
    await session.destroy();
  });
});
