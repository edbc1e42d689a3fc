import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { Agent, buildConnector } from 'undici';
import {
  APITimeoutError,
  cachedLookup,
  createHttpSession,
  LlmConfigurationError,
  LlmModule,
  LlmService,
  SessionClosedError,
  type HttpSession,
} from '../../../lib/index.js';
import { failureOf, optionsFor, REQUEST, STREAMED } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import {
  answerEndless,
  answerText,
  eventsOf,
  sendEvents,
  startUpstream,
  type Upstream,
} from '../../support/upstream.js';

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(async () => {
  await closeLlms();
  await upstream.close();
});

describe('warming up', () => {
  it('opens connections, sends nothing over them, and the first calls use them', async () => {
    const { llm } = await openLlm({}, upstream.baseURL);
    expect(await llm.warmUp(['openai'], { connections: 3 })).toEqual([{ provider: 'openai' }]);
    expect(upstream.requests).toHaveLength(0);
    const { origin } = upstream;
    expect(llm.stats().session!.origins[origin]).toMatchObject({
      open: 3,
      opened: 3,
      free: 3,
      busy: 0,
      bytesWritten: 0,
    });
    await Promise.all([1, 2, 3].map(() => llm.completion(REQUEST)));
    expect(upstream.accepted()).toBe(3);
  });

  it('takes the providers of the options when none are named', async () => {
    const { llm } = await openLlm({}, upstream.baseURL, {}, { defaults: { model: 'openai/x' } });
    expect(await llm.warmUp()).toEqual([{ provider: 'openai' }]);
    expect(upstream.accepted()).toBe(1);
  });

  it('tells of a provider that it could not reach, and never fails', async () => {
    const refused = createServer().listen(0, '127.0.0.1');
    await once(refused, 'listening');
    const { port } = refused.address() as AddressInfo;
    refused.close();
    await once(refused, 'close');
    const { llm } = await openLlm({}, `http://127.0.0.1:${port}/v1`);
    const [reached, unknown] = await llm.warmUp(['openai', 'nobody']);
    expect(reached).toMatchObject({ provider: 'openai', error: { phase: 'connect', provider: 'openai' } });
    expect(unknown).toMatchObject({ provider: 'nobody', error: { code: 'unknown_provider' } });
  });

  it('is bounded', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { llm, session } = await openLlm({ limit: 1 }, `https://127.0.0.1:${port}/v1`);
    const [result] = await llm.warmUp(undefined, { timeoutMs: 50 });
    expect(result!.error).toBeInstanceOf(APITimeoutError);
    expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
    // The handshake that nobody answers does not outlive the session.
    await session.destroy();
    silent.close();
    await once(silent, 'close');
  });

  it('happens while an application starts, and does not fail its start', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        LlmModule.forRoot({ ...optionsFor(upstream), http: { proxy: false }, warmUp: true }),
        LlmModule.forRoot({ ...optionsFor(upstream), name: 'b', http: { proxy: false }, warmUp: ['nobody'] }),
      ],
    }).compile();
    const app = await moduleRef.init();
    expect(upstream.accepted()).toBe(1);
    await app.get(LlmService).completion(REQUEST);
    expect(upstream.accepted()).toBe(1);
    await app.close();
  });
});

