import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { HTTP_SESSION, LlmModule, LlmService, type LlmModuleOptions } from '../../lib/index.js';
import { LlmHealthIndicator, type LlmHealthOptions } from '../../lib/terminus/index.js';
import { failureOf, optionsFor, REQUEST, STREAMED } from '../support/llm.js';
import { answerStalled, answerText, sendJson, startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
let closeApp: () => Promise<void>;

beforeEach(async () => {
  upstream = await startUpstream();
  upstream.answer(answerText());
});

afterEach(async () => {
  await closeApp();
  await upstream.close();
});

async function start(rest: LlmModuleOptions = {}) {
  const app = await Test.createTestingModule({
    imports: [TerminusModule.forRoot({ logger: false }), LlmModule.forRoot(optionsFor(upstream, {}, rest))],
    providers: [LlmHealthIndicator],
  }).compile();
  await app.init();
  closeApp = () => app.close();
  const indicator = app.get(LlmHealthIndicator);
  const checks = app.get(HealthCheckService, { strict: false });
  const status = async (options?: LlmHealthOptions): Promise<unknown> => {
    try {
      return (await checks.check([() => indicator.isHealthy('llm', options)])).details['llm'];
    } catch (error) {
      return (error as { response: { details: Record<string, unknown> } }).response.details['llm'];
    }
  };
  return { app, llm: app.get(LlmService, { strict: false }), status };
}

it('is up, and calls no provider', async () => {
  const { status } = await start();
  expect(await status()).toMatchObject({ status: 'up', active: 0, queued: 0 });
  expect(upstream.accepted()).toBe(0);
});

it('is down while the session is saturated, and up again after it', async () => {
  upstream.answer(answerStalled());
  const { llm, status } = await start({ http: { limit: 1, maxQueue: 1 } });
  const stream = await llm.completion(STREAMED);
  const waiting = llm.completion(STREAMED);
  expect(await status()).toMatchObject({ status: 'down', queued: 1 });
  expect(await status({ maxQueued: 1 })).toMatchObject({ status: 'up' });
  await stream.return();
  await (await waiting).return();
  expect(await status()).toMatchObject({ status: 'up', queued: 0 });
});

it('is down when all circuits are open, or any, as is asked for', async () => {
  upstream.answer((_request, response) => sendJson(response, {}, 500));
  const { llm, status } = await start({
    defaults: { circuit: { failures: 1, openMs: 60_000 }, retry: { maxRetries: 0 } },
  });
  await failureOf(llm.completion(REQUEST));
  expect(await status()).toMatchObject({ status: 'down', open: ['openai'] });
  expect(await status({ downWhen: 'never' })).toMatchObject({ status: 'degraded', open: ['openai'] });
  expect(await status({ providers: ['openai', 'anthropic'] })).toMatchObject({ status: 'degraded' });
  expect(await status({ providers: ['openai', 'anthropic'], downWhen: 'any' })).toMatchObject({
    status: 'down',
  });
});

it('connects where that is asked for, once in a while, and sends nothing', async () => {
  const { status } = await start();
  expect(await status({ connect: true })).toMatchObject({ status: 'up' });
  expect(await status({ connect: true })).toMatchObject({ status: 'up' });
  expect(upstream.accepted()).toBe(1);
  expect(upstream.requests).toHaveLength(0);
});

it('is down when the session is closed', async () => {
  const { app, status } = await start();
  await app.get<{ destroy(): Promise<void> }>(HTTP_SESSION, { strict: false }).destroy();
  expect(await status()).toMatchObject({ status: 'down', message: 'the session is closed' });
});
