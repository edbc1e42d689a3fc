import { Agent, request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PROCESS_TEST_MS, compileLib, type CompiledLib } from '../../support/compiled-lib.js';
import { deferred } from '../../support/deferred.js';
import { STREAMED } from '../../support/llm.js';
import {
  eventsOf,
  sendEvents,
  startUpstream,
  type ReceivedRequest,
  type Upstream,
} from '../../support/upstream.js';

const STREAMS = 500;
/** Every so many streams one has stalled for good. */
const STALLS = 5;

describe('a shutdown in the middle of many streams', () => {
  let lib: CompiledLib;
  let upstream: Upstream;

  beforeAll(() => {
    lib = compileLib();
  });
  afterAll(() => lib.remove());
  beforeEach(async () => {
    upstream = await startUpstream();
  });
  afterEach(() => upstream.close());

  it(
    'lets those end that do, tells the others why, and leaves the process to end by itself',
    async () => {
      const [first, ...rest] = eventsOf(['Hello', ' and', ' goodbye']);
      const open: ReceivedRequest[] = [];
      upstream.answer((request, response) => {
        sendEvents(response, [first!]);
        open.push(request);
      });
      const script = lib.start(
        `
        import 'reflect-metadata';
        import { Module } from '@nestjs/common';
        import { NestFactory } from '@nestjs/core';
        import { LlmModule, LlmService } from './lib/index.js';
        class App {}
        Module({
          imports: [LlmModule.forRoot({
            providers: { openai: { apiKey: 'sk', baseURL: process.env.UPSTREAM } },
            shutdown: { graceMs: 3000 },
          })],
        })(App);
        const app = await NestFactory.create(App, { logger: false });
        app.enableShutdownHooks();
        await app.listen(0, '127.0.0.1');
        const llm = app.get(LlmService);
        const outcomes = {};
        const count = (outcome) => { outcomes[outcome] = (outcomes[outcome] ?? 0) + 1; };
        const streams = await Promise.all(
          Array.from({ length: ${STREAMS} }, () => llm.completion(${JSON.stringify(STREAMED)})),
        );
        const ends = streams.map((stream) => stream.final().then(() => count('whole'), (error) => count(error.name)));
        Promise.all(ends).then(() => console.log('OUTCOMES ' + JSON.stringify(outcomes)));
        console.log('READY');
        `,
        { UPSTREAM: upstream.baseURL },
      );
      await script.printed('READY');
      expect(open).toHaveLength(STREAMS);
      script.child.kill('SIGTERM');
      for (const [index, { response }] of open.entries()) {
        if (index % STALLS === 0) continue;
        sendEvents(response, rest);
        response.end();
      }
      await script.printed('OUTCOMES');
      const stalled = STREAMS / STALLS;
      const outcomes: unknown = JSON.parse(/OUTCOMES (.*)/.exec(script.output())![1]!);
      expect(outcomes).toEqual({ whole: STREAMS - stalled, SessionClosedError: stalled });
      // Nest sends itself the signal again when its hooks have run.
      expect(await script.left).toBe('SIGTERM');
      await Promise.all(upstream.requests.map(({ closed }) => closed));
    },
    2 * PROCESS_TEST_MS,
  );

  it.each([
    ['Express', false],
    ['Express', true],
    ['Fastify', false],
    ['Fastify', true],
  ])(
    'on %s, forceCloseConnections: %s, streams get their grace and a typed end, and no idle client holds the process',
    async (platform, forceCloseConnections) => {
      const [first, ...rest] = eventsOf(['Hello', ' and', ' goodbye']);
      const open: ReceivedRequest[] = [];
      const allOpen = deferred();
      upstream.answer((received, response) => {
        sendEvents(response, [first!]);
        if (open.push(received) === STREAMED_CLIENTS) allOpen.resolve();
      });
      const script = lib.start(
        `
        import 'reflect-metadata';
        import { Controller, Get, Module, Req, Res } from '@nestjs/common';
        import { NestFactory } from '@nestjs/core';
        import { ${platform}Adapter } from '@nestjs/platform-${platform.toLowerCase()}';
        import { LlmModule, LlmService } from './lib/index.js';
        class Chat {
          constructor(llm) { this.llm = llm; }
          ping() { return 'pong'; }
          async stream(response) {
            const raw = response.raw ?? response;
            const left = new AbortController();
            raw.once('close', () => left.abort());
            const stream = await this.llm.completion(${JSON.stringify(STREAMED)}, { signal: left.signal });
            raw.setHeader('content-type', 'text/event-stream');
            stream.toReadable().pipe(raw);
          }
        }
        Reflect.defineMetadata('design:paramtypes', [LlmService], Chat);
        Controller()(Chat);
        for (const name of ['ping', 'stream']) {
          Get(name)(Chat.prototype, name, Object.getOwnPropertyDescriptor(Chat.prototype, name));
        }
        Res()(Chat.prototype, 'stream', 0);
        class App {}
        Module({
          imports: [LlmModule.forRoot({
            providers: { openai: { apiKey: 'sk', baseURL: process.env.UPSTREAM } },
            shutdown: { graceMs: 1000 },
          })],
          controllers: [Chat],
        })(App);
        const options = { logger: false, forceCloseConnections: ${String(forceCloseConnections)} };
        const app = await NestFactory.create(App, new ${platform}Adapter(${platform === 'Fastify' ? 'options' : ''}), options);
        app.enableShutdownHooks();
        await app.listen(0, '127.0.0.1');
        // For good: what does not close them at the shutdown leaves them to hold it.
        app.getHttpServer().keepAliveTimeout = 0;
        console.log('URL ' + (await app.getUrl()) + ' END');
        `,
        { UPSTREAM: upstream.baseURL },
      );
      await script.printed('END');
      const url = /URL (\S+)/.exec(script.output())![1]!;
      const agent = new Agent({ keepAlive: true, maxFreeSockets: Infinity });
      try {
        const pings = Array.from({ length: CLIENTS }, () => get(`${url}/ping`, agent));
        expect(new Set((await Promise.all(pings)).map(({ text }) => text))).toEqual(new Set(['pong']));
        const streams = Array.from({ length: STREAMED_CLIENTS }, () => get(`${url}/stream`, agent));
        await allOpen.promise;
        script.child.kill('SIGTERM');
        for (const [index, { response }] of open.entries()) {
          if (index % STALLS === 0) continue;
          sendEvents(response, rest);
          response.end();
        }
        const ends = (await Promise.all(streams)).map(({ text }) =>
          text.includes('[DONE]') ? 'whole' : /"code":"([^"]+)"/.exec(text)?.[1],
        );
        const stalled = STREAMED_CLIENTS / STALLS;
        expect(ends.filter((end) => end === 'whole')).toHaveLength(STREAMED_CLIENTS - stalled);
        expect(ends.filter((end) => end === 'session_closed')).toHaveLength(stalled);
        expect(await script.left).toBe('SIGTERM');
      } finally {
        agent.destroy();
        script.child.kill('SIGKILL');
      }
    },
    2 * PROCESS_TEST_MS,
  );
});

/** Clients whose connections stay open and idle. */
const CLIENTS = 500;
const STREAMED_CLIENTS = 20;

/** What came of a response, cut off or not. */
function get(url: string, agent: Agent): Promise<{ text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', () => {}).on('close', () => resolve({ text }));
    })
      .on('error', reject)
      .end();
  });
}