describe('stats()', () => {
  it('counts the connections of each provider', async () => {
    const { llm } = await openLlm({ limit: 5, limitPerHost: 2, maxQueue: 9 }, upstream.baseURL);
    const { origin } = upstream;
    expect(llm.stats().session).toEqual({
      limit: 5,
      limitPerHost: 2,
      maxQueue: 9,
      active: 0,
      queued: 0,
      origins: {},
    });
    upstream.answer((_request, response) => sendEvents(response, eventsOf(['a']).slice(0, 2)));
    const streams = await Promise.all([llm.completion(STREAMED), llm.completion(STREAMED)]);
    const waiting = llm.completion(REQUEST);
    expect(llm.stats().session).toMatchObject({ active: 2, queued: 1 });
    expect(llm.stats().session!.origins[origin]).toMatchObject({
      open: 2,
      busy: 2,
      free: 0,
      waiting: 1,
      requests: 2,
      opened: 2,
      reused: 0,
      tlsHandshakes: 0,
    });
    upstream.answer(answerText());
    for (const stream of streams) stream.abort();
    await waiting;
    await turn();
    await llm.completion(REQUEST);
    const after = llm.stats().session!.origins[origin]!;
    expect(after).toMatchObject({ busy: 0, waiting: 0, requests: 4 });
    expect(after.bytesRead).toBeGreaterThan(500);
    expect(after.bytesWritten).toBeGreaterThan(500);
    // Closed connections are still counted.
    await llm.completion(REQUEST).then(() => upstream.sockets.forEach((socket) => socket.destroy()));
    while (llm.stats().session!.origins[origin]!.open! > 0) await turn();
    expect(llm.stats().session!.origins[origin]!.bytesRead).toBeGreaterThan(after.bytesRead!);
  });

  it('gives what undici has of a session of the user, and nothing of one that tells nothing', async () => {
    const agent = new Agent();
    const { llm, handler } = await openLlm({}, upstream.baseURL);
    await handler.replaceSession(agent);
    await llm.completion(REQUEST);
    await turn();
    expect(llm.stats().session).toEqual({
      origins: { [upstream.origin]: { open: 1, busy: 0, free: expect.any(Number), waiting: 0 } },
    });
    const plain: HttpSession = {
      dispatch: (options, receiver) => (agent as HttpSession).dispatch(options, receiver),
      close: () => agent.close(),
      destroy: () => agent.destroy(),
    };
    await handler.replaceSession(plain);
    expect(llm.stats().session).toBeUndefined();
    await agent.destroy();
  });

  it('are passed on by a dispatcher that is composed over the session', async () => {
    const { session } = await openLlm({}, upstream.baseURL);
    const composed = (session as unknown as Agent).compose(
      (dispatch) => (options, receiver) => dispatch(options, receiver),
    );
    const { llm, handler } = await openLlm({}, upstream.baseURL);
    await handler.replaceSession(composed);
    await llm.completion(REQUEST);
    expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({ requests: 1 });
  });
});

