import { gzipSync } from 'node:zlib';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import {
  APIError,
  APIResponseValidationError,
  ContextWindowExceededError,
  RateLimitError,
  StreamInterruptedError,
  type ChatStream,
} from '../../lib/index.js';
import {
  createLlm,
  everythingOf,
  failureOf,
  MESSAGES,
  optionsFor,
  STREAMED,
  TEST_KEY,
  type StandaloneLlm,
} from '../support/llm.js';
import { chunked, startRawUpstream, streamHead, type RawUpstream } from '../support/raw-upstream.js';
import { chunkOf, eventOf, eventsOf, startUpstream, type Upstream } from '../support/upstream.js';

const HELLO = eventOf(chunkOf({ role: 'assistant', content: 'Hello' }));
const STOP = eventOf(chunkOf({}, 'stop'));
const DONE = eventOf('[DONE]');
const SMILE = Buffer.from(eventOf(chunkOf({ content: '😀' })));

const CHUNKED = streamHead('transfer-encoding: chunked');

describe('a connection that breaks inside of the stream', () => {
  let upstream: RawUpstream | undefined;
  let llm: StandaloneLlm;

  const open = async (answer: (socket: Socket) => void, model = STREAMED.model): Promise<ChatStream> => {
    upstream = await startRawUpstream(answer);
    const { baseURL } = upstream;
    llm = createLlm(optionsFor(upstream, {}, { providers: { lm_studio: { baseURL } } }));
    return llm.completion({ ...STREAMED, model });
  };

  afterEach(async () => {
    await llm.close();
    await upstream!.close();
  });

  const after = (event: Buffer, bytes: number) => event.subarray(0, bytes);
  const bodies: readonly (readonly [string, Buffer])[] = [
    ['after an event', Buffer.from(HELLO)],
    ['after the finish reason', Buffer.from(HELLO + STOP)],
    ['inside of an event', Buffer.concat([Buffer.from(HELLO), after(SMILE, 20)])],
    ['before the end of [DONE]', Buffer.from(`${HELLO}data: [DON`)],
    [
      'inside of a character',
      Buffer.concat([Buffer.from(HELLO), after(SMILE, SMILE.indexOf(Buffer.from('😀')) + 2)]),
    ],
  ];
  const heads: readonly (readonly [string, string, (body: Buffer) => Buffer])[] = [
    ['a chunked body', CHUNKED, chunked],
    ['a body of a known length', streamHead('content-length: 100000'), (body) => body],
  ];
  const ways: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['a reset', (socket) => setImmediate(() => socket.resetAndDestroy())],
    ['an end', (socket) => void socket.end()],
  ];
  const cases = bodies.flatMap(([where, body]) =>
    heads.flatMap(([kind, head, framed]) =>
      ways.map(([how, cut]) => [how, kind, where, head, framed(body), cut] as const),
    ),
  );

  it.each(cases)(
    'is an error with what had arrived: %s of %s %s',
    async (_how, _kind, _where, head, body, cut) => {
      let socket: Socket | undefined;
      const stream = await open((connection) => {
        socket = connection;
        connection.write(head);
        connection.write(body);
      });
      const first = await stream.next();
      expect(first.value!.choices[0]!.delta.content).toBe('Hello');
      cut(socket!);
      const error = await failureOf(readRest(stream));
      expect(error).toBeInstanceOf(StreamInterruptedError);
      expect(error).toMatchObject({
        code: 'stream_interrupted',
        phase: 'body',
        provider: 'openai',
        model: 'openai/test-model',
        retryable: false,
        partial: {
          object: 'chat.completion',
          choices: [{ message: { role: 'assistant', content: 'Hello' } }],
        },
        attempts: [{ status: 200 }],
      });
      expect(error.message).toContain(new URL(upstream!.baseURL).host);
      expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1 });
    },
  );

  it('is none when [DONE] had come', async () => {
    const stream = await open((socket) => {
      socket.write(CHUNKED);
      socket.write(chunked(HELLO + STOP + DONE));
      setImmediate(() => socket.resetAndDestroy());
    });
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello');
  });

  it.each([
    ['more bytes than the length says', streamHead(`content-length: ${HELLO.length}`), HELLO + STOP + DONE],
    ['an end that is none of HTTP', CHUNKED, `${chunked(HELLO).toString()}nonsense\r\n`],
  ])('has %s', async (_what, head, body) => {
    const stream = await open((socket) => void socket.write(head + body));
    const error = await failureOf(stream.final());
    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error).toMatchObject({ partial: { choices: [{ message: { content: 'Hello' } }] } });
  });

  it.each([
    ['after its finish reason', HELLO + STOP, true],
    ['before its finish reason', HELLO, false],
  ])('of a compatible provider without [DONE] that ends %s', async (_where, body, whole) => {
    const stream = await open((socket) => {
      socket.write(CHUNKED);
      socket.write(chunked(body));
      socket.write(chunked(''));
    }, 'lm_studio/test-model');
    if (whole) expect((await stream.final()).choices[0]!.finish_reason).toBe('stop');
    else expect(await failureOf(stream.final())).toBeInstanceOf(StreamInterruptedError);
  });

  it('of a compatible provider is not whole by its finish reason alone', async () => {
    const stream = await open((socket) => {
      socket.write(CHUNKED);
      socket.end(chunked(HELLO + STOP));
    }, 'lm_studio/test-model');
    expect(await failureOf(stream.final())).toBeInstanceOf(StreamInterruptedError);
  });

  it('cannot be seen in a body that ends with the connection, but by the missing terminal event', async () => {
    const stream = await open((socket) => {
      socket.end(streamHead('connection: close') + HELLO);
    });
    expect(await failureOf(stream.final())).toMatchObject({
      partial: { choices: [{ message: { content: 'Hello' } }] },
    });
  });

  it('is no error for a whole body that ends with the connection', async () => {
    const stream = await open(
      (socket) => void socket.end(streamHead('connection: close') + HELLO + STOP + DONE),
    );
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello');
  });

  it('is an error in a compressed body', async () => {
    const packed = gzipSync(eventsOf(Array.from({ length: 100 }, (_, index) => `${index * 7919}`)).join(''));
    const stream = await open((socket) => {
      socket.write(streamHead('transfer-encoding: chunked', 'content-encoding: gzip'));
      socket.write(chunked(packed.subarray(0, packed.length / 2)));
      socket.write(chunked(''));
    });
    expect(await failureOf(stream.final())).toBeInstanceOf(StreamInterruptedError);
  });

  it('is joined where it was cut: every byte in a packet of its own', async () => {
    const body = Buffer.concat([Buffer.from(HELLO), SMILE, Buffer.from(STOP + DONE)]);
    const stream = await open((socket) => {
      socket.setNoDelay(true);
      socket.write(CHUNKED);
      void (async () => {
        for (const byte of [...body].map((value) => chunked(Buffer.of(value)))) {
          await new Promise((resolve) => socket.write(byte, resolve));
        }
        socket.write(chunked(''));
      })();
    });
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello😀');
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
}

async function readRest(stream: ChatStream): Promise<void> {
  for (;;) if ((await stream.next()).done) return;
}

describe('a body', () => {
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

  const answers = (body: string, type = 'text/event-stream', headers: Record<string, string> = {}) =>
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': type, 'x-request-id': 'req_1', ...headers });
      response.end(body);
    });

  it.each([
    ['nothing', ''],
    ['comments', ': ping\n\n'],
    ['text', HELLO],
    ['objects that are no chunks', eventOf({ type: 'ping' })],
  ])('that ends properly without [DONE] is an error: %s', async (_what, body) => {
    answers(body);
    const error = await failureOf((await llm.completion(STREAMED)).final());
    expect(error).toBeInstanceOf(StreamInterruptedError);
    expect(error).toMatchObject({ requestId: 'req_1', attempts: [{ status: 200 }] });
    const text = body.includes('Hello') ? [{ message: { content: 'Hello' } }] : [];
    expect((error as StreamInterruptedError).partial).toMatchObject({ choices: text });
    expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1, succeeded: 0 });
  });

  it.each([
    ['another server', (baseURL: string) => baseURL, true],
    ["OpenAI's own", (baseURL: string) => baseURL.replace('127.0.0.1', 'api.openai.com'), false],
    ["OpenAI's in a region", (baseURL: string) => baseURL.replace('127.0.0.1', 'eu.api.openai.com'), false],
  ])('that ends with its finish reason and without [DONE], of %s', async (_host, addressOf, whole) => {
    answers(HELLO + STOP);
    const session = new Agent({
      connect: { lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) },
    });
    const options = { baseURL: addressOf(upstream.baseURL), session };
    const stream = await llm.completion(STREAMED, options);
    const result = await (whole ? stream.final() : failureOf(stream.final()));
    if (whole) expect(result).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
    else {
      expect(result).toBeInstanceOf(StreamInterruptedError);
      expect(result).toMatchObject({ partial: { choices: [{ message: { content: 'Hello' } }] } });
    }
    await session.close();
  });

  it.each(['azure', 'mistral', 'groq', 'hosted_vllm'])('that ends so is whole of %s', async (provider) => {
    answers(HELLO + STOP);
    const options = { baseURL: upstream.baseURL, apiKey: TEST_KEY };
    const stream = await llm.completion({ ...STREAMED, model: `${provider}/m` }, options);
    expect((await stream.final()).choices[0]!.finish_reason).toBe('stop');
  });

  it('may have blanks around [DONE]', async () => {
    answers(`${HELLO}${STOP}data:  [DONE] \n\n`);
    expect((await (await llm.completion(STREAMED)).final()).choices[0]!.message.content).toBe('Hello');
  });

  it('says with null that no finish reason had come', async () => {
    answers(HELLO);
    const error = await failureOf((await llm.completion(STREAMED)).final());
    expect((error as StreamInterruptedError).partial.choices[0]!.finish_reason).toBeNull();
  });

  it('may lack the blank line after [DONE]', async () => {
    answers(`${HELLO}${STOP}data: [DONE]`);
    expect((await (await llm.completion(STREAMED)).final()).choices[0]!.message.content).toBe('Hello');
  });

  it('is read no further than [DONE]', async () => {
    answers(HELLO + STOP + DONE + eventOf('oops') + eventOf({ error: { message: 'late' } }));
    expect((await (await llm.completion(STREAMED)).final()).choices[0]!.message.content).toBe('Hello');
    expect(llm.stats().calls).toMatchObject({ succeeded: 1, failed: 0 });
  });

  it('that stays open after [DONE] ends the stream at once, and its connection is closed', async () => {
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(HELLO + STOP + DONE);
    });
    const received = upstream.nextRequest();
    const completion = await (await llm.completion(STREAMED)).final();
    expect(completion.choices[0]!.message.content).toBe('Hello');
    expect(llm.stats().calls).toMatchObject({ active: 0, succeeded: 1 });
    await (
      await received
    ).closed;
  });

  it('that goes on after [DONE] ends the stream at once, and its connection is closed', async () => {
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(HELLO + STOP + DONE);
      const timer = setInterval(() => response.write(HELLO), 5);
      response.on('close', () => clearInterval(timer));
    });
    const received = upstream.nextRequest();
    expect((await (await llm.completion(STREAMED)).final()).choices[0]!.message.content).toBe('Hello');
    await (
      await received
    ).closed;
  });

  it.each([
    ['before its consumer has read it', 300],
    ['while its consumer reads it', 3],
  ])('that ends %s leaves its connection for the next call', async (_when, events) => {
    const pieces = Array.from({ length: events }, (_, index) => `${index} `);
    upstream.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(eventsOf(pieces).join(''));
      response.end();
    });
    for (let call = 0; call < 5; call++) {
      const stream = await llm.completion(STREAMED);
      await stream.next();
      await turns();
      expect((await stream.final()).choices[0]!.finish_reason).toBe('stop');
      // The end of the body may come one read after [DONE].
      await turns();
    }
    expect(upstream.accepted()).toBe(1);
  });

  describe('with an error event', () => {
    it.each([
      [
        { message: 'The server had an error', type: 'server_error', code: 'busy' },
        APIError,
        { type: 'server_error', code: 'busy' },
      ],
      [{ message: 'no', code: 429 }, RateLimitError, { status: 429 }],
      [
        { message: 'too long', code: 'context_length_exceeded' },
        ContextWindowExceededError,
        { code: 'context_length_exceeded' },
      ],
    ])('is a typed error after what had come: %j', async (detail, type, fields) => {
      answers(HELLO + eventOf({ error: detail }) + DONE);
      const received = upstream.nextRequest();
      const stream = await llm.completion(STREAMED);
      expect((await stream.next()).value!.choices[0]!.delta.content).toBe('Hello');
      const error = await failureOf(stream.next());
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({
        ...fields,
        provider: 'openai',
        model: 'openai/test-model',
        phase: 'body',
        requestId: 'req_1',
        retryable: false,
        attempts: [{ status: 200 }],
      });
      expect(error.message).toContain(detail.message);
      await received;
      expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1, retries: 0 });
    });

    it('closes the connection', async () => {
      upstream.answer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(eventOf({ error: { message: 'no' } }));
      });
      const received = upstream.nextRequest();
      expect(await failureOf((await llm.completion(STREAMED)).final())).toBeInstanceOf(APIError);
      await (
        await received
      ).closed;
    });

    it('shows no key that the provider repeats', async () => {
      answers(eventOf({ error: { message: `Incorrect API key: ${TEST_KEY}` } }));
      expect(everythingOf(await failureOf((await llm.completion(STREAMED)).final()))).not.toContain(TEST_KEY);
    });
  });

  it.each([
    ['text', 'oops'],
    ['a cut-off object', '{"choices":['],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"text"'],
    ['a choice of null', '{"choices":[null]}'],
    ['tool calls that are no list', '{"choices":[{"index":0,"delta":{"tool_calls":1}}]}'],
    ['HTML', '<html><body>Bad gateway</body></html>'],
    ['what has the key in it', `key ${TEST_KEY}`],
  ])('with an event of %s is a typed error', async (_what, data) => {
    answers(HELLO + eventOf(data) + DONE);
    const stream = await llm.completion(STREAMED);
    await stream.next();
    const error = await failureOf(stream.next());
    expect(error).toBeInstanceOf(APIResponseValidationError);
    expect(error).toMatchObject({
      code: 'invalid_response',
      provider: 'openai',
      model: 'openai/test-model',
      phase: 'body',
      requestId: 'req_1',
      retryable: false,
      attempts: [{ status: 200 }],
    });
    expect(error.message).toContain(`127.0.0.1:${upstream.port}`);
    expect(everythingOf(error)).not.toContain(TEST_KEY);
    expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1 });
  });

  it('with an event above the limit is a typed error that says whose', async () => {
    upstream.answer(async ({ closed }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: ');
      const piece = 'x'.repeat(1024 * 1024);
      let open = true;
      void closed.then(() => (open = false));
      while (open) await new Promise((resolve) => response.write(piece, resolve));
    });
    const received = upstream.nextRequest();
    const error = await failureOf((await llm.completion(STREAMED)).final());
    expect(error).toBeInstanceOf(APIResponseValidationError);
    expect(error).toMatchObject({ code: 'event_too_large', provider: 'openai', model: 'openai/test-model' });
    expect(error.message).toContain(`127.0.0.1:${upstream.port}`);
    await (
      await received
    ).closed;
  });

  it.each([
    [
      'an error document',
      'application/json',
      '{"error":{"message":"no stream for you","code":"nope"}}',
      APIError,
      /no stream for you/,
    ],
    [
      'a document of another kind',
      'application/json; charset=utf-8',
      '{"object":"list","data":[]}',
      APIResponseValidationError,
      /"list"/,
    ],
    ['a page', 'text/html', '<html><h1>Sign in</h1></html>', APIResponseValidationError, /Sign in/],
  ])(
    'that is %s where a stream was asked for is an error of the call',
    async (_what, mime, body, type, message) => {
      answers(body, mime);
      const error = await failureOf(llm.completion(STREAMED));
      expect(error).toBeInstanceOf(type);
      expect(error.message).toMatch(message);
      expect(error).toMatchObject({ provider: 'openai', phase: 'body', status: 200, requestId: 'req_1' });
      expect(llm.stats().calls.active).toBe(0);
    },
  );

  it.each(['text/plain', 'application/octet-stream', 'TEXT/EVENT-STREAM; charset=UTF-8'])(
    'of events is a stream although its type is %s',
    async (mime) => {
      answers(HELLO + STOP + DONE, mime);
      expect((await (await llm.completion(STREAMED)).final()).choices[0]!.message.content).toBe('Hello');
    },
  );

  it.each(['gzip', 'deflate', 'br'])(
    'that a proxy has compressed with %s is read as it comes',
    async (encoding) => {
      const { createGzip, createDeflate, createBrotliCompress, constants } = await import('node:zlib');
      const packer = {
        gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH }),
        deflate: () => createDeflate({ flush: constants.Z_SYNC_FLUSH }),
        br: () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
      }[encoding]!();
      upstream.answer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding });
        packer.pipe(response);
        packer.write(HELLO);
      });
      const stream = await llm.completion({ ...STREAMED, messages: MESSAGES });
      expect((await stream.next()).value!.choices[0]!.delta.content).toBe('Hello');
      packer.end(STOP + DONE);
      expect((await stream.final()).choices[0]!.finish_reason).toBe('stop');
    },
  );
});
