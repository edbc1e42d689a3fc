import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { Agent, MockAgent, RetryAgent } from 'undici';
import {
  APIConnectionError,
  APITimeoutError,
  HTTP_SESSION,
  LlmHandler,
  LlmModule,
  LlmService,
  SessionClosedError,
  createHttpSession,
  getHttpSessionToken,
  getLlmServiceToken,
  type HttpConnector,
  type HttpSession,
  type HttpSessionOptions,
} from '../../lib/index.js';
import { PROCESS_TEST_MS, compileLib, type CompiledLib } from '../support/compiled-lib.js';
import { REQUEST, STREAMED, createLlm, failureOf, optionsFor, type StandaloneLlm } from '../support/llm.js';
import { collectLogs } from '../support/logs.js';
import { CountingSession } from '../support/sessions.js';
import {
  answerStalled,
  answerText,
  completionOf,
  startUpstream,
  type ReceivedRequest,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(() => upstream.close());

function mockAgent(): MockAgent {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent
    .get('https://api.openai.com')
    .intercept({ path: '/v1/chat/completions', method: 'POST' })
    .reply(200, completionOf('mocked'), { headers: { 'content-type': 'application/json' } })
    .persist();
  return agent;
}

const MOCKED = { providers: { openai: { apiKey: 'sk' } } };

describe('the session that the module makes', () => {
  async function callThenClose(app: { get: TestingModule['get']; close(): Promise<void> }): Promise<void> {
    const session = app.get<HttpSession>(HTTP_SESSION);
    await app.get(LlmService).completion(REQUEST);
    const { closed } = upstream.requests.at(-1)!;
    await app.close();
    expect(session.destroyed).toBe(true);
    // The idle socket is closed, seen from the other side.
    await closed;
    // Closing again changes nothing.
    await app.close();
  }

  it('is closed with the application', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot(optionsFor(upstream))],
    }).compile();
    await callThenClose(await moduleRef.init());
  });

  it('is closed with a testing module that was not initialised', async () => {
    await callThenClose(
      await Test.createTestingModule({ imports: [LlmModule.forRoot(optionsFor(upstream))] }).compile(),
    );
  });

  it('is closed with an application context', async () => {
    await callThenClose(
      await NestFactory.createApplicationContext(LlmModule.forRoot(optionsFor(upstream)), {
        logger: false,
      }),
    );
  });

  it('is closed when another provider failed to start', async () => {
    @Injectable()
    class Failing implements OnModuleInit {
      onModuleInit(): void {
        throw new Error('no database');
      }
    }
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot(optionsFor(upstream))],
      providers: [Failing],
    }).compile();
    await expect(moduleRef.init()).rejects.toThrow('no database');
    await callThenClose(moduleRef);
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('destroy failed'))],
    [
      'throws',
      () => {
        throw new Error('destroy failed');
      },
    ],
  ])('does not fail the shutdown when its destroy() %s: that is logged', async (_name, destroy) => {
    const logs = collectLogs();
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot(optionsFor(upstream))],
    })
      .setLogger(logs)
      .compile();
    const session = moduleRef.get<HttpSession>(HTTP_SESSION);
    session.destroy = destroy;
    try {
      await moduleRef.close();
      expect(logs.entries).toContainEqual({
        level: 'error',
        text: expect.stringMatching(/Closing the HTTP session failed[\s\S]*destroy failed/),
      });
    } finally {
      logs.restore();
      Reflect.deleteProperty(session, 'destroy');
      await session.destroy();
    }
  });
});

