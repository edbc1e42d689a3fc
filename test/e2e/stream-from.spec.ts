import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toArray, firstValueFrom } from 'rxjs';
import {
  ChatStream,
  LlmError,
  type ChatCompletion,
  type ChatCompletionChunk,
  type LlmOutcome,
} from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, STREAMED, type StandaloneLlm } from '../support/llm.js';
import { answerStalled, chunkOf, completionOf, startUpstream, type Upstream } from '../support/upstream.js';

const PIECES = [chunkOf({ content: 'Hel' }), chunkOf({ content: 'lo' }), chunkOf({}, 'stop')];

async function* chunksOf(pieces: readonly object[] = PIECES): AsyncGenerator<ChatCompletionChunk> {
  for (const piece of pieces) yield piece as ChatCompletionChunk;
}

const textOf = (chunks: readonly ChatCompletionChunk[]) =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');

describe('ChatStream.from()', () => {
  it('is read by a loop, an Observable, a Readable and final()', async () => {
    const looped: ChatCompletionChunk[] = [];
    for await (const chunk of ChatStream.from(chunksOf())) looped.push(chunk);
    expect(textOf(looped)).toBe('Hello');
    const observed = await firstValueFrom(ChatStream.from(chunksOf()).toObservable().pipe(toArray()));
    expect(textOf(observed)).toBe('Hello');
    const text = (await ChatStream.from(chunksOf()).toReadable().toArray()).join('');
    expect(text).toBe(
      [...PIECES.map((piece) => JSON.stringify(piece)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''),
    );
    const whole = await ChatStream.from(chunksOf()).final();
    expect(whole.choices[0]).toMatchObject({ message: { content: 'Hello' }, finish_reason: 'stop' });
  });

  it('gives a completion back as it was, with its usage', async () => {
    const completion = completionOf('Hello') as ChatCompletion;
    const stream = ChatStream.from(completion);
    expect(await stream.final()).toEqual(completion);
    expect(stream.meta.usage).toEqual(completion.usage);
  });

  it('has the metadata that are given, makes the others, and shows no text', async () => {
    const stream = ChatStream.from(chunksOf(), { provider: 'openai', requestId: 'req_1' });
    await stream.final();
    expect(stream.meta).toMatchObject({
      provider: 'openai',
      requestId: 'req_1',
      model: 'test-model',
      attempts: [],
    });
    expect(stream.meta.timings.total).toBeGreaterThanOrEqual(0);
    expect(stream.meta.partial.choices[0]!.message.content).toBe('Hello');
    expect(inspect(stream, { depth: null }) + JSON.stringify(stream)).not.toContain('Hello');
    expect(ChatStream.from(chunksOf()).meta.provider).toBe('application');
  });

  it('holds its source up while nobody reads, and leaves it with the consumer', async () => {
    let made = 0;
    let left: () => void;
    const leaving = new Promise<void>((resolve) => (left = resolve));
    async function* endless(): AsyncGenerator<ChatCompletionChunk> {
      try {
        for (;;) {
          made++;
          yield chunkOf({ content: 'x' }) as ChatCompletionChunk;
        }
      } finally {
        left();
      }
    }
    const stream = ChatStream.from(endless());
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = made;
    expect(waiting).toBeLessThan(200);
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBe(waiting);
    let read = 0;
    for await (const _chunk of stream) if (++read === 500) break;
    expect(made).toBeGreaterThanOrEqual(500);
    await leaving;
  });

  it('fails as its source does, with what had arrived', async () => {
    async function* broken(): AsyncGenerator<ChatCompletionChunk> {
      yield chunkOf({ content: 'Hel' }) as ChatCompletionChunk;
      throw new Error('the store is away');
    }
    const error = await failureOf(ChatStream.from(broken()).final());
    expect(error).toBeInstanceOf(LlmError);
    expect(error).toMatchObject({
      message: expect.stringContaining('the store is away'),
      partial: { choices: [{ message: { content: 'Hel' } }] },
    });
  });

  it('is heard by taps where middleware answers with it', async () => {
    const heard: ChatCompletionChunk[] = [];
    const ended: LlmOutcome[] = [];
    const llm = createLlm({
      providers: { openai: { apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' } },
      middleware: [
        (call) => {
          call.tap({ chunk: (chunk) => void heard.push(chunk), end: (outcome) => void ended.push(outcome) });
          return Promise.resolve(ChatStream.from(chunksOf()));
        },
      ],
    });
    const whole = await (await llm.completion(STREAMED)).final();
    expect(whole.choices[0]!.message.content).toBe('Hello');
    await new Promise((resolve) => setImmediate(resolve));
    expect(textOf(heard)).toBe('Hello');
    expect(ended).toMatchObject([{ end: 'whole', result: { choices: [{ finish_reason: 'stop' }] } }]);
    await llm.close();
  });
});

describe('a Readable that is piped into a response whose client has gone', () => {
  let upstream: Upstream;
  let llm: StandaloneLlm;

  beforeEach(async () => {
    upstream = await startUpstream(answerStalled());
    llm = createLlm(optionsFor(upstream));
  });
  afterEach(async () => {
    await llm.close();
    await upstream.close();
  });

  it('closes the upstream at once', async () => {
    const received = upstream.nextRequest();
    const answerLate = async (response: ServerResponse): Promise<void> => {
      const stream = await llm.completion(STREAMED);
      if (!response.closed) await once(response, 'close');
      stream.toReadable().pipe(response);
    };
    const server = createServer((_request, response) => void answerLate(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    client.on('error', () => {});
    client.end();
    const { closed } = await received;
    client.destroy();
    await closed;
    expect(llm.stats().calls).toMatchObject({ active: 0, aborted: 1 });
    server.close();
  });
});
