import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ProviderTraffic } from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import {
  answerText,
  chunkOf,
  eventOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(
    optionsFor(
      upstream,
      { circuit: { failures: 2, openMs: 60_000 } },
      { defaults: { retry: { baseDelay: 1 } } },
    ),
  );
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const traffic = (): ProviderTraffic => llm.stats().calls.traffic['openai']!;

it('has no traffic before the first call, and none of a warm-up', async () => {
  expect(llm.stats().calls.traffic).toEqual({});
  await llm.warmUp(['openai']);
  expect(llm.stats().calls.traffic).toEqual({});
  expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({ opened: 1, requests: 0, reused: 0 });
  await llm.completion(REQUEST);
  expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({ opened: 1, requests: 1, reused: 1 });
});

it('counts calls, tokens, and how long they took, streams and others', async () => {
  const { usage } = await llm.completion(REQUEST);
  upstream.answer((_request, response) =>
    sendEvents(response, [
      eventOf({
        ...chunkOf({ content: 'Hello' }, 'stop'),
        usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
      }),
      eventOf('[DONE]'),
    ]),
  );
  const whole = await (await llm.completion(STREAMED)).final();
  const { started, succeeded, tokens, latency, firstContent } = traffic();
  expect({ started, succeeded }).toEqual({ started: 2, succeeded: 2 });
  expect(usage!.prompt_tokens).toBeGreaterThan(0);
  expect(tokens).toEqual({
    input: usage!.prompt_tokens + whole.usage!.prompt_tokens,
    output: usage!.completion_tokens + whole.usage!.completion_tokens,
  });
  expect(latency.count).toBe(2);
  expect(latency.buckets.at(-1)!.count).toBe(2);
  expect(latency.sumMs).toBeGreaterThan(0);
  expect(firstContent.count).toBe(1);
  expect(firstContent.sumMs).toBeLessThanOrEqual(latency.sumMs);
});

it('counts the tokens of embeddings', async () => {
  upstream.answer((_request, response) =>
    sendJson(response, {
      object: 'list',
      model: 'e',
      data: [{ object: 'embedding', index: 0, embedding: [1] }],
      usage: { prompt_tokens: 7, total_tokens: 7 },
    }),
  );
  await llm.embedding({ model: 'openai/e', input: 'x' });
  expect(traffic().tokens).toEqual({ input: 7, output: 0 });
});

it('counts retries, and failures by their class, those of an open circuit too', async () => {
  upstream.answer((_request, response) => sendJson(response, { error: { message: 'no' } }, 503));
  await failureOf(llm.completion(REQUEST, { retry: { maxRetries: 1 } }));
  await failureOf(llm.completion(REQUEST));
  expect(traffic()).toMatchObject({
    started: 2,
    failed: 2,
    retries: 1,
    errors: { ServiceUnavailableError: 1, CircuitOpenError: 1 },
    latency: { count: 0 },
  });
});

it('counts what a stream that was left had told of its tokens', async () => {
  upstream.answer((_request, response) =>
    sendEvents(response, [
      eventOf({
        ...chunkOf({ content: 'Hel' }),
        usage: { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 },
      }),
      eventOf(chunkOf({ content: 'lo' })),
    ]),
  );
  const stream = await llm.completion(STREAMED);
  await stream.next();
  await stream.return();
  expect(traffic()).toMatchObject({
    aborted: 1,
    tokens: { input: 5, output: 1 },
    firstContent: { count: 1 },
  });
});

it('puts a duration in the bucket whose bound it does not exceed', async () => {
  upstream.answer(answerText());
  await llm.completion(REQUEST);
  const { buckets, sumMs } = traffic().latency;
  expect(buckets.map(({ leMs }) => leMs).slice(0, 3)).toEqual([10, 20, 40]);
  for (const { leMs, count } of buckets) expect(count).toBe(sumMs <= leMs ? 1 : 0);
});
