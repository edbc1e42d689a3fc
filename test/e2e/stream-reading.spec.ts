import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  InternalServerError,
  LlmError,
  RateLimitError,
  StreamInterruptedError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatStream,
} from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import {
  answerEndless,
  answerStalled,
  chunkOf,
  completionOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(optionsFor(upstream));
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

/** Answers a streamed call with these events and ends. */
function streamsEvents(events: readonly string[], headers: Record<string, string> = {}): void {
  upstream.answer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    sendEvents(response, events);
    response.end();
  });
}

const open = () => llm.completion(STREAMED);

const contentOf = (chunk: ChatCompletionChunk) => chunk.choices[0]?.delta.content;

async function readAll(stream: ChatStream): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const INTERRUPTED = [eventOf(chunkOf({ content: 'Hel' })), eventOf(chunkOf({ content: 'lo' }))];

describe('the loop', () => {
  it('gives the chunks in the order in which they came', async () => {
    const pieces = Array.from({ length: 1000 }, (_, index) => `${index} `);
    streamsEvents(eventsOf(pieces));
    const chunks = await readAll(await open());
    expect(chunks.map(contentOf).join('')).toBe(pieces.join(''));
    expect(chunks).toHaveLength(pieces.length + 2);
  });

  it('gives what had arrived before it throws', async () => {
    streamsEvents(INTERRUPTED);
    const stream = await open();
    const texts: unknown[] = [];
    const loop = async () => {
      for await (const chunk of stream) texts.push(contentOf(chunk));
    };
    expect(await failureOf(loop())).toBeInstanceOf(StreamInterruptedError);
    expect(texts).toEqual(['Hel', 'lo']);
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  it('may go on where next() has begun', async () => {
    const stream = await open();
    const first = await stream.next();
    const rest = await readAll(stream);
    expect([first.value!, ...rest].map(contentOf).join('')).toBe('Hello, world');
  });

  it('serves several next() that wait at once in their order, and ends all', async () => {
    const received = upstream.nextRequest();
    upstream.answer((_request, response) => sendEvents(response, [': \n\n']));
    const stream = await open();
    const results = Promise.all(Array.from({ length: 6 }, () => stream.next()));
    const { response } = await received;
    for (const event of eventsOf(['a', 'b'])) response.write(event);
    response.end();
    expect((await results).map(({ done, value }) => (done ? 'done' : contentOf(value)))).toEqual([
      '',
      'a',
      'b',
      undefined,
      'done',
      'done',
    ]);
  });

  it('throws the error once when several next() wait', async () => {
    upstream.answer((_request, response) => sendEvents(response, [': \n\n']));
    const received = upstream.nextRequest();
    const stream = await open();
    const results = Promise.allSettled([stream.next(), stream.next(), stream.next()]);
    (await received).socket.resetAndDestroy();
    const [first, ...others] = await results;
    expect(first).toMatchObject({ status: 'rejected', reason: expect.any(StreamInterruptedError) });
    for (const other of others)
      expect(other).toEqual({ status: 'fulfilled', value: { value: undefined, done: true } });
  });
});

describe('one consumer', () => {
  type Take = (stream: ChatStream) => unknown;
  const consumers: readonly (readonly [string, Take])[] = [
    ['a loop', (stream) => stream[Symbol.asyncIterator]()],
    [
      'an Observable',
      (stream) =>
        new Promise((resolve, reject) =>
          stream.toObservable().subscribe({ complete: () => resolve(undefined), error: reject }),
        ),
    ],
    ['a Readable', (stream) => stream.toReadable().resume()],
  ];
  const pairs = consumers.flatMap(([first, take]) =>
    consumers.map(([second, takeToo]) => [first, second, take, takeToo] as const),
  );

  it.each(pairs)('%s keeps %s out', async (first, second, take, takeToo) => {
    const stream = await open();
    void take(stream);
    const error = await failureOf(Promise.resolve(stream).then(takeToo));
    expect(error).toMatchObject({ code: 'stream_consumed' });
    expect(error.message).toContain(first);
    expect(error.message).toContain(second);
    await stream.return();
  });

  it.each(consumers.slice(1))('%s keeps next() out', async (_name, take) => {
    const stream = await open();
    void take(stream);
    expect(await failureOf(stream.next())).toMatchObject({ code: 'stream_consumed' });
    await stream.return();
  });

  it.each([...consumers, ['next()', (stream: ChatStream) => stream.next()]] as const)(
    'final() keeps %s out',
    async (_name, take) => {
      const stream = await open();
      const final = stream.final();
      expect(await failureOf(Promise.resolve(stream).then(take))).toMatchObject({ code: 'stream_consumed' });
      expect((await final).choices[0]!.message.content).toBe('Hello, world');
    },
  );

  it('is still the one after it has read all', async () => {
    const stream = await open();
    await readAll(stream);
    const error = await failureOf(readAll(stream));
    expect(error).toBeInstanceOf(LlmError);
    expect(error).toMatchObject({ code: 'stream_consumed' });
  });
});

describe('final()', () => {
  it('is the completion, alone', async () => {
    const completion = await (await open()).final();
    expect(completion).toMatchObject({ object: 'chat.completion', id: 'chatcmpl-1', model: 'test-model' });
    expect(completion.choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello, world', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ]);
  });

  it('takes no chunk from the loop that runs', async () => {
    const stream = await open();
    const chunks = readAll(stream);
    const final = stream.final();
    expect((await chunks).map(contentOf).join('')).toBe('Hello, world');
    expect((await final).choices[0]!.message.content).toBe('Hello, world');
  });

  it('takes no chunk from a consumer that calls next()', async () => {
    const stream = await open();
    const first = stream.next();
    const final = stream.final();
    const texts = [contentOf((await first).value!)];
    for (;;) {
      const { done, value } = await stream.next();
      if (done) break;
      texts.push(contentOf(value));
    }
    expect(texts.join('')).toBe('Hello, world');
    expect((await final).choices[0]!.message.content).toBe('Hello, world');
  });

  it('is there after the loop, and again', async () => {
    const stream = await open();
    await readAll(stream);
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
    expect(await stream.final()).toEqual(await stream.final());
  });

  it('throws what the loop was thrown', async () => {
    streamsEvents(INTERRUPTED);
    const stream = await open();
    const thrown = await failureOf(readAll(stream));
    expect(await failureOf(stream.final())).toBe(thrown);
  });

  it('has its metadata where JSON does not see it', async () => {
    const stream = await open();
    const completion = await stream.final();
    expect(completion.meta).toBe(stream.meta);
    expect(JSON.parse(JSON.stringify(completion))).not.toHaveProperty('meta');
  });

  const toolCalls = [
    { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
    { id: 'call_b', type: 'function', function: { name: 'time', arguments: '{}' } },
  ];
  const token = (text: string) => ({
    token: text,
    logprob: -0.5,
    bytes: [...Buffer.from(text)],
    top_logprobs: [],
  });
  const choiceOf = (index: number, message: object, rest: object = {}) => ({
    index,
    message: { role: 'assistant', content: null, refusal: null, ...message },
    logprobs: null,
    finish_reason: 'stop',
    ...rest,
  });
  const answers: readonly (readonly [string, object])[] = [
    ['text', completionOf('Grüße, 世界 😀')],
    ['nothing but a role', completionOf('')],
    [
      'tool calls',
      completionOf('', {
        choices: [choiceOf(0, { tool_calls: toolCalls }, { finish_reason: 'tool_calls' })],
      }),
    ],
    [
      'two choices',
      completionOf('', {
        choices: [
          choiceOf(0, { content: 'one' }),
          choiceOf(1, { content: 'other' }, { finish_reason: 'length' }),
        ],
      }),
    ],
    [
      'logprobs',
      completionOf('', {
        choices: [
          choiceOf(0, { content: 'ab' }, { logprobs: { content: [token('a'), token('b')], refusal: null } }),
        ],
      }),
    ],
    ['a refusal', completionOf('', { choices: [choiceOf(0, { refusal: 'I cannot.' })] })],
    [
      'reasoning',
      completionOf('', { choices: [choiceOf(0, { content: '4', reasoning_content: '2 and 2' })] }),
    ],
    [
      'usage with its details',
      completionOf('a', {
        usage: {
          prompt_tokens: 1,
          completion_tokens: 2,
          total_tokens: 3,
          prompt_tokens_details: { cached_tokens: 1 },
          completion_tokens_details: { reasoning_tokens: 1 },
        },
      }),
    ],
    [
      'fields of other providers',
      completionOf('', {
        citations: ['https://example.com'],
        x_groq: { id: 'req_1' },
        system_fingerprint: 'fp',
        service_tier: 'default',
        choices: [
          choiceOf(0, { content: 'a', thinking_blocks: [{ type: 'thinking', signature: 's' }], score: 0.5 }),
        ],
      }),
    ],
  ];

  it.each(['', ' ', null, {}, undefined])(
    'has {} for the arguments of a call without any, which came as %j, as without stream',
    async (given) => {
      const call = { id: 'call_a', type: 'function', function: { name: 'time', arguments: given } };
      upstream.answer(({ body }, response) => {
        const choices = [
          { index: 0, message: { role: 'assistant', tool_calls: [call] }, finish_reason: 'tool_calls' },
        ];
        if (body.stream !== true) return sendJson(response, { id: '1', model: 'm', choices });
        const events = [
          chunkOf({ tool_calls: [{ index: 0, ...call }] }),
          chunkOf({}, 'tool_calls'),
          '[DONE]',
        ];
        sendEvents(response, events.map(eventOf));
        response.end();
      });
      const unary = await llm.completion(REQUEST);
      expect(unary.choices[0]!.message.tool_calls).toMatchObject([{ function: { arguments: '{}' } }]);
      const [streamed] = (await (await open()).final()).choices[0]!.message.tool_calls!;
      expect(
        JSON.parse((streamed as typeof call & { function: { arguments: string } }).function.arguments),
      ).toEqual({});
    },
  );

  it.each(answers)('equals the answer of the same call without stream: %s', async (_what, answer) => {
    upstream.answer(({ body }, response) => {
      if (body.stream !== true) return sendJson(response, answer);
      sendEvents(response, streamOf(answer as ChatCompletion));
      response.end();
    });
    const unary = await llm.completion(REQUEST);
    expect(await (await open()).final()).toEqual(unary);
    expect(unary).toEqual(answer);
  });
});

/** The stream of a completion: its text character by character, as OpenAI's API would cut it at worst. */
function streamOf({ choices, usage, object: _object, ...fields }: ChatCompletion): string[] {
  const chunks: object[] = [];
  const common = { ...fields, object: 'chat.completion.chunk' };
  const push = (index: number, delta: object, rest: object = {}) =>
    chunks.push({ ...common, choices: [{ index, delta, finish_reason: null, ...rest }] });
  for (const { index, message } of choices) push(index, { role: message.role });
  for (const { index, message, logprobs, finish_reason } of choices) {
    const { role: _role, tool_calls = [], ...rest } = message;
    for (const [name, value] of Object.entries(rest)) {
      if (value === '') push(index, { [name]: '' });
      else if (typeof value === 'string') for (const character of value) push(index, { [name]: character });
      else push(index, { [name]: value });
    }
    for (const [at, call] of tool_calls.entries()) {
      if (call.type !== 'function') throw new Error('the test has no custom calls');
      const { name, arguments: text } = call.function;
      push(index, { tool_calls: [{ ...call, index: at, function: { name, arguments: '' } }] });
      for (const character of text)
        push(index, { tool_calls: [{ index: at, function: { arguments: character } }] });
    }
    for (const token of logprobs?.content ?? [])
      push(index, {}, { logprobs: { content: [token], refusal: null } });
    push(index, {}, { finish_reason });
  }
  chunks.push({ ...common, choices: [], usage });
  return [...chunks.map((chunk) => eventOf(chunk)), eventOf('[DONE]')];
}

describe('meta', () => {
  it('says who answered, and fills with the stream', async () => {
    upstream.answer(({ response }) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'x-request-id': 'req_1',
        'x-ratelimit-remaining-requests': '9',
      });
      response.flushHeaders();
    });
    const received = upstream.nextRequest();
    const { meta, ...rest } = await open().then((stream) => ({ stream, meta: stream.meta }));
    expect(meta).toMatchObject({
      provider: 'openai',
      model: 'test-model',
      origin: upstream.origin,
      requestId: 'req_1',
      rateLimit: { 'x-ratelimit-remaining-requests': '9' },
      droppedParams: [],
      attempts: [{ model: 'openai/test-model', status: 200 }],
    });
    expect(Object.keys(meta.timings).sort()).toEqual(['connected', 'firstByte']);

    const { response } = await received;
    response.write(': a comment is no content\n\n');
    response.write(eventOf(chunkOf({ content: 'a' })));
    await rest.stream.next();
    // The chunk is handed out while its read is still being counted.
    await new Promise((resolve) => setImmediate(resolve));
    expect(Object.keys(meta.timings).sort()).toEqual(['connected', 'firstByte', 'firstContent']);

    response.end(eventOf('[DONE]'));
    await rest.stream.final();
    const { connected, firstByte, firstContent, total } = meta.timings;
    const times = [0, connected!, firstByte!, firstContent!, total!];
    expect(times.every((time) => typeof time === 'number' && time >= 0)).toBe(true);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(JSON.parse(JSON.stringify(meta))).toMatchObject({ provider: 'openai', timings: { total } });
  });
});

describe('toReadable()', () => {
  const read = async (stream: ChatStream) =>
    (await stream.toReadable().setEncoding('utf8').toArray()).join('');

  it('is the bytes that OpenAI sent, as they were written', async () => {
    const odd = JSON.stringify(chunkOf({ content: 'é\u2028😀' }), null, 1)
      .replaceAll('\n', ' ')
      .replace('😀', '\\ud83d\\ude00');
    const events = [
      eventOf(odd),
      eventOf(chunkOf({ content: 'b' })),
      eventOf(chunkOf({}, 'stop')),
      eventOf('[DONE]'),
    ];
    streamsEvents(events);
    expect(await read(await open())).toBe(events.join(''));
  });

  it('brings other ways of writing an event stream to that form', async () => {
    const pretty = JSON.stringify(chunkOf({ content: 'a' }), null, 2);
    streamsEvents([
      ': ping\n\n',
      `event: message\r\nid: 1\r\n${pretty.replace(/^/gm, 'data: ').replaceAll('\n', '\r\n')}\r\n\r\n`,
      'data:\n\n',
      `data:${JSON.stringify(chunkOf({}, 'stop'))}\r\r`,
      'data: [DONE]',
    ]);
    const expected = [eventOf(chunkOf({ content: 'a' })), eventOf(chunkOf({}, 'stop')), eventOf('[DONE]')];
    expect(await read(await open())).toBe(expected.join(''));
  });

  it('writes a chunk again that was changed', async () => {
    streamsEvents([
      eventOf(chunkOf({ tool_calls: [{ id: 'a', function: { name: 'f' } }] })),
      eventOf('[DONE]'),
    ]);
    expect(await read(await open())).toBe(
      eventOf(chunkOf({ tool_calls: [{ id: 'a', function: { name: 'f' }, index: 0 }] })) + eventOf('[DONE]'),
    );
  });

  it('has nothing but the end of a stream of nothing', async () => {
    streamsEvents([eventOf('[DONE]')]);
    expect(await read(await open())).toBe(eventOf('[DONE]'));
  });

  const failures: readonly (readonly [string, string[], object])[] = [
    ['was cut off', INTERRUPTED, { code: 'stream_interrupted' }],
    [
      'ends in an error of the provider',
      [...INTERRUPTED, eventOf({ error: { message: 'overloaded', type: 'server_error', code: 'busy' } })],
      { type: 'server_error', code: 'busy' },
    ],
    ['has an event that is no JSON', [...INTERRUPTED, eventOf('oops')], { code: 'invalid_response' }],
  ];

  it.each(failures)('ends in an error and not in [DONE] when the stream %s', async (_how, events, error) => {
    streamsEvents(events);
    const readable = (await open()).toReadable().setEncoding('utf8');
    const errors: unknown[] = [];
    readable.on('error', (failure) => errors.push(failure));
    const text = (await readable.toArray()).join('');
    expect(text.startsWith(INTERRUPTED.join(''))).toBe(true);
    const [last, ...more] = text.slice(INTERRUPTED.join('').length).split('\n\n');
    expect(more).toEqual(['']);
    expect(JSON.parse(last!.slice('data: '.length))).toEqual({
      error: { message: expect.stringContaining('openai'), type: 'api_error', param: null, ...error },
    });
    expect(errors).toEqual([]);
  });

  it('is read at the pace of its reader, with nothing lost', async () => {
    const pieces = Array.from({ length: 5000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    const events = eventsOf(pieces);
    streamsEvents(events);
    let text = '';
    for await (const part of (await open()).toReadable().setEncoding('utf8')) {
      text += part;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(text).toBe(events.join(''));
  });

  describe('with pipe()', () => {
    it('closes the upstream when the destination closes early', async () => {
      upstream.answer(answerStalled());
      const received = upstream.nextRequest();
      const readable = (await open()).toReadable();
      const destination = new PassThrough();
      await once(readable.pipe(destination), 'readable');
      destination.destroy();
      await (
        await received
      ).closed;
      expect(readable.destroyed).toBe(true);
    });

    it('leaves it open for a destination that was taken off before', async () => {
      const readable = (await open()).toReadable();
      const destination = new PassThrough();
      readable.pipe(destination);
      readable.unpipe(destination);
      destination.destroy();
      await once(destination, 'close');
      expect((await readable.setEncoding('utf8').toArray()).join('')).toContain('[DONE]');
    });

    it('ends its destination', async () => {
      const text = (await open()).toReadable().pipe(new PassThrough()).setEncoding('utf8').toArray();
      expect((await text).join('')).toBe(eventsOf(['Hello', ', ', 'world']).join(''));
    });
  });

  describe('in a pipeline to a browser', () => {
    const serve = async () => {
      const ends: Promise<unknown>[] = [];
      const server = createServer((_request, response) => {
        ends.push(
          open().then(async (stream) => {
            response.setHeader('content-type', 'text/event-stream');
            return pipeline(stream.toReadable(), response).catch(
              (error: NodeJS.ErrnoException) => error.code,
            );
          }),
        );
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const close = async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      };
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ends, close };
    };

    it('arrives whole', async () => {
      const { url, close } = await serve();
      try {
        expect(await (await fetch(url)).text()).toBe(eventsOf(['Hello', ', ', 'world']).join(''));
      } finally {
        await close();
      }
    });

    it.each([
      ['goes on sending', answerEndless()],
      ['has stalled', answerStalled()],
    ])('closes an upstream that %s when the browser leaves', async (_name, answer) => {
      upstream.answer(answer);
      const { url, ends, close } = await serve();
      try {
        const received = upstream.nextRequest();
        const leave = new AbortController();
        const { body } = await fetch(url, { signal: leave.signal });
        await body!.getReader().read();
        leave.abort();
        await (
          await received
        ).closed;
        expect(await Promise.all(ends)).toEqual(['ERR_STREAM_PREMATURE_CLOSE']);
        expect(llm.stats().calls).toMatchObject({ active: 0, aborted: 1 });
      } finally {
        await close();
      }
    });
  });
});

describe('toObservable()', () => {
  const observe = (stream: ChatStream) => {
    const seen: unknown[] = [];
    return new Promise<unknown[]>((resolve) => {
      stream.toObservable().subscribe({
        next: (chunk) => seen.push(contentOf(chunk)),
        error: (error: unknown) => resolve([...seen, error]),
        complete: () => resolve([...seen, 'complete']),
      });
    });
  };

  it('gives the chunks in their order, then completes', async () => {
    expect(await observe(await open())).toEqual(['', 'Hello', ', ', 'world', undefined, 'complete']);
    expect(llm.stats().calls).toMatchObject({ succeeded: 1, aborted: 0 });
  });

  it('gives what had arrived, then the error', async () => {
    streamsEvents(INTERRUPTED);
    expect(await observe(await open())).toEqual(['Hel', 'lo', expect.any(StreamInterruptedError)]);
  });

  it('leaves final() for later', async () => {
    const stream = await open();
    await observe(stream);
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
  });
});

describe('an error before the stream', () => {
  it.each([
    [429, RateLimitError],
    [500, InternalServerError],
  ])('is the error of the call: %i', async (status, type) => {
    upstream.answer((_request, response) => sendJson(response, { error: { message: 'no' } }, status));
    const error = await failureOf(llm.completion(STREAMED, { retry: { maxRetries: 0 } }));
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ status });
    expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1 });
  });
});
