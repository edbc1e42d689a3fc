import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Test } from '@nestjs/testing';
import { LlmModule, LlmService, type LlmModuleOptions } from '../../lib/index.js';
import { LlmOtelModule, type LlmOtelOptions } from '../../lib/otel/index.js';
import { failureOf, optionsFor, REQUEST, STREAMED } from '../support/llm.js';
import {
  answerText,
  chunkOf,
  eventOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

const spans = new InMemorySpanExporter();
const points = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const metering = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: 3_600_000 })],
});
const undici = new UndiciInstrumentation();

let upstream: Upstream;
let closeApp: () => Promise<void>;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracing);
  metrics.setGlobalMeterProvider(metering);
  undici.setTracerProvider(tracing);
  undici.enable();
});

afterAll(async () => {
  undici.disable();
  await metering.shutdown();
  await tracing.shutdown();
});

beforeEach(async () => {
  upstream = await startUpstream();
  upstream.answer(answerText());
});

afterEach(async () => {
  await closeApp();
  await upstream.close();
  await metering.forceFlush();
  spans.reset();
  points.reset();
});

async function start(otel: LlmOtelOptions = {}, rest: LlmModuleOptions = {}): Promise<LlmService> {
  const app = await Test.createTestingModule({
    imports: [LlmOtelModule.forRoot(otel), LlmModule.forRoot(optionsFor(upstream, {}, rest))],
  }).compile();
  await app.init();
  closeApp = () => app.close();
  return app.get(LlmService, { strict: false });
}

const callSpans = () => spans.getFinishedSpans().filter(({ name }) => /^(chat|embeddings) /.test(name));
const httpSpans = () => spans.getFinishedSpans().filter(({ name }) => name.startsWith('POST'));

async function recorded() {
  await metering.forceFlush();
  return points
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .filter(({ scope }) => scope.name === 'nestjs-llm')
    .flatMap(({ metrics: each }) => each)
    .map(({ descriptor, dataPoints }) => ({ ...descriptor, dataPoints }));
}

const STREAM_WITH_USAGE = [
  eventOf(chunkOf({ content: 'Hel' })),
  eventOf(chunkOf({ content: 'lo' }, 'stop')),
  eventOf({
    ...chunkOf({}),
    choices: [],
    usage: {
      prompt_tokens: 50,
      completion_tokens: 20,
      total_tokens: 70,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 10 },
      completion_tokens_details: { reasoning_tokens: 12 },
    },
  }),
  eventOf('[DONE]'),
];

