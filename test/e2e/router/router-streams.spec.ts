import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { RouterDeployment } from '../../../lib/index.js';
import { failureOf, MESSAGES } from '../../support/llm.js';
import {
  placeOf,
  ROUTED,
  routedLlm,
  startDeployments,
  USAGE,
  type Deployments,
} from '../../support/router.js';
import { chunkOf, eventOf, eventsOf, sendEvents, sendJson, type Answer } from '../../support/upstream.js';

const STREAM = { ...ROUTED, stream: true as const };

let places: Deployments;
let llm: ReturnType<typeof routedLlm>;

beforeEach(async () => {
  places = await startDeployments();
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
});

afterEach(async () => {
  await llm?.close();
  await places.close();
  jest.restoreAllMocks();
});

function use(...chat: RouterDeployment[]): void {
  llm = routedLlm(chat);
}

/** Each place answers by its own. */
function answer(answers: Readonly<Record<string, Answer>>): void {
  places.upstream.answer((request, response) => answers[placeOf(request.path)]!(request, response));
}

const says =
  (...pieces: string[]): Answer =>
  (_request, response) => {
    sendEvents(response, eventsOf(pieces));
    response.end();
  };

/** Sends these pieces, and then breaks the connection. */
const breaks =
  (...pieces: string[]): Answer =>
  ({ socket }, response) => {
    sendEvents(response, eventsOf(pieces).slice(0, 1 + pieces.length));
    setImmediate(() => socket.destroy());
  };

const stats = () => llm.stats().router!['chat']!;

async function textOf(stream: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>) {
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return text;
}

describe('a stream to a group', () => {
  it('is led on by an error status, before its promise settles', async () => {
    answer({
      a: (_request, response) => sendJson(response, { error: { message: 'x' } }, 503),
      b: says('Hi'),
    });
    use(places.entry('a'), places.entry('b', { order: 2 }));
    const stream = await llm.completion(STREAM);
    expect(await textOf(stream)).toBe('Hi');
    expect(stream.meta.deployment).toBe('b');
    expect(stream.meta.attempts.map(({ deployment }) => deployment)).toEqual(['a', 'b']);
  });

  it('is taken over before its first content', async () => {
    answer({ a: breaks(), b: breaks(), c: says('Hi') });
    use(...['a', 'b', 'c'].map((id, order) => places.entry(id, { order, quota: id })));
    const stream = await llm.completion(STREAM);
    expect(await textOf(stream)).toBe('Hi');
    expect(stream.meta.attempts.map(({ deployment }) => deployment)).toEqual(['a', 'b', 'c']);
    expect(stats().map(({ failures, inFlight }) => [failures, inFlight])).toEqual([
      [1, 0],
      [1, 0],
      [0, 0],
    ]);
  });

  it('is taken over by an error event that comes before any content', async () => {
    const overloaded = eventOf({ error: { message: 'overloaded', code: 'overloaded_error' } });
    answer({ a: (_request, response) => sendEvents(response, [overloaded]), b: says('Hi') });
    use(places.entry('a'), places.entry('b', { order: 2 }));
    expect(await textOf(await llm.completion(STREAM))).toBe('Hi');
  });

  it('is its consumer’s when it breaks after content', async () => {
    answer({ a: breaks('Hel'), b: says('Hi') });
    use(places.entry('a'), places.entry('b', { order: 2 }));
    const stream = await llm.completion(STREAM);
    const error = await failureOf(textOf(stream));
    expect(error.name).toBe('StreamInterruptedError');
    expect(error.attempts.map(({ deployment }) => deployment)).toEqual(['a']);
    expect(stats()[0]).toMatchObject({ failures: 1, inFlight: 0 });
  });

  it('goes to its fallbacks when no deployment is left, in both of its phases', async () => {
    answer({
      a: breaks(),
      b: (_request, response) => sendJson(response, { error: { message: 'x' } }, 401),
      z: says('Hi'),
    });
    llm = routedLlm(
      [places.entry('a'), places.entry('b', { order: 2 })],
      {},
      { providers: { openai: { apiKey: 'k', baseURL: `${places.upstream.origin}/z/v1` } } },
    );
    const stream = await llm.completion(STREAM, { fallbacks: ['openai/other'] });
    expect(await textOf(stream)).toBe('Hi');
    expect(stream.meta.attempts.map(({ deployment, model }) => deployment ?? model)).toEqual([
      'a',
      'b',
      'openai/other',
    ]);
  });

  it('comes to a group as a fallback, and walks there', async () => {
    answer({ z: breaks(), a: breaks(), b: says('Hi') });
    llm = routedLlm(
      [places.entry('a'), places.entry('b', { order: 2 })],
      {},
      { providers: { openai: { apiKey: 'k', baseURL: `${places.upstream.origin}/z/v1` } } },
    );
    const stream = await llm.completion(
      { model: 'openai/first', messages: MESSAGES, stream: true },
      { fallbacks: ['chat'] },
    );
    expect(await textOf(stream)).toBe('Hi');
    expect(stream.meta.attempts.map(({ deployment, model }) => deployment ?? model)).toEqual([
      'openai/first',
      'a',
      'b',
    ]);
  });

  it('that fails everywhere fails with all its attempts', async () => {
    answer({ a: breaks(), b: breaks() });
    use(places.entry('a'), places.entry('b', { order: 2 }));
    const error = await failureOf(textOf(await llm.completion(STREAM)));
    expect(error.attempts.map(({ deployment }) => deployment)).toEqual(['a', 'b']);
  });

  it('ends the opening of another one when its consumer leaves', async () => {
    answer({ a: breaks(), b: () => {} });
    use(places.entry('a'), places.entry('b', { order: 2 }));
    const stream = await llm.completion(STREAM);
    while (places.hits()['b'] === undefined) await places.upstream.nextRequest();
    stream.abort();
    await expect(stream.final()).rejects.toThrow();
    await places.upstream.requests.at(-1)!.closed;
    expect(stats().map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  });

  it('settles what it took when it ends, and keeps the reservation when it is left', async () => {
    const level = () => stats()[0]!.levels.tokens!;
    answer({
      a: (_request, response) => {
        sendEvents(response, [
          eventOf(chunkOf({ content: 'Hi' }, 'stop')),
          eventOf({ ...chunkOf({}), choices: [], usage: USAGE }),
          eventOf('[DONE]'),
        ]);
        response.end();
      },
    });
    // Of so slow a bucket nothing comes back while the test runs.
    use(places.entry('a', { tpm: 10_000, weight: 1 }));
    await textOf(await llm.completion(STREAM));
    const afterWhole = level();
    expect(10_000 - afterWhole).toBeLessThanOrEqual(32);
    answer({ a: (_request, response) => sendEvents(response, eventsOf(['Hi']).slice(0, 2)) });
    const stream = await llm.completion({ ...STREAM, max_tokens: 5000 });
    for await (const _chunk of stream) break;
    expect(level()).toBeLessThan(5000);
    expect(stats()[0]!.inFlight).toBe(0);
  });
});