describe('connections', () => {
  it('are kept for the next call, and no longer than keepAliveTimeout', async () => {
    const { llm } = await openLlm({ keepAliveTimeout: 100 }, upstream.baseURL);
    await llm.completion(REQUEST);
    await turn();
    await llm.completion(REQUEST);
    expect(upstream.accepted()).toBe(1);
    await upstream.requests[1]!.closed;
    await llm.completion(REQUEST);
    expect(upstream.accepted()).toBe(2);
  });

  it('that the provider closed while they were idle are no failure', async () => {
    const { llm } = await openLlm({}, upstream.baseURL, { retry: { maxRetries: 2, baseDelay: 0 } });
    for (let i = 0; i < 30; i++) {
      await llm.completion(REQUEST);
      // Closed in every stage of being put back: at once, and some turns later.
      for (let turns = i % 4; turns > 0; turns--) await turn();
      for (const socket of upstream.sockets) socket.end();
    }
    expect(llm.stats().calls).toMatchObject({ succeeded: 30, failed: 0 });
  });

  it('are opened for calls alone, however many streams are left', async () => {
    upstream.answer(answerEndless());
    const { llm } = await openLlm({}, upstream.baseURL);
    for (let left = 1; left <= 5; left++) {
      const stream = await llm.completion(STREAMED);
      await stream.next();
      const { closed } = upstream.requests.at(-1)!;
      stream.abort();
      await closed;
      // One that undici opened for nothing would be there before that of the next call.
      while (llm.stats().session!.origins[upstream.origin]!.open! > 0) await turn();
      expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({ opened: left });
    }
    upstream.answer(answerText());
    await llm.completion(REQUEST);
    expect(upstream.accepted()).toBe(6);
  });

  it('reach the next address of a name when the first is dead, and the new one when the DNS has changed', async () => {
    let addresses = [
      { address: '2001:db8::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    let asked = 0;
    const lookup = cachedLookup({
      ttl: 600_000,
      lookup: (_hostname, _options, callback) => {
        asked++;
        setImmediate(() => callback(null, addresses));
      },
    });
    const session = await createHttpSession({ proxy: false, dnsCacheTtl: 0, connector: { lookup } });
    const { llm } = await openLlm({}, `http://llm.test:${upstream.port}/v1`);
    await llm.completion(REQUEST, { session });
    await Promise.all([llm.completion(REQUEST, { session }), llm.completion(REQUEST, { session })]);
    expect(asked).toBe(1);
    await session.destroy();
    addresses = [{ address: '127.0.0.1', family: 4 }];
    lookup.forget('llm.test');
    const next = await createHttpSession({ proxy: false, dnsCacheTtl: 0, connector: { lookup } });
    await llm.completion(REQUEST, { session: next });
    expect(asked).toBe(2);
    await next.destroy();
  });

  it("come from a connector of one's own", async () => {
    const asked: string[] = [];
    const connect = buildConnector({});
    const { llm } = await openLlm(
      {
        proxy: undefined,
        connector: (options, callback) => {
          asked.push(options.hostname);
          connect(options, callback);
        },
      },
      upstream.baseURL,
    );
    await llm.completion(REQUEST);
    expect(asked).toEqual(['127.0.0.1']);
  });

  it.each([{ tls: {} }, { proxy: 'http://p:1' }, { proxy: false as const }, { dnsCacheTtl: 1 }])(
    "of one's own connector leave no room for %j",
    async (option) => {
      const made = createHttpSession({ ...option, connector: () => {} });
      await expect(made).rejects.toThrow(LlmConfigurationError);
      await expect(made).rejects.toThrow(`http.${Object.keys(option)[0]} `);
    },
  );
});

describe('under load', () => {
  it('carries 1,000 streams at once', async () => {
    const finish: (() => void)[] = [];
    upstream.answer((_request, response) => {
      const events = eventsOf(['one', 'two']);
      sendEvents(response, events.slice(0, 2));
      finish.push(() => {
        sendEvents(response, events.slice(2));
        response.end();
      });
    });
    const { llm } = await openLlm({ limit: 1000, limitPerHost: 1000 }, upstream.baseURL);
    const streams = await Promise.all(Array.from({ length: 1000 }, () => llm.completion(STREAMED)));
    expect(llm.stats().session).toMatchObject({ active: 1000, queued: 0 });
    expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({ open: 1000, busy: 1000 });
    for (const one of finish) one();
    const completions = await Promise.all(streams.map((stream) => stream.final()));
    for (const { choices } of completions) expect(choices[0]!.message.content).toBe('onetwo');
    expect(llm.stats().session!.active).toBe(0);
  }, 30_000);

  it('shuts down in the middle of streams, of calls that wait and of a session that is replaced', async () => {
    upstream.answer(answerEndless());
    const { llm, handler, session } = await openLlm({ limit: 20 }, upstream.baseURL);
    const streams = await Promise.all(Array.from({ length: 20 }, () => llm.completion(STREAMED)));
    const waiting = Array.from({ length: 50 }, () => failureOf(llm.completion(REQUEST)));
    const next = await createHttpSession({ proxy: false, limit: 20 });
    const replaced = handler.replaceSession(next, { owned: true });
    const further = await Promise.all(Array.from({ length: 20 }, () => llm.completion(STREAMED)));
    await handler.close(10);
    await replaced;
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(SessionClosedError);
    for (const stream of [...streams, ...further]) {
      expect(await failureOf(stream.final())).toBeInstanceOf(SessionClosedError);
    }
    expect(next.destroyed).toBe(true);
    await session.destroy();
    await Promise.all(upstream.requests.map(({ closed }) => closed));
  }, 15_000);
});
