import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  HTTP_SESSION,
  LlmModule,
  LlmService,
  SessionClosedError,
  type ChatStream,
  type HttpSession,
  type LlmModuleOptions,
} from '../../lib/index.js';
import { PLATFORMS, listen } from '../support/apps.js';
import { PROCESS_TEST_MS, compileLib, type CompiledLib } from '../support/compiled-lib.js';
import { deferred, type Deferred } from '../support/deferred.js';
import { REQUEST, STREAMED, failureOf, optionsFor } from '../support/llm.js';
import { CountingSession } from '../support/sessions.js';
import {
  answerEndless,
  answerStalled,
  answerText,
  eventsOf,
  sendEvents,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(() => upstream.close());

let betweenCalls: Deferred;
let goOn: Deferred;

@Controller()
class ChatController {
  constructor(@Inject(LlmService) private readonly llm: LlmService) {}

  @Get('twice')
  async twice(): Promise<string[]> {
    const first = await this.llm.completion(REQUEST);
    betweenCalls.resolve();
    await goOn.promise;
    const second = await this.llm.completion(REQUEST);
    return [first, second].map(({ choices }) => choices[0]!.message.content!);
  }

  @Get('stream')
  async stream(): Promise<string> {
    const stream = await this.llm.completion(STREAMED);
    let text = '';
    try {
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        betweenCalls.resolve();
      }
    } catch (error) {
      return `${text}|${(error as Error).name}`;
    }
    return text;
  }
}

/** Tells when all modules have been told of the shutdown, and can delay the server's end then, as readiness checks do. */
class ShutdownWatch {
  readonly destroying = deferred();
  delay: Promise<void> | undefined;

  async beforeApplicationShutdown(): Promise<void> {
    this.destroying.resolve();
    await this.delay;
  }
}

beforeEach(() => {
  betweenCalls = deferred();
  goOn = deferred();
});

describe.each(PLATFORMS)('on %s, while the server serves', (_platform, makeAdapter) => {
  let app: INestApplication;
  let url: string;
  let watch: ShutdownWatch;

  async function start(options: LlmModuleOptions, rest: ModuleMetadata = {}): Promise<void> {
    watch = new ShutdownWatch();
    ({ app, url } = await listen(makeAdapter, {
      imports: [LlmModule.forRoot(options), ...(rest.imports ?? [])],
      controllers: [ChatController],
      providers: [{ provide: ShutdownWatch, useValue: watch }],
    }));
  }

  /** Without keep-alive, for which Node's server would wait. */
  function get(path: string): Promise<Response> {
    return fetch(url + path, { headers: { connection: 'close' } });
  }

  afterEach(() => app.close());

  it('a handler between two calls gets its second one', async () => {
    await start(optionsFor(upstream));
    const response = get('/twice');
    await betweenCalls.promise;
    const closing = app.close();
    // onModuleDestroy is over by then, and the server waits for this very request.
    await watch.destroying.promise;
    goOn.resolve();
    expect(await (await response).json()).toEqual(['Hello, world', 'Hello, world']);
    await closing;
    expect(upstream.requests).toHaveLength(2);
    expect(app.get<HttpSession>(HTTP_SESSION).destroyed).toBe(true);
    await Promise.all(upstream.requests.map(({ closed }) => closed));
    expect(upstream.sockets.size).toBe(0);
  });

  it('requests behind a readiness delay are served, however short the grace time is', async () => {
    await start(optionsFor(upstream, {}, { shutdown: { graceMs: 0 } }));
    const delay = deferred();
    watch.delay = delay.promise;
    const closing = app.close();
    await watch.destroying.promise;
    // A turn of the timers, in which a grace time of 0 would be over.
    await new Promise((resolve) => setTimeout(resolve, 1));
    goOn.resolve();
    expect(await (await get('/twice')).json()).toEqual(['Hello, world', 'Hello, world']);
    delay.resolve();
    await closing;
    await expect(get('/twice')).rejects.toThrow('fetch failed');
    expect(await failureOf(app.get(LlmService).completion(REQUEST))).toBeInstanceOf(SessionClosedError);
  });

  it('a stream that ends within the grace time ends well', async () => {
    upstream.answer(answerStalled(['Hello']));
    await start(optionsFor(upstream, {}, { shutdown: { graceMs: 60_000 } }));
    const response = get('/stream');
    await betweenCalls.promise;
    const closing = app.close();
    await watch.destroying.promise;
    const [request] = upstream.requests;
    sendEvents(request!.response, eventsOf(['Hello', ' again']).slice(2));
    request!.response.end();
    expect(await (await response).text()).toBe('Hello again');
    await closing;
    await request!.closed;
  });

  it.each([
    ['stalls', answerStalled(['Hello'])],
    ['goes on for ever', answerEndless()],
  ])('a stream that %s is ended at the end of the grace time', async (_name, answer) => {
    upstream.answer(answer);
    await start(optionsFor(upstream, {}, { shutdown: { graceMs: 30 } }));
    const response = get('/stream');
    await betweenCalls.promise;
    await app.close();
    expect(await (await response).text()).toMatch(/^Hello\.*\|SessionClosedError$/);
    await upstream.requests[0]!.closed;
  });

  it('calls after the shutdown fail with SessionClosedError', async () => {
    await start(optionsFor(upstream));
    const llm = app.get(LlmService);
    await app.close();
    const errors = await Promise.all([
      failureOf(llm.completion(REQUEST)),
      failureOf(llm.completion(STREAMED)),
      failureOf(llm.embedding({ model: 'openai/x', input: 'a' })),
    ]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(SessionClosedError);
      expect(error).toMatchObject({ provider: 'openai', retryable: false, attempts: [] });
    }
    expect(upstream.requests).toHaveLength(0);
  });

  it("the application's session stays open, and our calls on it are ended", async () => {
    upstream.answer(answerStalled(['Hello']));
    const session = new CountingSession();
    await start({
      ...optionsFor(upstream, {}, { shutdown: { graceMs: 30 } }),
      session: { useValue: session },
    } as LlmModuleOptions);
    const response = get('/stream');
    await betweenCalls.promise;
    await app.close();
    expect(await (await response).text()).toBe('Hello|SessionClosedError');
    await upstream.requests[0]!.closed;
    expect(session).toMatchObject({ closeCalls: 0, closed: false, destroyed: false });
    await session.agent.destroy();
  });
});