describe('a session of somebody else', () => {
  it('given with one call carries that call alone and stays open', async () => {
    const session = new CountingSession();
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot(optionsFor(upstream))],
    }).compile();
    const llm = moduleRef.get(LlmService);
    await llm.completion(REQUEST, { session });
    const stream = await llm.completion(STREAMED, { session });
    await stream.final();
    await llm.embedding({ model: 'openai/x', input: 'a' }, { session }).catch(() => {});
    expect(session.dispatched).toBe(3);
    await llm.completion(REQUEST);
    expect(session.dispatched).toBe(3);
    await moduleRef.close();
    expect(session).toMatchObject({ closeCalls: 0, closed: false });
    await session.agent.destroy();
  });

  it.each<[string, string | undefined, 'useValue' | 'useFactory']>([
    ['overrides the unnamed one by value', undefined, 'useValue'],
    ['overrides the unnamed one by a factory', undefined, 'useFactory'],
    ['overrides a named one by value', 'batch', 'useValue'],
    ['overrides a named one by a factory', 'batch', 'useFactory'],
  ])('%s and is not closed', async (_name, name, way) => {
    const agent = mockAgent();
    const overriding = Test.createTestingModule({
      imports: [LlmModule.forRoot({ ...MOCKED, name })],
    }).overrideProvider(getHttpSessionToken(name));
    const moduleRef = await (
      way === 'useValue' ? overriding.useValue(agent) : overriding.useFactory({ factory: () => agent })
    ).compile();
    const completion = await moduleRef.get<LlmService>(getLlmServiceToken(name)).completion(REQUEST);
    expect(completion.choices[0]!.message.content).toBe('mocked');
    await moduleRef.close();

    // The agent still answers.
    const llm = createLlm(MOCKED, new LlmHandler({ session: agent }));
    expect((await llm.completion(REQUEST)).choices[0]!.message.content).toBe('mocked');
    await llm.close();
    await agent.close();
  });

  const closings: readonly (readonly [string, (agent: Agent) => Promise<void>])[] = [
    ['closed', (agent) => agent.close()],
    ['destroyed', (agent) => agent.destroy()],
  ];

  it.each(closings)('that is %s before a call fails it at once', async (_name, close) => {
    const agent = new Agent();
    const llm = createLlm(optionsFor(upstream), new LlmHandler({ session: agent }));
    await llm.completion(REQUEST);
    await close(agent);
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toBeInstanceOf(SessionClosedError);
    expect(error).toMatchObject({ provider: 'openai', retryable: false, attempts: [expect.anything()] });
    expect(error.message).toContain(new URL(upstream.origin).host);
    expect(await failureOf(llm.completion(STREAMED))).toBeInstanceOf(SessionClosedError);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(closings)('that does not tell that it is %s fails the call the same way', async (_name, close) => {
    const agent = new Agent();
    const session = new RetryAgent(agent);
    const llm = createLlm(optionsFor(upstream), new LlmHandler({ session }));
    await close(agent);
    expect(await failureOf(llm.completion(REQUEST))).toBeInstanceOf(SessionClosedError);
    expect(upstream.requests).toHaveLength(0);
  });

  it('that is destroyed during a call fails it with SessionClosedError', async () => {
    upstream.answer(() => {});
    const agent = new Agent();
    const llm = createLlm(optionsFor(upstream), new LlmHandler({ session: agent }));
    const incoming = upstream.nextRequest();
    const failure = failureOf(llm.completion(REQUEST));
    const { closed } = await incoming;
    await agent.destroy();
    expect(await failure).toBeInstanceOf(SessionClosedError);
    await closed;
    expect(upstream.requests).toHaveLength(1);
  });

  it('that is destroyed during a stream fails it with SessionClosedError', async () => {
    upstream.answer(answerStalled(['Hello']));
    const agent = new Agent();
    const llm = createLlm(optionsFor(upstream), new LlmHandler({ session: agent }));
    const stream = await llm.completion(STREAMED);
    await stream.next();
    await stream.next();
    const failure = failureOf(stream.next());
    await agent.destroy();
    expect(await failure).toBeInstanceOf(SessionClosedError);
  });

  it('that is closed during a call lets it end and fails the next one', async () => {
    const agent = new Agent();
    const llm = createLlm(optionsFor(upstream), new LlmHandler({ session: agent }));
    upstream.answer(() => {});
    const incoming = upstream.nextRequest();
    const call = llm.completion(REQUEST);
    const request = await incoming;
    const closing = agent.close();
    expect(await failureOf(llm.completion(REQUEST))).toBeInstanceOf(SessionClosedError);
    await answerText()(request, request.response);
    expect((await call).choices[0]!.message.content).toBe('Hello, world');
    await closing;
  });
});