describe('the span of a call', () => {
  it('is a CLIENT span under that of the caller, with the request under it', async () => {
    const llm = await start();
    const parent = trace.getTracer('test').startSpan('controller');
    await context.with(trace.setSpan(context.active(), parent), () =>
      llm.completion({ ...REQUEST, temperature: 0.5 }),
    );
    parent.end();
    const [call] = callSpans();
    expect(call!.name).toBe('chat test-model');
    expect(call!.kind).toBe(SpanKind.CLIENT);
    expect(call!.parentSpanContext!.spanId).toBe(parent.spanContext().spanId);
    expect(call!.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'test-model',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.response.model': 'test-model',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 1,
      'gen_ai.usage.output_tokens': 2,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(upstream.origin).port),
      'nestjs_llm.end': 'whole',
    });
    expect(call!.attributes).not.toHaveProperty('gen_ai.response.time_to_first_chunk');
    expect(httpSpans().map(({ parentSpanContext: under }) => under!.spanId)).toEqual([
      call!.spanContext().spanId,
    ]);
  });

  it('spans all tries, each with its request under its own call, also through the queue of a limit', async () => {
    let refused = 0;
    upstream.answer((request, response) =>
      refused++ === 0
        ? sendJson(response, { error: { message: 'busy' } }, 503)
        : void answerText()(request, response),
    );
    const llm = await start({}, { http: { limit: 1 }, defaults: { retry: { baseDelay: 1 } } });
    await Promise.all([1, 2, 3].map(() => llm.completion(REQUEST)));
    expect(callSpans()).toHaveLength(3);
    const under = httpSpans().map(({ parentSpanContext: parent }) => parent!.spanId);
    expect(under).toHaveLength(4);
    expect(new Set(under)).toEqual(new Set(callSpans().map((span) => span.spanContext().spanId)));
    expect(
      callSpans()
        .map(({ attributes }) => attributes['nestjs_llm.attempts'])
        .filter(Boolean),
    ).toEqual([2]);
  });

  it('ends with the body of a stream, with usage that includes what came from a cache', async () => {
    upstream.answer((_request, response) => sendEvents(response, STREAM_WITH_USAGE));
    const llm = await start();
    const stream = await llm.completion(STREAMED);
    await stream.final();
    expect(callSpans()[0]!.attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'gen_ai.usage.input_tokens': 50,
      'gen_ai.usage.cache_read.input_tokens': 30,
      'gen_ai.usage.cache_creation.input_tokens': 10,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.reasoning.output_tokens': 12,
    });
  });

  it('is open while a stream runs, and ends when it is left', async () => {
    upstream.answer((_request, response) => sendEvents(response, STREAM_WITH_USAGE.slice(0, 1)));
    const llm = await start();
    const stream = await llm.completion(STREAMED);
    await stream.next();
    expect(callSpans()).toEqual([]);
    await stream.return();
    await new Promise((resolve) => setImmediate(resolve));
    expect(callSpans()[0]!.attributes).toMatchObject({ 'nestjs_llm.end': 'left' });
    expect(callSpans()[0]!.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('tells the class of an error, and its phase', async () => {
    upstream.answer((_request, response) =>
      sendJson(response, { error: { message: 'no', code: 'x-1' } }, 401),
    );
    const llm = await start();
    await failureOf(llm.completion(REQUEST));
    expect(callSpans()[0]!.status.code).toBe(SpanStatusCode.ERROR);
    expect(callSpans()[0]!.attributes).toMatchObject({
      'error.type': 'AuthenticationError',
      'nestjs_llm.phase': 'body',
    });
  });

  it('has the newest names where they are asked for, and attributes of the application', async () => {
    upstream.answer((_request, response) => sendEvents(response, STREAM_WITH_USAGE));
    const llm = await start({
      names: 'latest',
      attributes: ({ options }) => ({ 'user.id': String(options.metadata?.['user']) }),
    });
    await (await llm.completion(STREAMED, { metadata: { user: 'u1' } })).final();
    expect(callSpans()[0]!.attributes).toMatchObject({
      'gen_ai.usage.cache_write.input_tokens': 10,
      'user.id': 'u1',
    });
  });

  it('does not fail a call for attributes that fail', async () => {
    const llm = await start({
      attributes() {
        throw new Error('of the application');
      },
    });
    await expect(llm.completion(REQUEST)).resolves.toBeDefined();
    expect(callSpans()).toHaveLength(1);
  });
});

describe('content', () => {
  it('is on no span by default', async () => {
    const llm = await start();
    await llm.completion(REQUEST);
    expect(JSON.stringify(callSpans()[0]!.attributes)).not.toMatch(/Hi|messages/);
  });

  it.each([
    ['the option', undefined, 'span' as const],
    ['true in the environment', 'true', undefined],
    ['SPAN_ONLY in the environment', 'SPAN_ONLY', undefined],
  ])('is on the span for %s', async (_what, flag, content) => {
    const name = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';
    if (flag !== undefined) process.env[name] = flag;
    try {
      const llm = await start({ content });
      const completion = await llm.completion(REQUEST);
      const { attributes } = callSpans()[0]!;
      expect(JSON.parse(String(attributes['gen_ai.input.messages']))).toEqual([
        { role: 'user', parts: [{ type: 'text', content: 'Hi' }] },
      ]);
      expect(JSON.parse(String(attributes['gen_ai.output.messages']))).toEqual([
        {
          role: 'assistant',
          parts: [{ type: 'text', content: completion.choices[0]!.message.content }],
          finish_reason: 'stop',
        },
      ]);
    } finally {
      delete process.env[name];
    }
  });
});

describe('metrics', () => {
  it('are the duration, the tokens and the time to the first chunk', async () => {
    upstream.answer((_request, response) => sendEvents(response, STREAM_WITH_USAGE));
    const llm = await start();
    await (await llm.completion(STREAMED)).final();
    const seen = await recorded();
    expect(new Map(seen.map(({ name, unit }) => [name, unit]))).toEqual(
      new Map([
        ['gen_ai.client.operation.duration', 's'],
        ['gen_ai.client.operation.time_per_output_chunk', 's'],
        ['gen_ai.client.operation.time_to_first_chunk', 's'],
        ['gen_ai.client.token.usage', '{token}'],
      ]),
    );
    const usage = seen.find(({ name }) => name === 'gen_ai.client.token.usage')!;
    expect(
      usage.dataPoints.map(({ attributes, value }) => [
        attributes['gen_ai.token.type'],
        (value as { sum: number }).sum,
      ]),
    ).toEqual([
      ['input', 50],
      ['output', 20],
    ]);
  });

  it('tell apart no model that is not on the list', async () => {
    const llm = await start({ models: ['known'], spans: false });
    await llm.completion(REQUEST);
    const duration = (await recorded()).find(({ name }) => name === 'gen_ai.client.operation.duration')!;
    expect(duration.dataPoints[0]!.attributes).toMatchObject({
      'gen_ai.request.model': '_other',
      'gen_ai.response.model': '_other',
    });
    expect(callSpans()).toEqual([]);
  });

  it('have the class of an error, and the newest names where they are asked for', async () => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'no' } }, 400));
    const llm = await start({ names: 'latest' });
    await failureOf(llm.completion(REQUEST));
    const duration = (await recorded()).find(({ name }) => name === 'gen_ai.client.inference.duration')!;
    expect(duration.dataPoints[0]!.attributes).toMatchObject({ 'error.type': 'BadRequestError' });
  });
});
