import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LlmModule, LlmService, type LlmModuleOptions } from '../../lib/index.js';
import { LlmLoggingModule, type LlmLoggingOptions } from '../../lib/logging/index.js';
import { failureOf, optionsFor, REQUEST, STREAMED, TEST_KEY } from '../support/llm.js';
import { answerStalled, answerText, sendJson, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let lines: [string, unknown][];
let closeApp: () => Promise<void>;

beforeEach(async () => {
  upstream = await startUpstream();
  lines = [];
});

afterEach(async () => {
  await closeApp();
  await upstream.close();
  Logger.overrideLogger(['log', 'error', 'warn']);
});

async function start(
  options: LlmLoggingOptions = {},
  rest: LlmModuleOptions = {},
  logger?: LoggerService,
): Promise<LlmService> {
  const take =
    (level: string) =>
    (message: unknown, ...rest: unknown[]): void => {
      if (rest.at(-1) === 'LlmCall') lines.push([level, message]);
    };
  const levels = ['log', 'debug', 'verbose', 'warn', 'error'] as const;
  const collector = Object.fromEntries(levels.map((level) => [level, take(level)]));
  const app = await Test.createTestingModule({
    imports: [LlmLoggingModule.forRoot(options), LlmModule.forRoot(optionsFor(upstream, {}, rest))],
  })
    .setLogger(logger ?? (collector as unknown as LoggerService))
    .compile();
  await app.init();
  closeApp = () => app.close();
  return app.get(LlmService, { strict: false });
}

it('logs one object of a call, with its tokens and times, and nothing of its texts', async () => {
  const llm = await start();
  await llm.completion(REQUEST);
  expect(lines).toEqual([
    [
      'log',
      {
        event: 'llm.call',
        msg: expect.stringMatching(/^completion test-model ok in \d+ ms$/),
        operation: 'completion',
        outcome: 'ok',
        provider: 'openai',
        model: 'test-model',
        responseModel: 'test-model',
        ms: expect.any(Number),
        ttfbMs: expect.any(Number),
        inputTokens: 1,
        outputTokens: 2,
        finishReason: 'stop',
      },
    ],
  ]);
});

it('logs a failed call as an error, with what says why and the id of the request', async () => {
  upstream.answer((_request, response) => {
    response.setHeader('x-request-id', 'req-7');
    sendJson(response, { error: { message: `no key ${TEST_KEY}`, code: 'invalid_api_key' } }, 401);
  });
  const llm = await start();
  await failureOf(llm.completion(REQUEST));
  expect(lines).toEqual([
    [
      'error',
      expect.objectContaining({
        outcome: 'error',
        status: 401,
        error: 'AuthenticationError',
        code: 'invalid_api_key',
        requestId: 'req-7',
      }),
    ],
  ]);
  expect(JSON.stringify(lines)).not.toContain(TEST_KEY);
});

it('warns of a call that was tried again, or fell back', async () => {
  let tries = 0;
  upstream.answer((request, response) =>
    tries++ === 0 ? sendJson(response, {}, 503) : void answerText()(request, response),
  );
  const llm = await start({}, { defaults: { retry: { maxRetries: 0 } } });
  await llm.completion(REQUEST, { fallbacks: ['openai/b'] });
  expect(lines).toEqual([['warn', expect.objectContaining({ attempts: 2, fallback: true, model: 'b' })]]);
});

it('warns of a slow call, and has the others at the level that is asked for', async () => {
  await (await start({ slowMs: 0 })).completion(REQUEST);
  await closeApp();
  await (await start({ level: 'debug', slowMs: 60_000 })).completion(REQUEST);
  expect(lines.map(([level]) => level)).toEqual(['warn', 'debug']);
});

it('logs a stream once, when it has ended or was left', async () => {
  upstream.answer(answerStalled());
  const llm = await start();
  const stream = await llm.completion(STREAMED);
  await stream.next();
  expect(lines).toEqual([]);
  await stream.return();
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines).toEqual([['debug', expect.objectContaining({ outcome: 'left', stream: true })]]);
});

it('logs text where a format is given', async () => {
  const llm = await start({ format: ({ msg, inputTokens }) => `${msg}, ${inputTokens} in` });
  await llm.completion(REQUEST);
  expect(lines[0]![1]).toMatch(/ok in \d+ ms, 1 in$/);
});

it('is one line of JSON with the JSON logger of Nest', async () => {
  const written = new PassThrough();
  const stdout = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk: string) => written.write(chunk);
  try {
    const llm = await start({}, {}, new ConsoleLogger({ json: true }));
    await llm.completion(REQUEST);
  } finally {
    process.stdout.write = stdout;
  }
  const text = String(written.read());
  const line = text.split('\n').find((one) => one.includes('llm.call'))!;
  expect(JSON.parse(line)).toMatchObject({
    context: 'LlmCall',
    level: 'log',
    message: { event: 'llm.call', inputTokens: 1 },
  });
});
