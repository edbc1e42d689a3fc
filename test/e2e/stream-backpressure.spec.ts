import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  APITimeoutError,
  StreamInterruptedError,
  type ChatCompletionChunk,
  type ChatStream,
} from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, STREAMED, type StandaloneLlm } from '../support/llm.js';
import { chunked, startRawUpstream, streamHead } from '../support/raw-upstream.js';
import {
  chunkOf,
  eventOf,
  eventsOf,
  startUpstream,
  type ReceivedRequest,
  type Upstream,
} from '../support/upstream.js';

/** 2,000 events of 16 KiB: several times what the buffers of both sockets take. */
const EVENTS = 2000;
const PADDING = 'x'.repeat(16 * 1024);

// These move tens of megabytes.
jest.setTimeout(30_000);

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(optionsFor(upstream, { timeout: { idle: 300, stalled: 20_000 } }));
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const numberOf = (chunk: ChatCompletionChunk) => Number.parseInt(chunk.choices[0]!.delta.content ?? '', 10);

/** Sends numbered events as fast as the client takes them, and counts them. */
function sendNumbered(): { written: () => number; blocked: () => boolean; closed: () => boolean } {
  let written = 0;
  let response: ReceivedRequest['response'] | undefined;
  upstream.answer(async (request, current) => {
    response = current;
    current.writeHead(200, { 'content-type': 'text/event-stream' });
    for (written = 0; written < EVENTS && !current.destroyed; written++) {
      const more = current.write(eventOf(chunkOf({ content: `${written} ${PADDING}` })));
      if (!more) await Promise.race([once(current, 'drain'), request.closed]);
    }
    current.end(eventOf(chunkOf({}, 'stop')) + eventOf('[DONE]'));
  });
  return {
    written: () => written,
    blocked: () => response?.writableNeedDrain === true,
    closed: () => response?.closed === true,
  };
}