describe('createHttpSession', () => {
  let llm: StandaloneLlm;
  let session: HttpSession;

  async function use(options: HttpSessionOptions, provider = {}): Promise<void> {
    session = await createHttpSession(options);
    llm = createLlm(
      optionsFor(upstream, { retry: { maxRetries: 0 }, ...provider }),
      new LlmHandler({ session }),
    );
  }

  afterEach(async () => {
    await llm.close();
    await session.destroy();
  });

  it.each([1, 3])('opens %i connections to a host at most', async (limitPerHost) => {
    await use({ limitPerHost });
    const held: ReceivedRequest[] = [];
    let peak = 0;
    upstream.answer(async (request) => {
      held.push(request);
      peak = Math.max(peak, held.length);
      // Answered only when the limit is used in full, or nothing more can come.
      if (held.length < limitPerHost && upstream.requests.length < 12) return;
      for (const one of held.splice(0)) await answerText()(one, one.response);
    });
    await Promise.all(Array.from({ length: 12 }, () => llm.completion(REQUEST)));
    expect(peak).toBe(limitPerHost);
    expect(upstream.accepted()).toBe(limitPerHost);
  });

  it('opens as many as there are calls without a limit', async () => {
    await use({});
    const held: ReceivedRequest[] = [];
    upstream.answer(async (request) => {
      held.push(request);
      if (held.length < 8) return;
      for (const one of held) await answerText()(one, one.response);
    });
    await Promise.all(Array.from({ length: 8 }, () => llm.completion(REQUEST)));
    expect(upstream.accepted()).toBe(8);
  });

  it('keeps a connection for the next calls, streams and errors included', async () => {
    // undici takes a connection back a turn of the event loop after its response, so with a limit alone is it one.
    await use({ limitPerHost: 1 });
    await llm.completion(REQUEST);
    await (await llm.completion(STREAMED)).final();
    upstream.answer((_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
    });
    await failureOf(llm.completion(REQUEST));
    upstream.answer(answerText());
    await llm.completion(REQUEST);
    expect(upstream.requests).toHaveLength(4);
    expect(upstream.accepted()).toBe(1);
  });

  it('closes it after keepAliveTimeout', async () => {
    await use({ keepAliveTimeout: 20 });
    await llm.completion(REQUEST);
    await upstream.requests[0]!.closed;
    await llm.completion(REQUEST);
    expect(upstream.accepted()).toBe(2);
  });

  it('gives up a connection after connectTimeout', async () => {
    // Takes the connection and never answers the TLS handshake.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      await use({ connectTimeout: 30 }, { baseURL: `https://127.0.0.1:${port}/v1` });
      const error = await failureOf(llm.completion(REQUEST));
      expect(error).toBeInstanceOf(APITimeoutError);
      expect(error).toMatchObject({ phase: 'connect', timeoutMs: 30, retryable: true });
      expect(error.message).toContain(`127.0.0.1:${port}`);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('gives up a connector that never calls back after timeout.connect, and tries again', async () => {
    let connects = 0;
    await use(
      {
        connector: () => {
          connects++;
        },
      },
      { timeout: { connect: 20 }, retry: { maxRetries: 1, baseDelay: 1 } },
    );
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toBeInstanceOf(APITimeoutError);
    expect(error).toMatchObject({ phase: 'connect', timeoutMs: 20 });
    expect(error.attempts.map(({ phase }) => phase)).toEqual(['connect', 'connect']);
    expect(connects).toBeGreaterThan(0);
  });

  it('takes a connector function', async () => {
    const asked: string[] = [];
    const connector: HttpConnector = ({ hostname, port }, callback) => {
      asked.push(`${hostname}:${port}`);
      const socket = connect(upstream.port, '127.0.0.1', () => callback(null, socket));
      socket.on('error', (error) => callback(error, null));
    };
    await use({ connector }, { baseURL: 'http://provider.invalid/v1' });
    await llm.completion(REQUEST);
    expect(asked).toEqual(['provider.invalid:']);
    expect(upstream.requests[0]!.headers.host).toBe('provider.invalid');
  });

  it("takes undici's connect options", async () => {
    await use(
      {
        connector: {
          lookup: (_name: string, _options: unknown, callback: (...result: unknown[]) => void) =>
            callback(null, [{ address: '127.0.0.1', family: 4 }]),
        },
      },
      { baseURL: `http://provider.invalid:${upstream.port}/v1` },
    );
    await llm.completion(REQUEST);
    expect(upstream.requests[0]!.headers.host).toBe(`provider.invalid:${upstream.port}`);
  });

  it('composes interceptors, the first one innermost', async () => {
    const order: string[] = [];
    const named =
      (name: string): NonNullable<HttpSessionOptions['interceptors']>[number] =>
      (dispatch) =>
      (options, handler) => {
        order.push(name);
        return dispatch({ ...options, headers: { ...options.headers, [name]: '1' } }, handler);
      };
    await use({ interceptors: [named('x-inner'), named('x-outer')] });
    await llm.completion(REQUEST);
    expect(order).toEqual(['x-outer', 'x-inner']);
    expect(upstream.requests[0]!.headers).toMatchObject({ 'x-inner': '1', 'x-outer': '1' });
  });

  it('connects from the local address that the connector is given', async () => {
    await use({ connector: { localAddress: '127.0.0.2' } });
    await llm.completion(REQUEST);
    expect(upstream.requests[0]!.socket.remoteAddress).toBe('127.0.0.2');
  });

  const breaks: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ];

  it.each(breaks)(
    'a pooled connection that the provider %s as the request comes is replaced without notice',
    async (_name, end) => {
      await use({ limitPerHost: 1 }, { retry: { maxRetries: 1, baseDelay: 1 } });
      await llm.completion(REQUEST);
      const pooled = upstream.requests[0]!.socket;
      upstream.answer(async (request, response) => {
        if (request.socket === pooled) end(request.socket);
        else await answerText()(request, response);
      });
      const completion = await llm.completion(REQUEST);
      expect(completion.meta.attempts).toEqual([
        expect.objectContaining({ error: 'APIConnectionError', phase: 'firstByte' }),
        expect.objectContaining({ status: 200 }),
      ]);
      expect(upstream.accepted()).toBe(2);
      expect(upstream.requests).toHaveLength(3);
    },
  );

  it.each(breaks)(
    'a fresh connection that the provider %s after the request is not tried again: it may have been worked on',
    async (_name, end) => {
      await use({}, { retry: { maxRetries: 2, baseDelay: 1 } });
      upstream.answer(({ socket }) => end(socket));
      const error = await failureOf(llm.completion(REQUEST));
      expect(error).toBeInstanceOf(APIConnectionError);
      expect(error).toMatchObject({ phase: 'firstByte', retryable: false });
      expect(upstream.requests).toHaveLength(1);
    },
  );
});

describe('undici', () => {
  let lib: CompiledLib;

  beforeEach(() => {
    lib = compileLib();
  });

  afterEach(() => lib.remove());

  it.each<[string, string, object]>([
    [
      'is not imported for an application with its own session',
      `session: { useValue: {
         dispatch(options, handler) {
           const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} };
           handler.onRequestStart(controller, {});
           handler.onResponseStart(controller, 200, { 'content-type': 'application/json' }, 'OK');
           handler.onResponseData(controller, Buffer.from(${JSON.stringify(JSON.stringify(completionOf('own', { own: true })))}));
           handler.onResponseEnd(controller, {});
           return true;
         },
         close: async () => {},
         destroy: async () => {},
       } }`,
      { loaded: false, sameDispatcher: true, sameFetch: true, own: true },
    ],
    ['is imported when the module makes the session', '', { loaded: true }],
  ])(
    '%s',
    async (_name, session, expected) => {
      const script = lib.start(`
      import 'reflect-metadata';
      import { createRequire } from 'node:module';
      // Nest itself touches the built-in fetch, which on some versions of Node makes its dispatcher.
      const { NestFactory } = await import('@nestjs/core');
      const global = () => ({
        fetch: Object.getOwnPropertyDescriptor(globalThis, 'fetch').get ?? globalThis.fetch,
        dispatcher: globalThis[Symbol.for('undici.globalDispatcher.1')],
      });
      const before = global();
      const { LlmModule, LlmService } = await import('./lib/index.js');
      const app = await NestFactory.createApplicationContext(
        LlmModule.forRoot({
          providers: { openai: { apiKey: 'sk', baseURL: ${JSON.stringify(upstream.baseURL)} } },
          ${session}
        }),
        { logger: false },
      );
      const completion = await app.get(LlmService).completion(${JSON.stringify(REQUEST)});
      await app.close();
      const after = global();
      console.log('RESULT ' + JSON.stringify({
        loaded: Object.keys(createRequire(import.meta.url).cache).some((file) => /[\\\\/]undici[\\\\/]/.test(file)),
        sameDispatcher: before.dispatcher === after.dispatcher,
        sameFetch: before.fetch === after.fetch,
        own: completion.own,
      }));
    `);
      expect(await script.left).toBe(0);
      expect(JSON.parse(/RESULT (.*)/.exec(script.output())![1]!)).toMatchObject(expected);
    },
    PROCESS_TEST_MS,
  );
});