describe('without a server', () => {
  async function compile(
    options: LlmModuleOptions,
  ): Promise<{ llm: LlmService; close: () => Promise<void> }> {
    const moduleRef = await Test.createTestingModule({ imports: [LlmModule.forRoot(options)] }).compile();
    return { llm: moduleRef.get(LlmService), close: () => moduleRef.close() };
  }

  it("a worker's job between two calls gets its second one", async () => {
    class Worker {
      job: Promise<string[]> | undefined;

      constructor(private readonly llm: LlmService) {}

      async work(): Promise<string[]> {
        const first = await this.llm.completion(REQUEST);
        betweenCalls.resolve();
        await goOn.promise;
        const second = await this.llm.completion(REQUEST);
        return [first, second].map(({ choices }) => choices[0]!.message.content!);
      }

      async onApplicationShutdown(): Promise<void> {
        goOn.resolve();
        await this.job;
      }
    }
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot(optionsFor(upstream))],
      providers: [
        { provide: Worker, useFactory: (llm: LlmService) => new Worker(llm), inject: [LlmService] },
      ],
    }).compile();
    const worker = moduleRef.get(Worker);
    worker.job = worker.work();
    await betweenCalls.promise;
    await moduleRef.close();
    expect(await worker.job).toEqual(['Hello, world', 'Hello, world']);
    expect(moduleRef.get<HttpSession>(HTTP_SESSION).destroyed).toBe(true);
  });

  it("a worker's job whose call does not end cannot hold the shutdown", async () => {
    upstream.answer(answerStalled(['Hello']));
    const asked = deferred();
    class Worker {
      job: Promise<Error> | undefined;

      async onApplicationShutdown(): Promise<void> {
        await this.job;
      }
    }
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot(optionsFor(upstream, {}, { shutdown: { graceMs: 20 } }))],
      providers: [Worker],
    }).compile();
    const stream = await moduleRef.get(LlmService).completion(STREAMED);
    moduleRef.get(Worker).job = failureOf(
      stream.next().then(() => {
        asked.resolve();
        return stream.final();
      }),
    );
    await asked.promise;
    await moduleRef.close();
    expect(await moduleRef.get(Worker).job).toBeInstanceOf(SessionClosedError);
  });

  it('the shutdown waits for a call that is running', async () => {
    upstream.answer(() => {});
    const { llm, close } = await compile(optionsFor(upstream, {}, { shutdown: { graceMs: 60_000 } }));
    const incoming = upstream.nextRequest();
    const call = llm.completion(REQUEST);
    const request = await incoming;
    const closing = close();
    await answerText()(request, request.response);
    expect((await call).choices[0]!.message.content).toBe('Hello, world');
    await closing;
    await request.closed;
  });

  it.each([
    ['before its headers', () => {}],
    ['in its body', answerStalled()],
  ])(
    'a call that is still running at the end of the grace time, %s, gets a typed error',
    async (_name, answer) => {
      upstream.answer(answer);
      const { llm, close } = await compile(optionsFor(upstream, {}, { shutdown: { graceMs: 20 } }));
      const incoming = upstream.nextRequest();
      const failure = failureOf(llm.completion(STREAMED).then((stream: ChatStream) => stream.final()));
      const { closed } = await incoming;
      await close();
      const error = await failure;
      expect(error).toBeInstanceOf(SessionClosedError);
      expect(error).toMatchObject({ provider: 'openai', model: 'openai/test-model', retryable: false });
      expect(error.message).toContain(new URL(upstream.origin).host);
      await closed;
    },
  );

  it('no grace time ends the calls at once', async () => {
    upstream.answer(() => {});
    const { llm, close } = await compile(optionsFor(upstream, {}, { shutdown: { graceMs: 0 } }));
    const incoming = upstream.nextRequest();
    const failure = failureOf(llm.completion(REQUEST));
    await incoming;
    await close();
    expect(await failure).toMatchObject({ name: 'SessionClosedError', phase: 'firstByte' });
  });

  it('a call that waits to be tried again is ended, too', async () => {
    upstream.answer((_request, response) => {
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '30' });
      response.end('{"error":{"message":"busy"}}');
    });
    const { llm, close } = await compile(optionsFor(upstream, {}, { shutdown: { graceMs: 20 } }));
    const incoming = upstream.nextRequest();
    const failure = failureOf(llm.completion(REQUEST));
    await incoming;
    await close();
    const error = await failure;
    expect(error).toBeInstanceOf(SessionClosedError);
    expect(error.attempts).toMatchObject([{ status: 503, delayMs: 30_000 }, { error: 'SessionClosedError' }]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('a call whose key function never answers is ended, too', async () => {
    const asked = deferred();
    const apiKey = (): Promise<string> => {
      asked.resolve();
      return new Promise(() => {});
    };
    const { llm, close } = await compile(optionsFor(upstream, { apiKey }, { shutdown: { graceMs: 20 } }));
    const failure = failureOf(llm.completion(REQUEST));
    await asked.promise;
    await close();
    expect(await failure).toMatchObject({ name: 'SessionClosedError', phase: 'request' });
    expect(upstream.requests).toHaveLength(0);
  });
});