/** Waits until the connection of the upstream is closed. */
async function untilEnded(server: ReturnType<typeof sendNumbered>): Promise<void> {
  while (!server.closed()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Waits until the upstream has not been able to write for several turns. Fails when it could write all. */
async function untilBlocked(server: ReturnType<typeof sendNumbered>): Promise<void> {
  for (let still = 0, before = -1; still < 20; before = server.written()) {
    expect(server.written()).toBeLessThan(EVENTS);
    await new Promise((resolve) => setTimeout(resolve, 5));
    still = server.blocked() && server.written() === before ? still + 1 : 0;
  }
}

async function expectNumbered(chunks: AsyncIterable<number>): Promise<void> {
  let next = 0;
  for await (const number of chunks) if (number !== next++) expect(number).toBe(next - 1);
  expect(next).toBe(EVENTS);
}

async function* numbersOf(stream: AsyncIterable<ChatCompletionChunk>): AsyncGenerator<number> {
  for await (const chunk of stream) if (chunk.choices[0]!.delta.content !== undefined) yield numberOf(chunk);
}

async function* numbersOfEvents(readable: AsyncIterable<unknown>): AsyncGenerator<number> {
  let rest = '';
  for await (const part of readable) {
    const events = (rest + String(part)).split('\n\n');
    rest = events.pop()!;
    for (const event of events) {
      if (event === 'data: [DONE]') continue;
      const chunk = JSON.parse(event.slice('data: '.length)) as ChatCompletionChunk;
      if (chunk.choices[0]!.delta.content !== undefined) yield numberOf(chunk);
    }
  }
}

describe('a consumer that has stopped', () => {
  const consumers: readonly (readonly [string, (stream: ChatStream) => AsyncIterable<number>])[] = [
    ['a loop', numbersOf],
    ['a Readable', (stream) => numbersOfEvents(stream.toReadable().setEncoding('utf8'))],
  ];

  it.each(consumers)('stops the upstream, and loses nothing when it goes on: %s', async (_name, numbers) => {
    const server = sendNumbered();
    const stream = await llm.completion(STREAMED);
    await untilBlocked(server);
    await expectNumbered(numbers(stream));
    expect(llm.stats().calls).toMatchObject({ active: 0, succeeded: 1 });
  });

  it('stops it again and again', async () => {
    const server = sendNumbered();
    const stream = await llm.completion(STREAMED);
    let next = 0;
    for await (const number of numbersOf(stream)) {
      if (number !== next++) expect(number).toBe(next - 1);
      if (next === 1 || next === 1000) await untilBlocked(server);
    }
    expect(next).toBe(EVENTS);
  });

  it('is no silence of the provider', async () => {
    const server = sendNumbered();
    const stream = await llm.completion(STREAMED);
    await untilBlocked(server);
    // Longer than timeout.idle.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(llm.stats().calls).toMatchObject({ active: 1, failed: 0 });
    await expectNumbered(numbersOf(stream));
  });

  it.each([
    ['as long as timeout.idle', { idle: 300 }, 300],
    ['with a limit of its own', { idle: 20_000, stalled: 50 }, 50],
  ])('ends the call, and gets its error when it comes back: %s', async (_name, timeout, timeoutMs) => {
    const server = sendNumbered();
    await llm.close();
    llm = createLlm(optionsFor(upstream, { timeout }));
    const stream = await llm.completion(STREAMED);
    await untilEnded(server);
    expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1 });
    const error = await failureOf(stream.final());
    expect(error).toBeInstanceOf(APITimeoutError);
    expect(error).toMatchObject({ phase: 'stalled', timeoutMs });
    expect(error.message).toMatch(/timeout\.stalled/);
  });

  it('is not taken for one that reads slowly', async () => {
    const server = sendNumbered();
    const stream = await llm.completion(STREAMED, { timeout: { stalled: 400 } });
    await untilBlocked(server);
    // Several times the limit, and less than what has it read more of the upstream.
    for (let number = 0; number < 40; number++) {
      expect(numberOf((await stream.next()).value!)).toBe(number);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(llm.stats().calls.active).toBe(1);
    await stream.return();
  });

  it('does not keep the upstream open when it leaves', async () => {
    const server = sendNumbered();
    const received = upstream.nextRequest();
    const stream = await llm.completion(STREAMED);
    await untilBlocked(server);
    await stream.return();
    await (
      await received
    ).closed;
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    expect(llm.stats().calls).toMatchObject({ active: 0, aborted: 1 });
  });

  it('gets the error of an abort, and no chunk more', async () => {
    const server = sendNumbered();
    const received = upstream.nextRequest();
    const stream = await llm.completion(STREAMED);
    await untilBlocked(server);
    stream.abort();
    await expect(stream.next()).rejects.toMatchObject({ code: 'aborted' });
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    await (
      await received
    ).closed;
  });
});

it('does not stop the upstream for final() alone', async () => {
  const server = sendNumbered();
  const completion = await (await llm.completion(STREAMED)).final();
  expect(server.written()).toBe(EVENTS);
  expect(completion.choices[0]!.message.content).toHaveLength(
    EVENTS * (PADDING.length + 1) + Array.from({ length: EVENTS }, (_, index) => `${index}`).join('').length,
  );
});

describe('a response that undici cannot pause', () => {
  // More than are queued, in a single read of the socket, so that nothing is left to read but the end.
  const pieces = Array.from({ length: 300 }, (_, index) => `${index} `);
  const body = eventsOf(pieces).slice(0, -1).join('');
  // Says that more comes.
  const cutOff = chunked(body + PADDING).subarray(0, body.length);
  const ended = Buffer.concat([chunked(body), chunked('')]);
  const length = `content-length: ${Buffer.byteLength(body)}`;
  const inChunks = 'transfer-encoding: chunked';
  const cases: readonly (readonly [
    what: string,
    headers: string[],
    body: string | Buffer,
    whole: boolean,
  ])[] = [
    ['of a known length', [length], body, true],
    ['of a known length, then the connection ends', [length, 'connection: close'], body, true],
    ['that the end of its connection ends', ['connection: close'], body, true],
    ['that the end of its connection ends, unannounced', [], body, true],
    ['of chunks, then the connection ends', [inChunks, 'connection: close'], ended, true],
    ['of chunks, then the connection ends all the same', [inChunks], ended, true],
    ['of chunks that is cut off', [inChunks], cutOff, false],
    ['of chunks that is cut off, announced', [inChunks, 'connection: close'], cutOff, false],
    ['of chunks that is cut off, in other letters', [inChunks, 'Connection: Close'], cutOff, false],
    ['of chunks that is cut off, among other words', [inChunks, 'connection: X-Other, close'], cutOff, false],
  ];

  it.each(cases)('reaches a slow consumer: %s', async (_what, headers, bytes, whole) => {
    const raw = await startRawUpstream((socket) => {
      socket.write(streamHead(...headers));
      socket.write(bytes);
      setImmediate(() => socket.end());
    });
    const own = createLlm({ providers: { lm_studio: { baseURL: raw.baseURL } } });
    try {
      const stream = await own.completion({ ...STREAMED, model: 'lm_studio/test-model' });
      let text = '';
      let error: unknown;
      try {
        for await (const chunk of stream) {
          if (text === '')
            for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
          text += chunk.choices[0]!.delta.content ?? '';
        }
      } catch (failure) {
        error = failure;
      }
      if (whole) expect({ text, error }).toEqual({ text: pieces.join(''), error: undefined });
      else expect(error).toBeInstanceOf(StreamInterruptedError);
    } finally {
      await own.close();
      await raw.close();
    }
  });
});
