import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PROCESS_TEST_MS, compileLib, type CompiledLib } from '../../support/compiled-lib.js';
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
});