describe('a process', () => {
  let lib: CompiledLib;

  beforeAll(() => {
    lib = compileLib();
  });

  afterAll(() => lib.remove());

  it.each(['Express', 'Fastify'])(
    'on %s leaves by itself after SIGTERM, with an open stream and idle sockets',
    async (platform) => {
      const script = lib.start(
        `
        import 'reflect-metadata';
        import { Module } from '@nestjs/common';
        import { NestFactory } from '@nestjs/core';
        import { ${platform}Adapter } from '@nestjs/platform-${platform.toLowerCase()}';
        import { LlmModule, LlmService } from './lib/index.js';
        class App {}
        Module({
          imports: [LlmModule.forRoot({
            providers: { openai: { apiKey: 'sk', baseURL: process.env.UPSTREAM } },
            shutdown: { graceMs: 50 },
          })],
        })(App);
        const app = await NestFactory.create(App, new ${platform}Adapter(), { logger: false });
        app.enableShutdownHooks();
        await app.listen(0, '127.0.0.1');
        const llm = app.get(LlmService);
        const request = ${JSON.stringify(REQUEST)};
        await Promise.all([llm.completion(request), llm.completion(request)]);
        const stream = await llm.completion({ ...request, stream: true });
        await stream.next();
        const failure = (async () => { for await (const chunk of stream); })();
        failure.catch((error) => console.log('STREAM ' + error.name));
        console.log('READY');
        `,
        { UPSTREAM: upstream.baseURL },
      );
      upstream.answer((request, response) =>
        request.body.stream === true ? answerStalled()(request, response) : answerText()(request, response),
      );
      await script.printed('READY');
      expect(upstream.sockets.size).toBeGreaterThan(1);
      script.child.kill('SIGTERM');
      // Nest sends itself the signal again when its hooks have run.
      expect(await script.left).toBe('SIGTERM');
      expect(script.output()).toContain('STREAM SessionClosedError');
      await Promise.all(upstream.requests.map(({ closed }) => closed));
    },
    PROCESS_TEST_MS,
  );

  it(
    'leaves by itself when all calls have ended, though nothing was closed',
    async () => {
      const script = lib.start(
        `
      import { LlmHandler, LlmService } from './lib/index.js';
      const llm = new LlmService(new LlmHandler(), {
        providers: { openai: { apiKey: 'sk', baseURL: process.env.UPSTREAM } },
      });
      await llm.completion(${JSON.stringify(REQUEST)});
      await (await llm.completion(${JSON.stringify(STREAMED)})).final();
      console.log('DONE');
      `,
        { UPSTREAM: upstream.baseURL },
      );
      expect(await script.left).toBe(0);
      expect(script.output()).toContain('DONE');
    },
    PROCESS_TEST_MS,
  );
});
