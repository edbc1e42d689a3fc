import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent, Client, interceptors, Pool } from 'undici';
import {
  APITimeoutError,
  ChatStream,
  LlmHandler,
  type HttpSession,
  type ProviderOptions,
} from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import { answerText, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let session: HttpSession;
let llm: StandaloneLlm;

function use(own: HttpSession, provider: ProviderOptions = {}): void {
  session = own;
  llm = createLlm(optionsFor(upstream, provider), new LlmHandler({ session }));
}

beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  await llm.close();
  await session.destroy();
  await upstream.close();
});

const dispatchers: readonly (readonly [string, () => HttpSession])[] = [
  ['an Agent', () => new Agent({ connections: 1 })],
  ['a Pool', () => new Pool(upstream.origin, { connections: 1 })],
  ['a Client', () => new Client(upstream.origin)],
  [
    'an Agent with interceptors',
    () => new Agent({ connections: 1 }).compose(interceptors.redirect({ maxRedirections: 0 })),
  ],
];

const breaks: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['closes', (socket) => void socket.end()],
  ['resets', (socket) => void socket.resetAndDestroy()],
];

describe.each(dispatchers)('over %s of the application', (_name, create) => {
  it.each(breaks)(
    'a call is sent again without a retry when the server %s the pooled connection as it comes',
    async (_how, end) => {
      use(create(), { retry: { maxRetries: 0 } });
      for (const request of [REQUEST, STREAMED]) {
        upstream.answer(answerText());
        const before = await llm.completion(request);
        if (before instanceof ChatStream) await before.final();
        const pooled = upstream.requests.at(-1)!.socket;
        const asked = upstream.requests.length;
        upstream.answer((received, response) =>
          received.socket === pooled ? end(received.socket) : answerText()(received, response),
        );
        const result = await llm.completion(request);
        expect(result.meta.attempts).toEqual([
          expect.objectContaining({ error: 'APIConnectionError', phase: 'firstByte', delayMs: 0 }),
          expect.objectContaining({ status: 200 }),
        ]);
        if (result instanceof ChatStream) await result.final();
        expect(upstream.requests).toHaveLength(asked + 2);
      }
    },
  );

  it('a call waits for its connection as long as timeout.queue allows', async () => {
    use(create(), { timeout: { connect: 30, queue: 0 } });
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    upstream.answer(async (request, response) => {
      await released;
      await answerText()(request, response);
    });
    const calls = [1, 2, 3].map(() => llm.completion(REQUEST));
    await upstream.nextRequest();
    const limited = failureOf(llm.completion(REQUEST, { timeout: { queue: 50 } }));
    const error = await limited;
    expect(error).toBeInstanceOf(APITimeoutError);
    expect(error).toMatchObject({ phase: 'queue', timeoutMs: 50, attempts: [{ phase: 'queue' }] });
    expect(error.message).toMatch(
      /waited 50 ms for one of the session's connections.*give the session more connections, or raise timeout\.queue/,
    );
    release();
    const [first, ...others] = (await Promise.all(calls)).map(({ meta }) => meta);
    expect(first!.timings.queued).toBeUndefined();
    for (const { attempts, timings } of others) {
      expect(attempts).toHaveLength(1);
      // They waited longer than the call that was given up.
      expect(timings.queued).toBeGreaterThanOrEqual(50);
      expect(timings.queued).toBeLessThanOrEqual(timings.connected!);
    }
  });

  it('a call that is aborted while it waits says so', async () => {
    use(create());
    upstream.answer(() => {});
    const running = failureOf(llm.completion(REQUEST));
    await upstream.nextRequest();
    const controller = new AbortController();
    const waiting = failureOf(llm.completion(REQUEST, { signal: controller.signal }));
    controller.abort();
    await expect(waiting).resolves.toMatchObject({ phase: 'queue' });
    await llm.close();
    await running;
  });
});

describe('over an Agent of the application', () => {
  it('a call ends on a fresh connection when the server has dropped all that were pooled', async () => {
    use(new Agent(), { retry: { maxRetries: 0 } });
    upstream.answer(async (request, response) => {
      if (upstream.requests.length < 4) await upstream.nextRequest();
      await answerText()(request, response);
    });
    await Promise.all([1, 2, 3, 4].map(() => llm.completion(REQUEST)));
    const pooled = new Set(upstream.sockets);
    expect(pooled.size).toBe(4);
    upstream.answer((request, response) =>
      pooled.has(request.socket) ? void request.socket.resetAndDestroy() : answerText()(request, response),
    );
    const { meta } = await llm.completion(REQUEST);
    expect(meta.attempts.at(-1)).toMatchObject({ status: 200 });
    expect(pooled.has(upstream.requests.at(-1)!.socket)).toBe(false);
  });

  it('a fresh connection that breaks after the request is not tried again', async () => {
    use(new Agent());
    upstream.answer(({ socket }) => void socket.resetAndDestroy());
    await expect(failureOf(llm.completion(REQUEST))).resolves.toMatchObject({ phase: 'firstByte' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('a host that stops to listen is a failure to connect', async () => {
    use(new Agent({ connections: 1 }), { retry: { maxRetries: 0 } });
    upstream.answer(({ socket }) => void socket.resetAndDestroy());
    await failureOf(llm.completion(REQUEST));
    await upstream.close();
    const failures = await Promise.all([1, 2].map(() => failureOf(llm.completion(REQUEST))));
    expect(failures).toEqual([
      expect.objectContaining({ phase: 'connect', retryable: true }),
      expect.objectContaining({ phase: 'connect', retryable: true }),
    ]);
    upstream = await startUpstream();
  });
});
